import { css } from '../ui/css.ts';

export const compareSide = css`
  .side {
    display: flex;
    align-items: center;
    justify-content: end;
    gap: 0.5rem;
    block-size: 44px;
  }

  .side .button {
    min-block-size: 44px;
    padding-inline: 0.625rem;
    font-size: var(--small);
    font-weight: 560;
    white-space: nowrap;
  }

  .facts {
    flex: 1;
    min-inline-size: 0;
    line-height: 1.3;
  }

  .approved {
    display: inline-flex;
    align-items: center;
    gap: 0.375em;
    min-block-size: 28px;
    padding-inline: 0.75em;
    border-radius: 99px;
    background: var(--approve);
    color: var(--on-approve);
    font-size: var(--small);
    font-weight: 620;
  }

  /* Two sides share the width, so the facts don't fit beside the buttons. */
  @container (40rem <= inline-size < 48rem) {
    :host(:not([single])) .facts {
      visibility: hidden;
    }
  }

  @container (inline-size >= 60rem) {
    .side .button {
      padding-inline: 0.875rem;
      font-size: var(--body);
    }
  }

  @media (forced-colors: active) {
    .approved {
      border: 1px solid CanvasText;
    }
  }
`;
