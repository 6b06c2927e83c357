/** Two columns, the viewer and the sidebar; in a narrow room one above the other. */
import { css } from '../ui/css.ts';

export const review = css`
  /* The host page's styles are not inherited, except those that concern the room as a whole, such as its visibility. */
  :host {
    all: initial;
    color-scheme: inherit;
    pointer-events: inherit;
    visibility: inherit;
    text-size-adjust: 100%;
    -webkit-text-size-adjust: 100%;
    user-select: text;
    -webkit-user-select: text;
    display: flex;
    flex-direction: column;
    flex: 1;
    container-type: inline-size;
    min-inline-size: 0;
    background: var(--paper);
    color: var(--ink);
    font: normal 400 var(--body) / 1.5 var(--font);
    letter-spacing: -0.003em;
    -webkit-font-smoothing: antialiased;
  }

  /* The reason why the buttons don't work stays in view. */
  proof-top-bar[offline] {
    position: sticky;
    inset-block-start: 0;
    z-index: 1;
  }

  .layout {
    /* The height of what stands above it. */
    --above: 57px;
    display: grid;
    flex: 1;
  }

  proof-demo ~ .layout {
    --above: 95px;
  }

  .split {
    grid-template-rows: auto 1fr;
  }

  .sidebar {
    display: flex;
    flex-direction: column;
    gap: 1.5rem;
    min-inline-size: 0;
    padding: 1.5rem 1.25rem;
  }

  .missing {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem 1rem;
    padding: 0.5rem 1.25rem;
    border-block-end: 1px solid var(--line);
    background: var(--trouble-wash);
  }

  .waiting {
    animation: appear 400ms 500ms both;
  }

  @keyframes appear {
    from {
      opacity: 0;
    }
  }

  .single .sidebar {
    inline-size: 100%;
    max-inline-size: 44rem;
    margin-inline: auto;
    padding-block: clamp(2rem, 8cqi, 6.5rem) 1.25rem;
  }

  .sidebar > * {
    flex: 1;
  }

  @container (inline-size >= 56rem) {
    .split {
      grid-template: 1fr / minmax(0, 1fr) 25rem;
    }

    .split .sidebar {
      padding: 2rem 1.75rem 1rem;
      border-inline-start: 1px solid var(--line);
    }
  }

  @container (inline-size >= 120rem) {
    .split {
      grid-template-columns: minmax(0, 1fr) 30rem;
    }
  }
`;
