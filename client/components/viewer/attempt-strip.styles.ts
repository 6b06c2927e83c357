/** The strip of attempts: a contact sheet at the foot of the mat. */
import { css } from 'lit';

export const attempts = css`
  :host {
    container-type: inline-size;
  }

  .table {
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
    /* As high as any thumbnail makes it. */
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

  /* It only keeps its room. */
  .strip:not(:has(*)) {
    visibility: hidden;
  }

  .strip.more-left {
    --from: 44px;
  }

  .strip.more-right {
    --to: 44px;
  }

  /* At an end beyond which there is more; one that has the focus stays until it has gone elsewhere. */
  .pager {
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
  .pager:focus {
    visibility: visible;
  }

  .pager:hover {
    background: light-dark(rgb(0 0 0 / 0.06), rgb(255 255 255 / 0.09));
  }

  .earlier {
    inset-inline-start: 0;
  }

  .later {
    inset-inline-end: 0;
  }

  .earlier:dir(ltr) .icon,
  .later:dir(rtl) .icon {
    rotate: 180deg;
  }

  @media (prefers-reduced-motion: no-preference) {
    .strip {
      scroll-behavior: smooth;
    }
  }

  .ask {
    position: relative;
    display: flex;
    flex: none;
  }

  .ask.several {
    margin-inline: 0.375rem;
  }

  /* One bracket over those that were asked for together. */
  .ask.several::before {
    content: '';
    position: absolute;
    inset-block-start: -0.375rem;
    inset-inline: 0.375rem;
    block-size: 0.375rem;
    border: 1px solid var(--mark);
    border-block-end: none;
  }

  .thumb {
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

  .thumb:hover {
    background: light-dark(rgb(0 0 0 / 0.06), rgb(255 255 255 / 0.09));
  }

  .thumb:focus-visible {
    outline-offset: -2px;
  }

  .thumb proof-thumbnail {
    transition: opacity var(--quick);
  }

  .thumb[aria-busy] proof-thumbnail,
  .aside proof-thumbnail {
    opacity: 0.45;
  }

  .thumb[aria-current] {
    color: var(--ink);
  }

  .slug {
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

  .slug .icon {
    inline-size: 1.0625em;
    block-size: 1.0625em;
  }

  .thumb[aria-current] .slug {
    background: var(--ink);
    color: var(--mat);
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

  /* The way back to what is new keeps to the near side, and breaks its words rather than the row. */
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

  .aside {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 13.5rem), 1fr));
    gap: 0.75rem 1rem;
    padding-block: 0.25rem;
  }

  .aside li {
    display: flex;
    align-items: center;
    gap: 0.875rem;
    min-inline-size: 0;
  }

  .aside proof-thumbnail {
    flex: none;
  }

  .aside li > div {
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .aside .button {
    margin-inline-start: -0.75rem;
  }

  @media (forced-colors: active) {
    .thumb[aria-current] .slug,
    .approved {
      forced-color-adjust: none;
      background: Highlight;
      color: HighlightText;
    }
  }
`;
