/** The room: a mat for the picture, a rail for the work; one above the other where it is narrow. */
import { css } from 'lit';

export const review = css`
  :host {
    display: flex;
    flex-direction: column;
    flex: 1;
    container-type: inline-size;
    min-inline-size: 0;
    background: var(--paper);
    color: var(--ink);
    /* What a host page sets on its text goes no further. */
    font: normal 400 var(--body) / 1.5 var(--font);
    letter-spacing: -0.003em;
    word-spacing: normal;
    text-align: start;
    text-indent: 0;
    text-transform: none;
    text-shadow: none;
    white-space: normal;
    cursor: auto;
    -webkit-font-smoothing: antialiased;
  }

  /* While buttons wait for the line, the reason stays in view. */
  proof-top-bar[troubled] {
    position: sticky;
    inset-block-start: 0;
    z-index: 1;
  }

  .bench {
    --above: 57px;
    display: grid;
    flex: 1;
  }

  proof-demo ~ .bench {
    --above: 95px;
  }

  .looking {
    grid-template-rows: auto 1fr;
  }

  .mat {
    /* However low the room, a picture is worth looking at; it asks for no more than half the window, so that the strip stays near. */
    --least: min(30rem, 50dvh);
    --picture-height: max(var(--height) * 0.62, var(--least));
    padding: 2rem;
    background: var(--mat);
  }

  .table {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1.75rem;
  }

  .table > :is(proof-picture, proof-candidates) {
    scroll-margin-block: 2rem;
  }

  .back .button {
    padding-block: 0.25rem;
    text-align: start;
  }

  .rail {
    display: flex;
    flex-direction: column;
    gap: 1.5rem;
    min-inline-size: 0;
    padding: 1.5rem 1.25rem;
  }

  .waiting {
    animation: appear 400ms 500ms both;
  }

  @keyframes appear {
    from {
      opacity: 0;
    }
  }

  .asking .rail {
    inline-size: 100%;
    max-inline-size: 44rem;
    margin-inline: auto;
    padding-block: clamp(2rem, 8cqi, 6.5rem) 1.25rem;
  }

  .rail > * {
    flex: 1;
  }

  @container (inline-size >= 56rem) {
    .looking {
      grid-template: 1fr / minmax(0, 1fr) 25rem;
    }

    .mat {
      --picture-height: max(var(--height) - var(--above) - 6rem, var(--least));
      padding: 3rem;
    }

    /* Room for the strip of attempts, with its buttons beneath. */
    .stripped {
      --picture-height: max(var(--height) - var(--above) - 18.75rem, var(--least));
    }

    /* Stays in view, while a long rail scrolls by. */
    .table {
      position: sticky;
      inset-block-start: 3rem;
    }

    /* What is unfolded there may reach beyond the window: then it has to scroll. */
    .table:has(> proof-attempts[unfolded]) {
      position: static;
    }

    .table > :is(proof-picture:not([hidden]), proof-candidates) {
      display: grid;
      align-content: center;
      min-block-size: var(--picture-height);
    }

    .looking .rail {
      padding: 2rem 1.75rem 1rem;
      border-inline-start: 1px solid var(--line);
    }
  }

  /* Where the strip has its buttons beside it. */
  @container (inline-size >= 75rem) {
    .stripped {
      --picture-height: max(var(--height) - var(--above) - 15.5rem, var(--least));
    }
  }

  @container (inline-size >= 120rem) {
    .looking {
      grid-template-columns: minmax(0, 1fr) 30rem;
    }
  }

  @media (forced-colors: active) {
    .mat {
      border-block-end: 1px solid CanvasText;
    }
  }
`;
