/** Crop marks, as on a printer's proof, around whatever the room is about just now. */
import { css } from 'lit';

export const marks = css`
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
`;
