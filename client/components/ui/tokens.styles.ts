/** Colours, type and measures: set once on the outermost element, and inherited by everything inside it. */
import { css } from './css.ts';

export const tokens = css`
  :host {
    --paper: light-dark(#f8f7f5, #161617);
    --surface: light-dark(#ffffff, #1f1f21);
    --sunken: light-dark(#f1f0ed, #121213);
    /* Behind a picture. */
    --backdrop: light-dark(#e6e5e2, #0c0c0d);
    /* In place of an image that is not here yet. */
    --placeholder: light-dark(#f4f3f1, #19191a);
    --ink: light-dark(#1b1c1e, #f1f0ee);
    --ink-soft: light-dark(#56585c, #a6a7ab);
    --line: light-dark(#dedcd7, #333336);
    --edge: light-dark(#8a8a87, #717277);
    --approve: light-dark(#15703f, #4fc98c);
    --approve-hover: light-dark(#0f5d33, #6ad6a0);
    --on-approve: light-dark(#ffffff, #06190e);
    --trouble: light-dark(#a8281e, #ff9a8f);
    --trouble-wash: light-dark(#fbefed, #2b1a19);
    --mark: light-dark(#9a9a96, #55565a);
    /* Behind a transparent picture: a grey check, on which both its light and its dark parts can be seen. */
    --check: repeating-conic-gradient(#d4d4d2 0 25%, #c6c6c4 0 50%) 0 0;

    --font: var(
      --proofroom-font,
      system-ui,
      -apple-system,
      'Segoe UI',
      Roboto,
      'Helvetica Neue',
      'Noto Sans',
      'Liberation Sans',
      Arial,
      sans-serif
    );
    --mono: ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'Liberation Mono', monospace;
    --small: 0.8125rem;
    --body: 0.9375rem;
    --lead: 1.0625rem;
    --title: 1.375rem;
    --headline: 2.125rem;

    --radius: 8px;
    --shadow: 0 1px 2px rgb(0 0 0 / 0.06), 0 12px 32px -12px rgb(0 0 0 / 0.28);
    --quick: 140ms cubic-bezier(0.2, 0, 0.2, 1);
    --height: var(--proofroom-height, 40rem);
  }
`;
