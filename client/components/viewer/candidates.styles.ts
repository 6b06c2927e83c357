import { css } from '../ui/css.ts';

export const candidates = css`
  :host {
    --available: var(--picture-height, 70dvh);
    position: relative;
    container-type: inline-size;
    inline-size: 100%;
  }

  /* Invisible: only measured for the number of columns. */
  .available {
    position: absolute;
    inline-size: 100%;
    block-size: var(--available);
    visibility: hidden;
    pointer-events: none;
  }

  .grid {
    --gap: 1.25rem;
    --caption: 2rem;
    --count: 2;
    --ratio: 1;
    --columns: 2;
    --least: 0px;
    --rows: round(up, var(--count) / var(--columns), 1);
    --slot-height: calc((var(--available) - (var(--rows) - 1) * var(--gap)) / var(--rows) - var(--caption));
    --gaps: calc((var(--columns) - 1) * var(--gap));
    --widest: calc((100cqi - var(--gaps)) / var(--columns));
    --slot-width: min(var(--widest), max(var(--slot-height) * var(--ratio), var(--least)));
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: var(--gap);
    inline-size: calc(var(--columns) * var(--slot-width) + var(--gaps));
    margin-inline: auto;
  }

  .with-actions {
    --caption: 3.25rem;
  }

  @container (inline-size < 30rem) {
    .grid {
      --gap: 0.75rem;
    }
  }

  li {
    inline-size: var(--slot-width);
    min-inline-size: 0;
    container-type: inline-size;
  }

  .candidate {
    display: block;
    inline-size: 100%;
    padding: 0;
    border: 0;
    border-radius: 4px;
    background: none;
    color: inherit;
    font: inherit;
    text-align: start;
  }

  button.candidate {
    cursor: zoom-in;
  }

  .candidate:focus-visible {
    outline-offset: 6px;
  }

  /* All slots have one shape; a canvas of another shape is centred in its slot. */
  .slot {
    display: grid;
    place-items: center;
    aspect-ratio: var(--ratio);
  }

  .slot .canvas {
    --own-ratio: var(--ratio);
    inline-size: calc(100% * min(1, var(--own-ratio) / var(--ratio)));
    aspect-ratio: var(--own-ratio);
    container-type: inline-size;
  }

  .finished .canvas img {
    background: var(--check) / 20px 20px;
  }

  button.candidate .canvas {
    transition: box-shadow var(--quick);
  }

  button.candidate:hover .canvas {
    box-shadow:
      var(--shadow),
      0 0 0 1px var(--ink);
  }

  /* A reason that is too long for the canvas overflows it, so that none of it is cut off. */
  .canvas:has(.reason) {
    overflow: visible;
  }

  .reason {
    align-self: center;
    padding: clamp(0.5rem, 6cqi, 1.5rem);
    color: var(--ink-soft);
    font-size: clamp(0.75rem, 5cqi, var(--body));
    line-height: 1.4;
    text-align: center;
    text-wrap: balance;
    overflow-wrap: anywhere;
  }

  .reason .icon {
    display: block;
    inline-size: 2em;
    block-size: 2em;
    margin: 0 auto 0.25em;
  }

  .foot {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: 0.5rem;
    block-size: var(--caption);
  }

  .caption {
    min-inline-size: 0;
    max-block-size: 100%;
    overflow: hidden;
    color: var(--ink-soft);
    font-size: 0.75rem;
    font-weight: 560;
    line-height: 1.1;
    text-align: center;
  }

  .finished + .foot .caption,
  .unviewable + .foot .caption {
    color: var(--ink);
  }

  .with-actions .caption {
    flex: 1;
    font-size: var(--small);
    text-align: start;
  }

  .lookers {
    --avatar-ring: var(--backdrop);
    display: flex;
    flex: none;
  }

  .actions {
    display: flex;
    flex: none;
    gap: 0.25rem;
  }

  .actions .button {
    min-block-size: 40px;
    min-inline-size: 40px;
    padding: 0.25rem 0.75rem;
    font-size: var(--small);
  }

  .actions .button:has(> .unseen) {
    padding-inline: 0;
  }

  @container (inline-size < 15rem) {
    .actions .button {
      padding-inline: 0;
    }

    .actions .button > span:not(.spinner) {
      position: absolute;
      inline-size: 1px;
      overflow: hidden;
      clip-path: inset(50%);
      white-space: nowrap;
    }
  }
`;
