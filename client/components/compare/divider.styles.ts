import { css } from '../ui/css.ts';

export const divider = css`
  :host {
    --position: 0px;
    position: absolute;
    inset: 0;
    pointer-events: none;
  }

  .handle {
    position: absolute;
    inset-block: 0;
    left: calc(var(--position) - 22px);
    display: grid;
    place-items: center;
    inline-size: 44px;
    pointer-events: auto;
    cursor: ew-resize;
    touch-action: none;
    user-select: none;
    -webkit-user-select: none;
    outline: none;
  }

  .handle::before {
    content: '';
    grid-area: 1 / 1;
    inline-size: 2px;
    block-size: 100%;
    background: #fff;
    box-shadow: 0 0 0 1px rgb(0 0 0 / 0.35);
  }

  .grip {
    grid-area: 1 / 1;
    display: grid;
    grid-template-columns: auto auto;
    place-content: center;
    inline-size: 36px;
    block-size: 36px;
    z-index: 1;
    border-radius: 50%;
    direction: ltr;
    background: #fff;
    color: #1b1c1e;
    box-shadow: 0 0 0 1px rgb(0 0 0 / 0.35), 0 2px 8px rgb(0 0 0 / 0.3);
  }

  .grip .icon {
    inline-size: 14px;
    block-size: 14px;
    margin-inline: -1px;
    stroke-width: 2.4;
  }

  .grip .icon:first-child {
    rotate: 180deg;
  }

  .handle:focus-visible .grip {
    /* The shadow is visible on light and on dark pictures; forced colours show the outline instead. */
    outline: 2px solid transparent;
    box-shadow: 0 0 0 3px #1b1c1e, 0 0 0 6px #fff, 0 0 0 7px #1b1c1e;
  }

  @media (forced-colors: active) {
    .handle::before {
      forced-color-adjust: none;
      background: CanvasText;
    }

    .grip {
      border: 2px solid CanvasText;
    }
  }
`;
