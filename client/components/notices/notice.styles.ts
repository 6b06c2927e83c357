/** A notice in the sidebar: something that a person should read before going on. */
import { css } from '../ui/css.ts';

export const notice = css`
  .notice {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    gap: 0.25rem 0.75rem;
    padding: 0.875rem 1rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    font-size: var(--body);
    overflow-wrap: anywhere;
  }

  .notice > .icon {
    margin-block-start: 0.125rem;
    color: var(--ink-soft);
  }

  .notice > .text {
    display: grid;
    gap: 0.25rem;
    align-content: start;
  }

  .notice .title {
    font-size: inherit;
    font-weight: 620;
  }

  .notice .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    margin-block-start: 0.625rem;
  }

  .notice .actions:not(:has(*)) {
    display: none;
  }

  .notice.error {
    border-color: light-dark(#e3bdb8, #5a302c);
    background: var(--trouble-wash);
  }

  .notice.error > .icon,
  .notice.error .title {
    color: var(--trouble);
  }

  .notice > .button {
    margin: -0.625rem -0.75rem -0.625rem 0;
  }
`;
