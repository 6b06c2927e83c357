/** Every attempt that is kept, as a strip of thumbnails: to look at, to compare, to put aside and to take back. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Attempt, DiscardedAttempt } from '../../../shared/model.ts';
import type { Command } from '../../../shared/protocol.ts';
import { attemptName, attemptNumber } from '../../model/attempt-label.ts';
import { asksOf, findAttempt, isSameRow, originOf, pairToCompare } from '../../model/attempt-tree.ts';
import { IntentEvent } from '../../model/intent.ts';
import type { ReceivedImage } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import { CompareEvent, SelectAttemptEvent } from '../ui/events.ts';
import * as icons from '../ui/icons.ts';
import { attempts as attemptStyles } from './attempt-strip.styles.ts';
import { discardedList } from './discarded-list.ts';
import { WantsInView } from './load-in-view.ts';
import { ScrollEdges } from './scroll-edges.ts';
import { imageIdAt, StripFocus } from './strip-focus.ts';
import type { Thumbnail } from './thumbnail.ts';
import { undoLine } from './undo-line.ts';
import './thumbnail.ts';

@element('proof-attempts')
export class Attempts extends LitElement {
  static override styles = [base, controls, attemptStyles];

  /** Oldest first. */
  @property({ attribute: false }) accessor attempts: readonly Attempt[] = [];
  @property({ attribute: false }) accessor discarded: readonly DiscardedAttempt[] = [];
  /** Those whose bytes are here. */
  @property({ attribute: false }) accessor images: ReadonlyMap<string, ReceivedImage> = new Map();
  /** The one on the mat. */
  @property({ attribute: false }) accessor openedId: string | undefined;
  @property({ attribute: false }) accessor approvedId: string | undefined;
  /** This person's own connection. */
  @property({ attribute: false }) accessor connectionId: string | undefined;
  /** Commands that wait for their answer. */
  @property({ attribute: false }) accessor pending: ReadonlySet<Command['type']> = new Set();
  /** Whether this person may discard and restore just now. */
  @property({ type: Boolean }) accessor decides = false;
  /** They may, but the line is down. */
  @property({ type: Boolean }) accessor unavailable = false;
  /** Others are being drawn: even while there is none, the room is kept in which they will stand. */
  @property({ type: Boolean }) accessor awaiting = false;

  /** The one that the last change put aside. */
  @state() private accessor justDiscarded: DiscardedAttempt | undefined;
  /** The one that this person last asked to discard or to restore. */
  @state() private accessor asked: string | undefined;
  @query('.strip') accessor row!: HTMLElement | null;
  @query('details') private accessor list!: HTMLDetailsElement | null;
  readonly #edges: ScrollEdges;
  readonly #focus: StripFocus;
  /** The discarded one that the way back was last offered for. */
  #offered: DiscardedAttempt | undefined;

  constructor() {
    super();
    new WantsInView(this);
    this.#edges = new ScrollEdges(this);
    this.#focus = new StripFocus(this);
  }

  /** Where images are to come. */
  get places(): Iterable<Thumbnail> {
    return this.renderRoot.querySelectorAll('proof-thumbnail');
  }

  get parts(): readonly HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('.thumb')];
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('attempts') ?? this.attempts;
    const asideBefore = changed.get('discarded') ?? this.discarded;
    if (isSameRow(before, this.attempts) && isSameRow(asideBefore, this.discarded)) return;
    this.justDiscarded = this.discarded.findLast(({ image }) => findAttempt(before, image.imageId));
  }

  override updated(changed: PropertyValues<this>): void {
    this.#offerUndo();
    this.#markUnfolded();
    const isNewRow = changed.has('attempts') && !isSameRow(changed.get('attempts') ?? [], this.attempts);
    if (changed.has('openedId') || isNewRow) void this.#bringIntoView();
  }

  override render(): TemplateResult {
    return html`<div class="table">
      <div class="row" ?hidden=${this.attempts.length === 0 && !this.awaiting}>
        <div
          class="strip"
          role="toolbar"
          aria-label="Attempts"
          @keydown=${this.#keyPressed}
          @focusin=${(event: FocusEvent) => this.#focus.visit(imageIdAt(event.target))}
          @scroll=${() => this.#edges.mark()}
          @wheel=${this.#edges.wheel}
        >
          ${repeat(
            asksOf(this.attempts),
            ([first]) => first?.image.generationId,
            (ask) => this.#ask(ask),
          )}
        </div>
        ${this.#pager('earlier')} ${this.#pager('later')}
      </div>
      ${this.#undo()} ${this.#actions()}
    </div>`;
  }

  /** For a mouse without a wheel that tilts. The arrow keys reach all of the strip, so Tab need not stop here. */
  #pager(towards: 'earlier' | 'later'): TemplateResult {
    return html`<button
      class=${`pager ${towards}`}
      type="button"
      tabindex="-1"
      aria-label=${towards === 'earlier' ? 'Earlier attempts' : 'Later attempts'}
      @mousedown=${(event: Event) => event.preventDefault()}
      @click=${() => this.#edges.page(towards)}
    >
      ${icons.chevron()}
    </button>`;
  }

  #ask(attempts: readonly Attempt[]): TemplateResult {
    const several = attempts.length > 1;
    return html`<div
      class=${several ? 'ask several' : 'ask'}
      role=${several ? 'group' : nothing}
      aria-label=${several ? `${attempts.length} pictures of one ask` : nothing}
    >
      ${repeat(
        attempts,
        ({ image }) => image.imageId,
        (attempt) => this.#thumb(attempt),
      )}
    </div>`;
  }

  #thumb(attempt: Attempt): TemplateResult {
    const { image } = attempt;
    const { imageId } = image;
    const origin = originOf(attempt, this.attempts, this.discarded);
    const isApproved = imageId === this.approvedId;
    return html`<button
      class="thumb"
      type="button"
      data-image-id=${imageId}
      tabindex=${imageId === this.#focus.tabStop ? 0 : -1}
      aria-current=${imageId === this.openedId ? 'true' : nothing}
      aria-busy=${this.#isAsked('discard', imageId) ? 'true' : nothing}
      aria-label=${attemptName(attempt, this.attempts, this.discarded, isApproved)}
      aria-keyshortcuts=${this.decides ? 'Delete' : nothing}
      @click=${() => this.dispatchEvent(new SelectAttemptEvent(imageId))}
    >
      <proof-thumbnail .image=${image} .picture=${this.images.get(imageId)}></proof-thumbnail>
      <span class="slug figures">
        ${origin ? (origin.verb === 'Refined' ? icons.pencil() : icons.again()) : nothing}
        ${attemptNumber(attempt, this.attempts)}
        ${isApproved ? html`<span class="approved">${icons.check()}</span>` : nothing}
      </span>
    </button>`;
  }

  #undo(): TemplateResult {
    const imageId = this.justDiscarded?.image.imageId;
    return undoLine({
      attempt: this.justDiscarded,
      discarded: this.discarded,
      connectionId: this.connectionId,
      decides: this.decides,
      busy: this.#isAsked('restore', imageId),
      unavailable: this.unavailable,
      undo: () => this.#restore(imageId),
    });
  }

  #actions(): TemplateResult {
    const pair = pairToCompare(this.attempts, this.openedId);
    const compare = (): unknown => pair && this.dispatchEvent(new CompareEvent(...pair));
    return html`<div class="actions">
      <slot></slot>
      ${pair ? button({ label: 'Compare', icon: icons.compare(), press: compare }) : nothing}
      ${discardedList({
        discarded: this.discarded,
        images: this.images,
        connectionId: this.connectionId,
        decides: this.decides,
        unavailable: this.unavailable,
        isBusy: (imageId) => this.#isAsked('restore', imageId),
        restore: (imageId) => this.#restore(imageId),
        unfolded: () => this.#unfolded(),
      })}
    </div>`;
  }

  #isAsked(command: 'discard' | 'restore', imageId: string | undefined): boolean {
    return imageId !== undefined && imageId === this.asked && this.pending.has(command);
  }

  #discard(imageId: string): void {
    if (!this.decides || this.unavailable || this.pending.has('discard')) return;
    this.asked = imageId;
    this.dispatchEvent(new IntentEvent({ type: 'discard', imageId }));
  }

  #restore(imageId: string | undefined): void {
    if (imageId === undefined || this.pending.has('restore')) return;
    this.asked = imageId;
    this.dispatchEvent(new IntentEvent({ type: 'restore', imageId }));
    // Who takes a picture back looks at it.
    this.dispatchEvent(new SelectAttemptEvent(imageId));
  }

  #keyPressed(event: KeyboardEvent): void {
    const imageId = imageIdAt(event.target);
    if (imageId === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Delete' || event.key === 'Backspace') this.#discard(imageId);
    else if (!this.#focus.move(event.key, imageId)) return;
    event.preventDefault();
  }

  /** Who discards elsewhere on the page, far below on a phone, is brought to where that is undone. */
  #offerUndo(): void {
    if (this.justDiscarded === this.#offered) return;
    this.#offered = this.justDiscarded;
    if (this.justDiscarded?.discarded.connectionId !== this.connectionId || this.shadowRoot?.activeElement) return;
    this.renderRoot.querySelector<HTMLElement>('.undo button')?.focus();
  }

  /** The opened one, or where there is none the newest. */
  async #bringIntoView(): Promise<void> {
    // The thumbnails have their shapes only once they have rendered.
    await Promise.all([...this.places].map(({ updateComplete }) => updateComplete));
    const { parts } = this;
    const part = parts.find(({ ariaCurrent }) => ariaCurrent === 'true') ?? parts.at(-1);
    if (part) this.#edges.bringIntoView(part);
    this.#edges.mark();
  }

  #markUnfolded(): void {
    this.toggleAttribute('unfolded', this.list?.open ?? false);
  }

  #unfolded(): void {
    this.#markUnfolded();
    if (this.list?.open) this.list.scrollIntoView({ block: 'nearest' });
  }
}
