/** A generation under way: what happens now, for how long already, and how long it usually takes. Never a percentage. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { type Clock, systemClock, Ticker } from '../clock.ts';
import { element } from '../element.ts';
import type { SessionState } from '../session-state.ts';
import { base } from '../styles/base.ts';
import { phaseWords, stopwatch, usually } from '../words.ts';

type Progress = SessionState['progress'] extends ReadonlyMap<number, infer P> ? P : never;

@element('proof-progress')
export class ProgressLine extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 0.75rem;
      }

      header {
        display: flex;
        align-items: baseline;
        justify-content: space-between;
        gap: 1rem;
      }

      .elapsed {
        font-size: var(--lead);
      }

      .bar {
        position: relative;
        block-size: 4px;
        overflow: hidden;
        border-radius: 4px;
        background: var(--line);
      }

      .bar::before {
        content: '';
        position: absolute;
        inset-block: 0;
        inline-size: 32%;
        border-radius: inherit;
        background: var(--ink);
        animation: travel 1.7s cubic-bezier(0.5, 0, 0.5, 1) infinite;
      }

      .held::before {
        background: var(--edge);
        animation-duration: 4s;
      }

      @keyframes travel {
        from {
          inset-inline-start: -32%;
        }
        to {
          inset-inline-start: 100%;
        }
      }

      @media (prefers-reduced-motion: reduce) {
        .bar::before {
          inset-inline-start: 34%;
          animation: none;
        }
      }

      @media (forced-colors: active) {
        .bar {
          border: 1px solid CanvasText;
        }
        .bar::before {
          background: Highlight;
        }
      }

      .notes {
        display: grid;
        gap: 0.25rem;
      }
    `,
  ];

  @property({ attribute: false }) accessor progress: Progress | undefined;
  @property({ attribute: false }) accessor clock: Clock = systemClock;
  readonly ticks = true;

  constructor() {
    super();
    new Ticker(this);
  }

  override focus(): void {
    this.renderRoot.querySelector('h2')?.focus();
  }

  override render(): TemplateResult {
    const { progress } = this;
    const since = progress ? Math.max(0, this.clock.now() - progress.receivedAt) : 0;
    const elapsed = (progress?.elapsedMs ?? 0) + since;
    const held = progress?.phase === 'queued' || progress?.phase === 'retrying';
    return html`<header>
        <h2 tabindex="-1">${phaseWords(progress, since)}</h2>
        ${progress ? html`<span class="elapsed soft figures" role="timer">${stopwatch(elapsed)}</span>` : nothing}
      </header>
      <div class=${`bar${held ? ' held' : ''}`} role="progressbar" aria-label="Making the picture"></div>
      <div class="notes small soft">${this.#notes(elapsed)}</div>`;
  }

  #notes(elapsed: number): TemplateResult {
    const { progress } = this;
    if (!progress) return html``;
    if (progress.phase === 'retrying') return html`<p>${progress.reason ?? 'That try failed.'}</p>`;
    const { expectedMs } = progress;
    return html`${progress.try > 1 ? html`<p>Try ${progress.try} of ${progress.maxTries}.</p>` : nothing}
    ${expectedMs === undefined ? nothing : html`<p>${estimate(elapsed, expectedMs)}</p>`}`;
  }
}

function estimate(elapsed: number, expectedMs: number): string {
  const words = usually(expectedMs);
  const sentence = `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return elapsed > expectedMs * 1.5 ? `${sentence}; this one takes longer.` : `${sentence}.`;
}
