/** The candidates of one generation in a grid, in order, as they arrive. A click on a finished one selects it. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Command } from '../../../shared/protocol.ts';
import { IntentEvent } from '../../model/intent.ts';
import { lookersSentence, othersAt, type ShownPerson } from '../../model/people.ts';
import type { CandidateContent } from '../../model/viewer-content.ts';
import { isPending } from '../../session/session-state.ts';
import { avatars } from '../ui/avatar.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import { ElementSize } from '../ui/element-size.ts';
import { RequestChangesEvent, SelectAttemptEvent, ShownEvent } from '../ui/events.ts';
import * as icons from '../ui/icons.ts';
import { ImageLoader } from '../ui/image-loader.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { candidates } from './candidates.styles.ts';
import { DecodedImage } from './decoded-image.ts';
import { canvas } from './picture.styles.ts';

@element('proof-candidates')
export class Candidates extends LocalizedElement {
  static override styles = [base, controls, canvas, candidates];

  @property({ attribute: false }) accessor candidates: readonly CandidateContent[] = [];
  /** The people who are here, with what they look at. */
  @property({ attribute: false }) accessor people: readonly ShownPerson[] = [];
  /** The generation is running; the unfinished candidates show it. */
  @property({ type: Boolean }) accessor drawing = false;
  /** Whether this person may decide about the finished ones now. */
  @property({ type: Boolean }) accessor decides = false;
  /** Whether this person may cancel the generation, which is running. */
  @property({ type: Boolean }) accessor cancels = false;
  /** Commands that have no answer yet. */
  @property({ attribute: false }) accessor pending: readonly Command[] = [];
  /** The connection is down, so that nothing can be sent. */
  @property({ type: Boolean }) accessor unavailable = false;
  /** They have just come into view, and not by an act of this person. */
  @property({ type: Boolean }) accessor resting = false;
  @query('.available') private accessor available!: Element | null;

  readonly #available = new ElementSize(this, () => this.available);
  readonly #loader = new ImageLoader(this);
  /** By candidate. */
  readonly #images = new Map<number, DecodedImage>();

  /** Whether all that are here have been decoded and drawn. */
  get isShown(): boolean {
    return this.candidates.every(
      ({ candidate, picture }) =>
        !picture || this.#images.get(candidate)?.decoded?.imageId === picture.reference.imageId,
    );
  }

  override focus(options?: FocusOptions): void {
    this.renderRoot.querySelector('button')?.focus(options);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('candidates')) return;
    const listed = new Set(this.candidates.map(({ candidate }) => candidate));
    for (const candidate of this.#images.keys()) if (!listed.has(candidate)) this.#images.delete(candidate);
    for (const { candidate, picture } of this.candidates) {
      const image = this.#images.get(candidate) ?? new DecodedImage(this.#decoded);
      this.#images.set(candidate, image);
      image.request(picture);
    }
  }

  override updated(): void {
    // After a late join the server sends only the newest image by itself (rule W1).
    this.#loader.load(
      this.candidates.flatMap(({ kind, imageId, picture }) =>
        imageId === undefined || kind === 'unviewable' ? [] : [{ imageId, isFilled: picture !== undefined }],
      ),
    );
    const grid = this.renderRoot.querySelector<HTMLElement>('.grid');
    if (!grid) return;
    const count = this.candidates.length;
    const ratio = this.candidates[0]?.ratio ?? 1;
    grid.style.setProperty('--count', String(count));
    grid.style.setProperty('--ratio', String(ratio));
    const { size } = this.#available;
    if (size) {
      const columns = columnsFor(size, count, ratio, this.#hasActions ? ACTIONS : CAPTION);
      grid.style.setProperty('--columns', String(columns));
      grid.style.setProperty('--least', `${leastIn(size)}px`);
    }
    for (const [index, canvas] of grid.querySelectorAll<HTMLElement>('.canvas').entries()) {
      canvas.style.setProperty('--own-ratio', String(this.candidates[index]?.ratio ?? 1));
    }
  }

  override render(): TemplateResult | typeof nothing {
    if (this.candidates.length === 0) return nothing;
    return html`<div class="available"></div>
      <ul
        class=${this.#hasActions ? 'grid with-actions' : 'grid'}
        role="list"
        aria-label=${this.t('picture.several', { count: this.candidates.length })}
      >
        ${repeat(
          this.candidates,
          ({ candidate }) => candidate,
          (candidate) => html`<li>${this.#candidate(candidate)}</li>`,
        )}
      </ul>`;
  }

  readonly #decoded = (): void => {
    this.requestUpdate();
    if (this.isShown) this.dispatchEvent(new ShownEvent());
  };

  /** Also while they are drawn, so that their end moves nothing. */
  get #hasActions(): boolean {
    return this.decides || this.cancels;
  }

  #candidate(content: CandidateContent): TemplateResult {
    return html`${this.#picture(content)}
      <div class="foot">
        <span class="caption figures">${this.#caption(content)}</span>${this.#lookers(content)}
        ${this.#actions(content)}
      </div>`;
  }

  #lookersAt({ imageId }: CandidateContent): readonly ShownPerson[] {
    return imageId === undefined ? [] : othersAt(this.people, imageId);
  }

  #lookers(content: CandidateContent): TemplateResult | typeof nothing {
    const lookers = this.#lookersAt(content);
    return lookers.length > 0 ? html`<span class="lookers">${avatars(lookers)}</span>` : nothing;
  }

  #picture(content: CandidateContent): TemplateResult {
    const slot = html`<span class="slot">${this.#canvas(content)}</span>`;
    const css = `candidate ${content.kind}`;
    if (content.kind !== 'finished' && content.kind !== 'unviewable') return html`<div class=${css}>${slot}</div>`;
    return html`<button
      class=${css}
      type="button"
      aria-label=${`${content.label}. ${content.kind === 'finished' ? content.alt : this.t(`problem.${content.problem}`)}`}
      aria-description=${lookersSentence(this.t, this.#lookersAt(content)) ?? nothing}
      @click=${() => this.dispatchEvent(new SelectAttemptEvent(content.imageId))}
    >
      ${slot}
    </button>`;
  }

  #actions(content: CandidateContent): TemplateResult | typeof nothing {
    if (content.kind === 'finished' || content.kind === 'unviewable') {
      return this.decides
        ? html`<div class="actions">${this.#approve(content)} ${this.#requestChanges(content)} ${this.#discard(content)}</div>`
        : nothing;
    }
    const isUnfinished = content.kind === 'partial' || content.imageId === undefined;
    return this.cancels && isUnfinished && content.kind !== 'failed'
      ? html`<div class="actions">${this.#cancel()}</div>`
      : nothing;
  }

  #requestChanges({
    kind,
    imageId,
    number,
  }: Extract<CandidateContent, { number: number }>): TemplateResult | typeof nothing {
    if (kind !== 'finished') return nothing;
    return button({
      label: this.t('decision.requestChangesOf', { number }),
      icon: icons.pencil(),
      kind: 'quiet',
      bare: true,
      once: true,
      decides: true,
      resting: this.resting,
      unavailable: this.unavailable,
      press: () => this.dispatchEvent(new RequestChangesEvent(imageId)),
    });
  }

  #approve(content: Extract<CandidateContent, { number: number }>): TemplateResult | typeof nothing {
    const { kind, candidate, number, picture } = content;
    if (kind !== 'finished') return nothing;
    const isShown = this.#images.get(candidate)?.decoded?.imageId === picture.reference.imageId;
    return button({
      label: this.t('common.approve'),
      name: this.t('compare.approve', { number }),
      icon: icons.check(),
      once: true,
      decides: true,
      resting: this.resting,
      busy: isPending(this.pending, 'approve', picture.reference.imageId),
      unavailable: this.unavailable || !isShown || isPending(this.pending, 'approve'),
      press: () => this.dispatchEvent(new IntentEvent({ type: 'approve', image: picture.reference })),
    });
  }

  #discard({ imageId, number }: Extract<CandidateContent, { number: number }>): TemplateResult {
    return button({
      label: this.t('tools.discard', { number }),
      icon: icons.cross(),
      kind: 'quiet',
      bare: true,
      once: true,
      decides: true,
      resting: this.resting,
      busy: isPending(this.pending, 'discard', imageId),
      unavailable: this.unavailable || isPending(this.pending, 'discard'),
      press: () => this.dispatchEvent(new IntentEvent({ type: 'discard', imageId })),
    });
  }

  /** Ends all that are still drawn: what is finished stays. */
  #cancel(): TemplateResult {
    const isLeft = ({ kind, imageId }: CandidateContent) =>
      kind === 'partial' || (kind === 'placeholder' && imageId === undefined);
    const count = this.candidates.filter(isLeft).length;
    return button({
      label: this.t('cancel.cancelLeft', { count }),
      icon: icons.stop(),
      kind: 'quiet',
      once: true,
      busy: isPending(this.pending, 'cancel'),
      unavailable: this.unavailable,
      press: () => this.dispatchEvent(new IntentEvent({ type: 'cancel' })),
    });
  }

  #caption({ candidate, kind, label }: CandidateContent): string {
    if (kind === 'failed') return this.t('picture.captionFailed');
    const isPreviewReady = this.#images.get(candidate)?.decoded !== undefined;
    if (kind !== 'partial' || !isPreviewReady) return label;
    return label === this.t('progress.drawing')
      ? this.t('picture.captionPreview')
      : this.t('picture.captionPreviewOf', { phase: label });
  }

  /** Why there is no picture to see. */
  #reason(content: CandidateContent): TemplateResult | typeof nothing {
    if (content.kind === 'failed') {
      return html`<span class="reason" lang=${content.language ?? nothing} dir="auto">${content.label}</span>`;
    }
    if (content.kind !== 'unviewable') return nothing;
    return html`<span class="reason">${icons.hidden()}${this.t(`problem.${content.problem}`)}</span>`;
  }

  #canvas(content: CandidateContent): TemplateResult {
    const { candidate, kind, imageId, alt } = content;
    const isUnfinished = kind === 'partial' || (kind === 'placeholder' && imageId === undefined);
    const image = this.#images.get(candidate)?.decoded?.element;
    if (image) image.alt = alt;
    return html`<span class="canvas">
      ${image ?? nothing} ${this.#reason(content)}
      ${this.drawing && isUnfinished ? html`<span class="sweep"></span>` : nothing}
    </span>`;
  }
}

