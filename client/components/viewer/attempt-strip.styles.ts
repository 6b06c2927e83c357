import { css } from '../ui/css.ts';

export const attemptStrip = css`
  :host {
    container-type: inline-size;
  }

  .layout {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem 1.25rem;
  }

  .row {
    position: relative;
    display: grid;
    flex: 1 1 100%;
    min-inline-size: 0;
  }

  .strip {
    display: flex;
    gap: 0.375rem;
    min-inline-size: 0;
    /* The height of a strip with thumbnails in it, so that the first one moves nothing. */
    min-block-size: 7.6875rem;
    padding: 0.625rem 0.25rem 0.25rem;
    overflow: auto hidden;
    overscroll-behavior-inline: contain;
    scroll-padding-inline: 3.25rem;
    scrollbar-width: none;
    --from: 0px;
    --to: 0px;
    mask: linear-gradient(
      90deg,
      transparent calc(0.75 * var(--from)),
      #000 calc(1.5 * var(--from)),
      #000 calc(100% - 1.5 * var(--to)),
      transparent calc(100% - 0.75 * var(--to))
    );
  }

  /* An empty strip keeps its height and is not seen. */
  .strip:not(:has(*)) {
    visibility: hidden;
  }

  .strip.more-left {
    --from: 44px;
  }

  .strip.more-right {
    --to: 44px;
  }

  /* Visible at an edge beyond which there are more attempts, and as long as it has the focus. */
  .page {
    position: absolute;
    inset-block: 0;
    display: grid;
    place-content: center;
    inline-size: 44px;
    padding: 0;
    border: none;
    border-radius: var(--radius);
    background: none;
    color: var(--ink);
    cursor: pointer;
    visibility: hidden;
  }

  .more-left ~ .earlier:dir(ltr),
  .more-right ~ .later:dir(ltr),
  .more-right ~ .earlier:dir(rtl),
  .more-left ~ .later:dir(rtl),
  .page:focus {
    visibility: visible;
  }

  .page:hover {
    background: light-dark(rgb(0 0 0 / 0.06), rgb(255 255 255 / 0.09));
  }

  .earlier {
    inset-inline-start: 0;
  }

  .later {
    inset-inline-end: 0;
  }

  .earlier .icon {
    rotate: 180deg;
  }

  @media (prefers-reduced-motion: no-preference) {
    .strip {
      scroll-behavior: smooth;
    }
  }

  .generation {
    position: relative;
    display: flex;
    flex: none;
  }

  .generation.several {
    margin-inline: 0.375rem;
  }

  /* A bracket over the attempts of one generation. */
  .generation.several::before {
    content: '';
    position: absolute;
    inset-block-start: -0.375rem;
    inset-inline: 0.375rem;
    block-size: 0.375rem;
    border: 1px solid var(--mark);
    border-block-end: none;
  }

  .attempt {
    position: relative;
    display: grid;
    justify-items: center;
    gap: 0.375rem;
    flex: none;
    min-inline-size: 3.75rem;
    padding: 0.375rem;
    border: none;
    border-radius: var(--radius);
    background: none;
    color: var(--ink-soft);
    cursor: pointer;
    transition: background var(--quick);
  }

  .attempt:hover {
    background: light-dark(rgb(0 0 0 / 0.06), rgb(255 255 255 / 0.09));
  }

  .attempt:focus-visible {
    outline-offset: -2px;
  }

  .attempt proof-thumbnail {
    transition: opacity var(--quick);
  }

  .attempt[aria-busy] proof-thumbnail,
  .discarded proof-thumbnail {
    opacity: 0.45;
  }

  .attempt[aria-current] {
    color: var(--ink);
  }

  .lookers {
    --avatar-ring: var(--backdrop);
    --avatar-size: 1.25rem;
    position: absolute;
    inset-block-start: 0.125rem;
    inset-inline-end: 0.125rem;
    display: flex;
  }

  .label {
    display: inline-flex;
    align-items: center;
    gap: 0.25em;
    padding: 0.125rem 0.375rem;
    border-radius: 99px;
    font-size: 0.75rem;
    font-weight: 560;
    line-height: 1.25;
    white-space: nowrap;
  }

  .label .icon {
    inline-size: 1.0625em;
    block-size: 1.0625em;
  }

  .attempt[aria-current] .label {
    background: var(--ink);
    color: var(--backdrop);
  }

  .approved {
    display: inline-flex;
    margin-inline-end: -0.25rem;
    padding: 0.125em;
    border-radius: 50%;
    font-size: 0.75em;
    background: var(--approve);
    color: var(--on-approve);
  }

  .changes {
    display: inline-flex;
    margin-inline-end: -0.25rem;
    padding: 0.125em;
    border-radius: 50%;
    font-size: 0.75em;
    background: var(--trouble);
    color: var(--surface);
  }

  .undo {
    display: flex;
    align-items: center;
    gap: 0.75rem;
    max-inline-size: 100%;
  }

  .undo p {
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .undo .button {
    flex: none;
  }

  .actions {
    display: flex;
    flex: 1 1 100%;
    flex-wrap: wrap;
    align-items: center;
    justify-content: end;
    gap: 0.5rem 1rem;
    min-block-size: 44px;
  }

  /* The link to the latest attempt is at the start of the row, and wraps its text rather than the row. */
  ::slotted(*) {
    flex: 1 1 7rem;
    margin-inline-start: -0.75rem;
  }

  @container (inline-size >= 44rem) {
    .row {
      flex-basis: 12rem;
    }

    .actions {
      flex: none;
    }

    ::slotted(*) {
      flex: none;
    }
  }

  .actions:has(details[open]),
  details[open] {
    flex-basis: 100%;
  }

  details {
    scroll-margin-block: 1.5rem;
  }

  .discarded {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 13.5rem), 1fr));
    gap: 0.75rem 1rem;
    padding-block: 0.25rem;
  }

  .discarded li {
    display: flex;
    align-items: center;
    gap: 0.875rem;
    min-inline-size: 0;
  }

  .discarded proof-thumbnail {
    flex: none;
  }

  .discarded li > div {
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .discarded .button {
    margin-inline-start: -0.75rem;
  }

  @media (forced-colors: active) {
    .attempt[aria-current] .label,
    .approved,
    .changes {
      forced-color-adjust: none;
      background: Highlight;
      color: HighlightText;
    }
  }
`;
