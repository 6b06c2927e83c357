/** A generation under way: its phase, the time since it started, and how long it usually takes. Nobody knows a percentage. */
import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { stopwatch } from '../../model/formats.ts';
import { estimate, phaseLabel, retrySentence } from '../../model/sentences.ts';
import type { SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { type Clock, systemClock, Ticker } from '../ui/ticker.ts';
import { wordedText } from '../ui/worded-text.ts';

type Progress = SessionState['progress'] extends ReadonlyMap<number, infer P> ? P : never;

@element('proof-progress')
export class ProgressPanel extends LocalizedElement {
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
        inset: 0 auto 0 0;
        inline-size: 32%;
        translate: -100%;
        border-radius: inherit;
        background: var(--ink);
        animation: travel 1.7s cubic-bezier(0.5, 0, 0.5, 1) infinite;
      }

      .slow::before {
        background: var(--edge);
        animation-duration: 4s;
      }

      :host(:dir(rtl)) .bar {
        scale: -1 1;
      }

      @keyframes travel {
        to {
          translate: 313%;
        }
      }

      @media (prefers-reduced-motion: reduce) {
        .bar::before {
          translate: 106%;
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

      .details {
        display: grid;
        gap: 0.25rem;
      }
    `,
  ];

  @property({ attribute: false }) accessor progress: Progress | undefined;
  /** How many candidates the generation has. */
  @property({ attribute: false }) accessor pictures = 1;
  /** How many of them are finished. */
  @property({ attribute: false }) accessor finished = 0;
  /** Without a connection, `progress` tells only how things were. */
  @property({ type: Boolean }) accessor unavailable = false;
  @property({ attribute: false }) accessor clock: Clock = systemClock;

  constructor() {
    super();
    new Ticker(this);
  }

  get ticks(): boolean {
    return !this.unavailable;
  }

  override focus(): void {
    this.renderRoot.querySelector('h2')?.focus();
  }

  override render(): TemplateResult {
    const { progress } = this;
    if (this.unavailable) return this.#offline();
    const since = progress ? Math.max(0, this.clock.now() - progress.receivedAt) : 0;
    const elapsed = (progress?.elapsedMs ?? 0) + since;
    const isWaiting = progress?.phase === 'queued' || progress?.phase === 'retrying';
    return html`<header>
        <h2 tabindex="-1">${this.#heading(since)}</h2>
        ${progress ? html`<span class="elapsed soft figures" role="timer">${stopwatch(elapsed)}</span>` : nothing}
      </header>
      <div class=${`bar${isWaiting ? ' slow' : ''}`} role="progressbar" aria-label=${this.t('progress.label')}></div>
      <div class="details small soft">${this.#details(elapsed)}</div>`;
  }

  #heading(since?: number): string {
    const { progress, pictures } = this;
    return progress?.phase === 'drawing' && pictures > 1
      ? this.t('progress.drawingSeveral', { count: pictures })
      : phaseLabel(this.t, progress, since);
  }

  /** No time is shown, as nobody here knows how the generation goes on. */
  #offline(): TemplateResult {
    return html`<header><h2 tabindex="-1">${this.#heading()}</h2></header>
      <div class="bar slow" role="progressbar" aria-label=${this.t('progress.label')}></div>
      <div class="details small soft">
        <p>${this.t('progress.offline')}</p>
      </div>`;
  }

  #details(elapsed: number): TemplateResult {
    const { progress, finished, pictures } = this;
    const { try: number = 1, maxTries = 1, expectedMs, phase } = progress ?? {};
    const reason = progress && retrySentence(this.t, progress);
    const isRetrying = phase === 'retrying';
    return html`${finished > 0 ? html`<p>${this.t('progress.finishedOf', { finished, pictures })}</p>` : nothing}
    ${number > 1 && !isRetrying ? html`<p>${this.t('progress.tryOf', { try: number, tries: maxTries })}</p>` : nothing}
    ${number > 1 ? wordedText(reason ?? { text: this.t('progress.lastTryFailed'), language: this.t.language }) : nothing}
    ${expectedMs === undefined || isRetrying ? nothing : html`<p>${estimate(this.t, elapsed, expectedMs)}</p>`}`;
  }
}
