/** Buttons, fields and disclosures (`summary`). */
import { css } from './css.ts';

export const controls = css`
  :where(button, summary, select, input, textarea) {
    font: inherit;
    letter-spacing: inherit;
    color: inherit;
  }

  .button {
    --fill: var(--surface);
    --fill-hover: var(--sunken);
    --text: var(--ink);
    --border: var(--edge);
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5em;
    min-block-size: 44px;
    padding: 0.5rem 1.125rem;
    border: 1px solid var(--border);
    border-radius: var(--radius);
    background: var(--fill);
    color: var(--text);
    font-size: var(--body);
    font-weight: 560;
    line-height: 1.2;
    text-align: center;
    text-decoration: none;
    cursor: pointer;
    transition:
      background var(--quick),
      border-color var(--quick),
      transform var(--quick);
  }

  .button:hover {
    background: var(--fill-hover);
  }

  .button:active:not([aria-disabled='true']) {
    transform: translateY(1px);
  }

  .button.primary {
    --fill: var(--ink);
    --fill-hover: light-dark(#3a3b3f, #d6d5d2);
    --text: light-dark(#ffffff, #161617);
    --border: transparent;
  }

  .button.approve {
    --fill: var(--approve);
    --fill-hover: var(--approve-hover);
    --text: var(--on-approve);
    --border: transparent;
    min-block-size: 52px;
    font-size: var(--lead);
    font-weight: 620;
  }

  .button.quiet {
    --fill: transparent;
    --fill-hover: light-dark(rgb(0 0 0 / 0.06), rgb(255 255 255 / 0.09));
    --border: transparent;
    padding-inline: 0.75rem;
  }

  .button.wide {
    inline-size: 100%;
  }

  .button[aria-disabled='true'] {
    cursor: default;
    --fill: var(--sunken);
    --fill-hover: var(--sunken);
    --text: var(--ink-soft);
    --border: var(--line);
  }

  .button.quiet[aria-disabled='true'] {
    --fill: transparent;
    --fill-hover: transparent;
    --border: transparent;
  }

  /* Shows how long the button is still off. */
  .button.resting {
    position: relative;
    overflow: clip;
  }

  .button.resting::after {
    content: '';
    position: absolute;
    inset-block-end: 0;
    inset-inline: 0;
    block-size: 3px;
    background: var(--mark);
    transform-origin: left;
    animation: rest 1s linear both;
  }

  :host(:dir(rtl)) .button.resting::after {
    transform-origin: right;
  }

  @keyframes rest {
    from {
      scale: 0 1;
    }
  }

  @media (forced-colors: active) {
    .button:is(.primary, .approve):not([aria-disabled='true']) {
      forced-color-adjust: none;
      background: ButtonText;
      color: ButtonFace;
      outline-color: Highlight;
    }

    .button[aria-disabled='true'] {
      border-color: GrayText;
      color: GrayText;
    }
  }

  .spinner {
    inline-size: 1em;
    block-size: 1em;
    flex: none;
    border: 2px solid currentColor;
    border-inline-end-color: transparent;
    border-radius: 50%;
    animation: spin 800ms linear infinite;
  }

  @keyframes spin {
    to {
      rotate: 1turn;
    }
  }

  label {
    display: block;
    font-size: var(--small);
    font-weight: 560;
  }

  input,
  select,
  textarea {
    inline-size: 100%;
    min-block-size: 44px;
    padding: 0.625rem 0.75rem;
    border: 1px solid var(--edge);
    border-radius: var(--radius);
    background-color: var(--surface);
    font-size: max(1rem, var(--body));
    line-height: 1.45;
  }

  input::placeholder,
  textarea::placeholder {
    color: var(--ink-soft);
    opacity: 1;
  }

  input:focus-visible,
  select:focus-visible,
  textarea:focus-visible {
    outline-offset: -1px;
  }

  [aria-invalid='true'] {
    border-color: var(--trouble);
  }

  .problem {
    color: var(--trouble);
    font-size: var(--small);
    font-weight: 520;
  }

  summary {
    display: inline-flex;
    align-items: center;
    gap: 0.375rem;
    min-block-size: 44px;
    margin-inline-start: -0.25rem;
    padding-inline-end: 0.25rem;
    border-radius: var(--radius);
    font-size: var(--small);
    font-weight: 560;
    cursor: pointer;
    list-style: none;
  }

  summary::-webkit-details-marker {
    display: none;
  }

  summary .icon {
    color: var(--ink-soft);
    transition: rotate var(--quick);
  }

  details[open] > summary .icon {
    rotate: 90deg;
  }

  :host(:dir(rtl)) details[open] > summary .icon {
    rotate: -90deg;
  }
`;
