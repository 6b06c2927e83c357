/** Removed words are struck through and added ones underlined, so that colour is not the only mark. */
import { css } from '../ui/css.ts';

export const attemptChanges = css`
  :host {
    display: block;
    min-inline-size: 0;
  }

  .changes {
    display: grid;
    gap: 0.625rem;
    line-height: 1.5;
    overflow-wrap: anywhere;
  }

  .origin {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 0.75rem;
  }

  .link {
    min-block-size: 44px;
    padding: 0;
    border: none;
    border-radius: 4px;
    background: none;
    color: var(--ink-soft);
    text-align: start;
    text-decoration: underline;
    text-decoration-color: var(--edge);
    text-underline-offset: 0.2em;
    cursor: pointer;
  }

  .link:hover {
    color: var(--ink);
    text-decoration-color: currentColor;
  }

  /* Positioned, so that the hidden text for screen readers inside can't make the page longer. */
  blockquote,
  .text {
    position: relative;
    outline-offset: -2px;
    max-block-size: 15rem;
    overflow: hidden auto;
  }

  blockquote {
    padding-inline-start: 0.875rem;
    border-inline-start: 2px solid var(--edge);
    white-space: pre-line;
  }

  blockquote::before {
    content: open-quote;
  }

  blockquote::after {
    content: close-quote;
  }

  .text {
    white-space: pre-line;
  }

  .changes > .text {
    color: var(--ink-soft);
  }

  del {
    color: var(--ink-soft);
    text-decoration: line-through;
    text-decoration-thickness: 1.5px;
  }

  ins {
    color: var(--ink);
    font-weight: 560;
    text-decoration: underline;
    text-decoration-thickness: 1.5px;
    text-underline-offset: 0.2em;
  }

  /* For screen readers that don't announce del and ins; neither visible nor copied with the text. */
  del::before,
  ins::before {
    content: ' removed: ';
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  ins::before {
    content: ' added: ';
  }
`;
