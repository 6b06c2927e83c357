/** What changed, marked as a proof-reader would: struck through and underlined. */
import { css } from 'lit';

export const attemptChanges = css`
  :host {
    display: block;
    min-inline-size: 0;
  }

  .changes {
    display: grid;
    gap: 0.625rem;
    line-height: 1.5;
    overflow-wrap: anywhere;
  }

  .origin {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 0.75rem;
  }

  .link {
    min-block-size: 44px;
    padding: 0;
    border: none;
    border-radius: 4px;
    background: none;
    color: var(--ink-soft);
    text-align: start;
    text-decoration: underline;
    text-decoration-color: var(--edge);
    text-underline-offset: 0.2em;
    cursor: pointer;
  }

  .link:hover {
    color: var(--ink);
    text-decoration-color: currentColor;
  }

  /* What hides in it for screen readers is placed by it, and reaches no further. */
  blockquote,
  .text {
    position: relative;
    max-block-size: 15rem;
    overflow: hidden auto;
  }

  blockquote {
    padding-inline-start: 0.875rem;
    border-inline-start: 2px solid var(--edge);
    white-space: pre-line;
  }

  blockquote::before {
    content: open-quote;
  }

  blockquote::after {
    content: close-quote;
  }

  .text {
    white-space: pre-line;
  }

  .changes > .text {
    color: var(--ink-soft);
  }

  del {
    color: var(--ink-soft);
    text-decoration: line-through;
    text-decoration-thickness: 1.5px;
  }

  ins {
    color: var(--ink);
    font-weight: 560;
    text-decoration: underline;
    text-decoration-thickness: 1.5px;
    text-underline-offset: 0.2em;
  }

  /* Heard, where screen readers don't tell marks by themselves; neither seen nor copied. */
  del::before,
  ins::before {
    content: ' removed: ';
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  ins::before {
    content: ' added: ';
  }
`;
