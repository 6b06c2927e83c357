import { css } from '../ui/css.ts';

export const zoomPane = css`
  :host {
    min-block-size: 0;
    min-inline-size: 0;
  }

  .surface {
    position: relative;
    block-size: 100%;
    overflow: hidden;
    border-radius: 2px;
    background: var(--backdrop);
    touch-action: none;
    user-select: none;
    -webkit-user-select: none;
  }

  :host([movable]) .surface {
    cursor: grab;
  }

  :host([movable][held]) .surface {
    cursor: grabbing;
  }

  .layer {
    position: absolute;
    inset: 0;
  }

  .left {
    clip-path: polygon(0 0, var(--split) 0, var(--split) 100%, 0 100%);
  }

  .right {
    clip-path: polygon(var(--split) 0, 100% 0, 100% 100%, var(--split) 100%);
  }

  .picture {
    position: absolute;
    background: var(--check) / 20px 20px;
    box-shadow: 0 0 0 1px rgb(0 0 0 / 0.08);
  }

  .placeholder {
    background: var(--placeholder);
  }

  .picture > * {
    display: block;
    inline-size: 100%;
    block-size: 100%;
  }

  .enlarged img {
    image-rendering: pixelated;
  }

  .hint {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    padding: 1rem;
    text-align: center;
    color: var(--ink-soft);
    font-size: var(--small);
  }

  .left .hint {
    right: calc(100% - var(--split));
  }

  .right .hint {
    left: var(--split);
  }

  @media (forced-colors: active) {
    .surface::after {
      content: '';
      position: absolute;
      inset: 0;
      border: 1px solid CanvasText;
      pointer-events: none;
    }
  }
`;