// In pixels, as the styles say it: between two candidates, and what stands below each.
const GAP = 20;
const CAPTION = 32;
const ACTIONS = 52;
/** Where there is space for two of them, no candidate is narrower, even if the page then scrolls: a smaller picture can't be judged. */
const LEAST = 330;

const leastIn = ({ width }: { width: number }): number => (width < 2 * LEAST + GAP ? 0 : LEAST);

/**
 * The number of columns in which candidates of that ratio (width by height) are largest; of two that are equal, the one that takes
 * less height, then the smaller. `foot` is the height of what stands below each.
 */
function columnsFor(available: { width: number; height: number }, count: number, ratio: number, foot: number): number {
  const sizeIn = (columns: number): readonly [shown: number, fitting: number] => {
    const rows = Math.ceil(count / columns);
    const height = (available.height - (rows - 1) * GAP) / rows - foot;
    const widest = (available.width - (columns - 1) * GAP) / columns;
    const fitting = Math.min(widest, height * ratio);
    return [Math.min(widest, Math.max(fitting, leastIn(available))), fitting];
  };
  let best = 1;
  for (let columns = 2; columns <= count; columns += 1) {
    const [shown, fitting] = sizeIn(columns);
    const [bestShown, bestFitting] = sizeIn(best);
    if (shown > bestShown || (shown === bestShown && fitting > bestFitting)) best = columns;
  }
  return best;
}
