/** The strip of attempts: a contact sheet at the foot of the mat. */
import { css } from 'lit';

export const attempts = css`
  .table {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem 1.25rem;
  }

  .strip {
    display: flex;
    /* Takes all the room beside the buttons; those go beneath it rather than crowd it. */
    flex: 999 1 24rem;
    gap: 0.375rem;
    min-inline-size: 0;
    padding: 0.625rem 0.25rem 0.25rem;
    overflow: auto hidden;
    overscroll-behavior-inline: contain;
    scroll-padding-inline: 2rem;
    scroll-snap-type: inline proximity;
    scrollbar-width: none;
    --from: 0px;
    --to: 0px;
    mask: linear-gradient(90deg, transparent, #000 var(--from), #000 calc(100% - var(--to)), transparent);
  }

  .strip.more-left {
    --from: 2rem;
  }

  .strip.more-right {
    --to: 2rem;
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
    scroll-snap-align: center;
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
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem 1rem;
    margin-inline-start: auto;
  }

  .actions:has(details[open]),
  details[open] {
    flex-basis: 100%;
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
