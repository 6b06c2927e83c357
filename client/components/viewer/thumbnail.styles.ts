import { css } from '../ui/css.ts';

export const thumbnail = css`
  :host {
    --ratio: 1;
    block-size: 4.5rem;
    /* Of very wide and very tall images only the middle is shown. */
    inline-size: clamp(3rem, 4.5rem * var(--ratio), 8rem);
    overflow: hidden;
    border-radius: 2px;
    background: var(--placeholder);
    box-shadow: inset 0 0 0 1px var(--edge);
  }

  :host([filled]) {
    box-shadow: 0 1px 2px light-dark(rgb(0 0 0 / 0.16), rgb(0 0 0 / 0.6));
  }

  img {
    display: block;
    inline-size: 100%;
    block-size: 100%;
    object-fit: cover;
    background: var(--check) / 12px 12px;
    animation: fade-in 300ms ease-out both;
  }

  .icon {
    display: block;
    inline-size: 1.5rem;
    block-size: 100%;
    margin: auto;
    color: var(--ink-soft);
  }

  @keyframes fade-in {
    from {
      opacity: 0;
    }
  }

  @media (forced-colors: active) {
    :host {
      border: 1px solid CanvasText;
    }
  }
`;
