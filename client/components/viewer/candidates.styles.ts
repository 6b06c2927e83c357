/** Several sheets on one mat, in as many columns as make them largest. */
import { css } from 'lit';

export const candidates = css`
  :host {
    --room: var(--picture-height, 70dvh);
    position: relative;
    container-type: inline-size;
    inline-size: 100%;
  }

  /* Only measures what there is. */
  .room {
    position: absolute;
    inline-size: 100%;
    block-size: var(--room);
    visibility: hidden;
    pointer-events: none;
  }

  .cells {
    --gap: 1.25rem;
    --caption: 2rem;
    --count: 2;
    --ratio: 1;
    --columns: 2;
    --rows: round(up, var(--count) / var(--columns), 1);
    --row: calc((var(--room) - (var(--rows) - 1) * var(--gap)) / var(--rows) - var(--caption));
    --gaps: calc((var(--columns) - 1) * var(--gap));
    --cell: min((100cqi - var(--gaps)) / var(--columns), var(--row) * var(--ratio));
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: var(--gap);
    inline-size: calc(var(--columns) * var(--cell) + var(--gaps));
    margin-inline: auto;
  }

  @container (inline-size < 30rem) {
    .cells {
      --gap: 0.75rem;
    }
  }

  li {
    inline-size: var(--cell);
    min-inline-size: 0;
  }

  .cell {
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

  button.cell {
    cursor: zoom-in;
  }

  .cell:focus-visible {
    outline-offset: 6px;
  }

  /* All cells are of one shape; a sheet of another shape lies in the middle of its own. */
  .place {
    display: grid;
    place-items: center;
    aspect-ratio: var(--ratio);
  }

  .place .sheet {
    --own: var(--ratio);
    inline-size: calc(100% * min(1, var(--own) / var(--ratio)));
    aspect-ratio: var(--own);
    container-type: inline-size;
  }

  .sheet img {
    animation: none;
  }

  .finished .sheet img {
    background: var(--check) / 20px 20px;
  }

  .sheet img.first {
    animation: bring-in 420ms ease-out both;
  }

  button.cell .sheet {
    transition: box-shadow var(--quick);
  }

  button.cell:hover .sheet {
    box-shadow:
      var(--shadow),
      0 0 0 1px var(--ink);
  }

  /* A reason that is too long for its sheet makes it longer: nothing of it is cut off. */
  .failed .sheet {
    overflow: visible;
  }

  .reason {
    align-self: center;
    padding: clamp(0.5rem, 6cqi, 1.5rem);
    color: var(--ink-soft);
    font-size: clamp(0.75rem, 5cqi, var(--body));
    line-height: 1.4;
    text-align: center;
    overflow-wrap: anywhere;
  }

  .caption {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: 0.375em;
    block-size: var(--caption);
    overflow: hidden;
    color: var(--ink-soft);
    font-size: 0.75rem;
    font-weight: 560;
    line-height: 1.1;
    text-align: center;
  }

  button.cell .caption {
    color: var(--ink);
  }
`;
