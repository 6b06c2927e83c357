import { css } from '../ui/css.ts';

/** The canvas that an image is drawn on. */
export const canvas = css`
  .canvas {
    position: relative;
    display: grid;
    aspect-ratio: var(--ratio);
    overflow: hidden;
    border-radius: 2px;
    background: var(--placeholder);
    box-shadow: var(--shadow);
  }

  .canvas img {
    grid-area: 1 / 1;
    inline-size: 100%;
    block-size: 100%;
    min-block-size: 0;
    object-fit: contain;
  }

  @keyframes fade-in {
    from {
      opacity: 0;
    }
  }

  .sweep {
    position: absolute;
    inset: 0;
    overflow: hidden;
    pointer-events: none;
  }

  .sweep::before {
    content: '';
    position: absolute;
    inset: 0 auto 0 0;
    inline-size: 45%;
    translate: -100%;
    background: linear-gradient(90deg, transparent, light-dark(rgb(255 255 255 / 0.5), rgb(255 255 255 / 0.07)), transparent);
    animation: sweep 2.6s ease-in-out infinite;
  }

  .sweep:dir(rtl) {
    scale: -1 1;
  }

  /* The compositor animates a translation by itself: the page has nothing to do for it while it waits for a picture. */
  @keyframes sweep {
    to {
      translate: 223%;
    }
  }

  @media (forced-colors: active) {
    .canvas {
      border: 1px solid CanvasText;
    }
  }
`;

export const picture = css`
  :host {
    inline-size: 100%;
  }

  .frame {
    --ratio: 1;
    position: relative;
    inline-size: min(100%, var(--picture-height, 70dvh) * var(--ratio));
    margin: 0 auto;
  }

  .frame:is(.finished, .approved, .previous) .canvas {
    cursor: zoom-in;
  }

  .canvas img {
    transition:
      opacity 300ms ease,
      filter 300ms ease;
  }

  /* On the image itself, so that the grey check never shows on an empty canvas. */
  .canvas img:is(.finished, .approved) {
    background: var(--check) / 20px 20px;
  }

  .canvas img.previous {
    filter: saturate(0.35);
    opacity: 0.42;
  }

  .reason {
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 0.5rem;
    padding: 1rem;
    color: var(--ink-soft);
    font-size: var(--small);
    line-height: 1.4;
    text-align: center;
    text-wrap: balance;
    overflow-wrap: anywhere;
  }

  .reason strong {
    color: var(--ink);
    font-size: var(--body);
    font-weight: 620;
  }

  .reason .icon {
    inline-size: 2em;
    block-size: 2em;
  }

  /* A reason that is too long for the canvas overflows it, so that none of it is cut off. */
  .canvas:has(.reason) {
    overflow: visible;
  }

  .look {
    position: absolute;
    inset: 0;
    padding: 0;
    border: 0;
    background: none;
    pointer-events: none;
  }

  .look:focus-visible {
    outline-offset: 3px;
  }

  /* Below the picture, between the crop marks, so that the caption never covers the picture. */
  .caption {
    position: absolute;
    inset-block-start: calc(100% + 5px);
    inset-inline: 0;
    display: flex;
    justify-content: center;
    align-items: center;
    gap: 0.375em;
    inline-size: fit-content;
    min-block-size: 24px;
    margin-inline: auto;
    padding-inline: 0.75em;
    border-radius: 99px;
    color: var(--ink-soft);
    font-size: 0.75rem;
    font-weight: 560;
    line-height: 1;
  }

  /* Appears only if the image takes more than half a second to arrive. */
  .coming {
    animation: fade-in 400ms 500ms both;
  }

  .approved .caption {
    background: var(--approve);
    color: var(--on-approve);
    font-weight: 640;
    animation: stamp 260ms cubic-bezier(0.2, 1.4, 0.4, 1) both;
  }

  @keyframes stamp {
    from {
      opacity: 0;
      scale: 1.4;
    }
  }

  /* Crop marks as on a printer's proof: two lines outside of each corner. */
  .marks {
    --length: 14px;
    --gap: 7px;
    position: absolute;
    inset: calc(-1 * (var(--length) + var(--gap)));
    pointer-events: none;
    background:
      linear-gradient(var(--mark) 0 0) calc(var(--length) + var(--gap)) 0 / 1px var(--length),
      linear-gradient(var(--mark) 0 0) 0 calc(var(--length) + var(--gap)) / var(--length) 1px,
      linear-gradient(var(--mark) 0 0) calc(100% - var(--length) - var(--gap)) 0 / 1px var(--length),
      linear-gradient(var(--mark) 0 0) 100% calc(var(--length) + var(--gap)) / var(--length) 1px,
      linear-gradient(var(--mark) 0 0) calc(var(--length) + var(--gap)) 100% / 1px var(--length),
      linear-gradient(var(--mark) 0 0) 0 calc(100% - var(--length) - var(--gap)) / var(--length) 1px,
      linear-gradient(var(--mark) 0 0) calc(100% - var(--length) - var(--gap)) 100% / 1px var(--length),
      linear-gradient(var(--mark) 0 0) 100% calc(100% - var(--length) - var(--gap)) / var(--length) 1px;
    background-repeat: no-repeat;
  }

  @media (forced-colors: active) {
    .approved .caption {
      border: 1px solid CanvasText;
    }
  }
`;
