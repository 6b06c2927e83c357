/** Styles of the `viewer` template, for the component that renders it: a size container that sets `--height` and `--above`. */
import { css } from '../ui/css.ts';

export const viewer = css`
  .viewer {
    /* However low the page, the picture stays large enough to be judged; at most half the window, so that the strip stays near. */
    --least: min(30rem, 50dvh);
    --picture-height: max(var(--height) * 0.62, var(--least));
    padding: 2rem;
    background: var(--backdrop);
  }

  .viewer-content {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1.75rem;
  }

  .viewer-content > :is(proof-picture, proof-candidates) {
    scroll-margin-block: 2rem;
  }

  .happened {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: center;
    gap: 0.25rem 0.75rem;
    overflow-wrap: anywhere;
  }

  .viewer-content:has(> .happened.unseen) {
    row-gap: 0;
  }

  .viewer-content:has(> .happened.unseen) > proof-attempt-strip {
    margin-block-start: 1.75rem;
  }

  .show-latest .button {
    padding-block: 0.25rem;
    text-align: start;
  }

  @container (inline-size >= 56rem) {
    .viewer {
      --picture-height: max(var(--height) - var(--above) - 6rem, var(--least));
      padding: 3rem;
    }

    /* Leaves space for the strip of attempts, with its buttons beneath. */
    .with-strip {
      --picture-height: max(var(--height) - var(--above) - 18.75rem, var(--least));
    }

    /* Stays in view while a long sidebar scrolls. */
    .viewer-content {
      position: sticky;
      inset-block-start: 3rem;
    }

    /* The expanded list of discarded attempts, and several pictures at once, may reach below the window, so they have to scroll. */
    .viewer-content:has(> proof-attempt-strip[expanded], > proof-candidates) {
      position: static;
    }

    .viewer-content > :is(proof-picture:not([hidden]), proof-candidates) {
      display: grid;
      align-content: center;
      min-block-size: var(--picture-height);
    }
  }

  /* Here the strip has its buttons beside it. */
  @container (inline-size >= 75rem) {
    .with-strip {
      --picture-height: max(var(--height) - var(--above) - 15.5rem, var(--least));
    }
  }

  @media (forced-colors: active) {
    .viewer {
      border-block-end: 1px solid CanvasText;
    }
  }
`;
