/** Several sheets on one mat: as large as it lets them be, beside each other, or on a phone one above the other where that is larger. */
import { css } from 'lit';

export const candidates = css`
  :host {
    container-type: inline-size;
    inline-size: 100%;
  }

  .cells {
    --gap: 1.25rem;
    --caption: 2rem;
    --count: 2;
    --ratio: 1;
    --most-columns: 2;
    --columns: var(--most-columns);
    --rows: round(up, var(--count) / var(--columns), 1);
    --room: var(--picture-height, 70dvh);
    --row: calc((var(--room) - (var(--rows) - 1) * var(--gap)) / var(--rows) - var(--caption));
    --gaps: calc((var(--columns) - 1) * var(--gap));
    --abreast: min((100cqi - var(--gaps)) / var(--columns), var(--row) * var(--ratio));
    --stacked: 0px;
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: var(--gap);
    inline-size: max(var(--columns) * var(--abreast) + var(--gaps), var(--stacked));
    margin-inline: auto;
  }

  @container (inline-size < 30rem) {
    .cells {
      --tall: calc((var(--room) - (var(--count) - 1) * var(--gap)) / var(--count) - var(--caption));
      --columns: 2;
      --gap: 0.75rem;
      --stacked: min(100cqi, var(--tall) * var(--ratio));
    }
  }

  li {
    inline-size: max(var(--abreast), var(--stacked));
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
