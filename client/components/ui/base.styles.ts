/** The base of every component: box sizing, type, focus rings, and `.unseen` for text that only screen readers read. */
import { css } from './css.ts';

export const base = css`
  :host {
    display: block;
  }

  /* A component that is not loaded yet. */
  :not(:defined),
  :host([hidden]),
  [hidden] {
    display: none !important;
  }

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  h2,
  h3,
  p,
  dl,
  dd,
  ul,
  blockquote,
  pre {
    margin: 0;
    padding: 0;
  }

  ul {
    list-style: none;
  }

  h2,
  h3 {
    font-weight: 640;
    letter-spacing: -0.012em;
    line-height: 1.2;
    text-wrap: balance;
  }

  h2 {
    font-size: var(--title);
  }

  h3 {
    font-size: var(--lead);
  }

  p {
    text-wrap: pretty;
  }

  .soft {
    color: var(--ink-soft);
  }

  .person {
    font-weight: 560;
  }

  .small {
    font-size: var(--small);
  }

  .figures {
    font-variant-numeric: tabular-nums;
  }

  .icon {
    inline-size: 1.25em;
    block-size: 1.25em;
    flex: none;
  }

  :host(:dir(rtl)) .mirrors {
    scale: -1 1;
  }

  :focus-visible {
    outline: 2px solid var(--ink);
    outline-offset: 2px;
  }

  h2:focus,
  h3:focus {
    outline: none;
  }

  .unseen {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation-duration: 1ms !important;
      animation-iteration-count: 1 !important;
      transition-duration: 1ms !important;
    }
  }
`;
