/**
 * Tries the failed generation again: at once or, after a rate limit, by itself once the service takes requests again. Where it stands in a
 * live region, it needs `aria-live="off"`: the time that it shows changes each second.
 */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { GenerationError } from '../../../shared/model.ts';
import { stopwatch } from '../../model/formats.ts';
import { IntentEvent } from '../../model/intent.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { type Clock, systemClock, Ticker } from '../ui/ticker.ts';

/** Where the service does not say how long: most limits are of a minute. */
const USUAL_WAIT_MS = 60_000;
/** After a longer limit the page does not offer to wait: people do not keep it open for that. */
const LONGEST_WAIT_MS = 60 * 60_000;

@element('proof-retry')
export class Retry extends LocalizedElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem;
      }

      p {
        flex-basis: 100%;
      }
    `,
  ];

  /** Of the failed generation: what is waited for is its retry, and no other. */
  @property({ attribute: false }) accessor generationId: string | undefined;
  @property({ attribute: false }) accessor error: GenerationError | undefined;
  /** Of the button that tries at once. */
  @property() accessor label = '';
  /** How far the server's clock is ahead of this one, in milliseconds. */
  @property({ attribute: false }) accessor serverAheadMs: number | undefined;
  @property({ type: Boolean }) accessor busy = false;
  @property({ type: Boolean }) accessor unavailable = false;
  @property({ attribute: false }) accessor clock: Clock = systemClock;
  @state() private accessor waits = false;
  /** When the error was first shown here. */
  #seenAt = 0;

  constructor() {
    super();
    new Ticker(this);
  }

  /** In milliseconds until the service takes requests again; undefined where there is nothing to wait for. */
  get #leftMs(): number | undefined {
    const { error, clock, serverAheadMs = 0 } = this;
    if (error?.code !== 'rate_limited') return undefined;
    const until =
      error.retryAt === undefined ? this.#seenAt + USUAL_WAIT_MS : Date.parse(error.retryAt) - serverAheadMs;
    const leftMs = until - clock.now();
    return leftMs <= LONGEST_WAIT_MS ? Math.max(0, leftMs) : undefined;
  }

  get ticks(): boolean {
    return this.#leftMs !== undefined && (this.waits || this.#leftMs > 0);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('generationId')) {
      this.#seenAt = this.clock.now();
      this.waits = false;
    }
    if (this.waits && this.#leftMs === 0 && !this.busy && !this.unavailable) this.#send();
  }

  override render(): TemplateResult {
    const leftMs = this.#leftMs ?? 0;
    return html`${this.waits ? html`<p role="timer">${this.t('wait.sendsIn', { time: stopwatch(leftMs + 999) })}</p>` : nothing}
      ${button({
        label: this.label,
        icon: icons.again(),
        busy: this.busy,
        unavailable: this.unavailable,
        press: () => this.#send(),
      })}
      ${
        this.waits || leftMs > 0
          ? button(
              this.waits
                ? { label: this.t('wait.stop'), kind: 'quiet', press: () => this.#wait(false) }
                : {
                    label: this.t('wait.start', { time: stopwatch(leftMs + 999) }),
                    kind: 'quiet',
                    press: () => this.#wait(true),
                  },
            )
          : nothing
      }`;
  }

  #wait(waits: boolean): void {
    this.waits = waits;
  }

  #send(): void {
    this.waits = false;
    this.dispatchEvent(new IntentEvent({ type: 'retry' }));
  }
}
