import { css } from './css.ts';

export const dialog = css`
  dialog {
    inline-size: min(30rem, calc(100vw - 2rem));
    max-block-size: calc(100dvh - 2rem);
    padding: 1.5rem;
    overflow: auto;
    border: 1px solid var(--line);
    border-radius: 14px;
    background: var(--surface);
    color: var(--ink);
    box-shadow: 0 24px 64px -16px rgb(0 0 0 / 0.45);
  }

  dialog[open] {
    display: grid;
    gap: 1rem;
    animation: rise var(--quick);
  }

  dialog::backdrop {
    background: rgb(12 12 13 / 0.5);
  }

  dialog header {
    display: flex;
    align-items: start;
    justify-content: space-between;
    gap: 1rem;
  }

  dialog header .button {
    margin: -0.625rem -0.75rem -0.625rem 0;
  }

  dialog footer {
    display: flex;
    flex-wrap: wrap;
    justify-content: end;
    gap: 0.75rem;
    margin-block-start: 0.5rem;
  }

  @keyframes rise {
    from {
      opacity: 0;
      translate: 0 8px;
    }
  }
`;
