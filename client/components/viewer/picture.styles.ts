/** The sheet on its mat, with the crop marks of a printer's proof. */
import { css } from 'lit';

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

  .sheet {
    position: relative;
    display: grid;
    aspect-ratio: var(--ratio);
    overflow: hidden;
    border-radius: 2px;
    background: light-dark(#f4f3f1, #19191a);
    box-shadow: var(--shadow);
  }

  .sheet img {
    grid-area: 1 / 1;
    inline-size: 100%;
    block-size: 100%;
    min-block-size: 0;
    object-fit: contain;
    animation: bring-in 420ms ease-out both;
    transition:
      opacity 300ms ease,
      filter 300ms ease;
  }

  /* It comes and fades in with its picture: a sheet that is still blank shows none. */
  .sheet img:is(.finished, .approved) {
    background: var(--check) / 20px 20px;
  }

  .sheet img.previous {
    filter: saturate(0.35);
    opacity: 0.42;
  }

  @keyframes bring-in {
    from {
      opacity: 0;
    }
  }

  .frame:is(.finished, .approved, .previous) .sheet {
    cursor: zoom-in;
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

  .sweep {
    position: absolute;
    inset: 0;
    overflow: hidden;
    pointer-events: none;
  }

  .sweep::before {
    content: '';
    position: absolute;
    inset-block: 0;
    inset-inline-start: -45%;
    inline-size: 45%;
    background: linear-gradient(90deg, transparent, light-dark(rgb(255 255 255 / 0.5), rgb(255 255 255 / 0.07)), transparent);
    animation: sweep 2.6s ease-in-out infinite;
  }

  @keyframes sweep {
    to {
      inset-inline-start: 100%;
    }
  }

  /* Beneath the picture, between the crop marks: nothing ever lies on the picture itself. */
  .slug {
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

  /* Only where it takes its time. */
  .coming {
    animation: bring-in 400ms 500ms both;
  }

  .approved .slug {
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

  @media (forced-colors: active) {
    .sheet,
    .approved .slug {
      border: 1px solid CanvasText;
    }
  }
`;
