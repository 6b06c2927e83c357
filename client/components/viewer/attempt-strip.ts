/** All attempts of the session as a strip of thumbnails, to select, compare, discard and restore. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Attempt, DiscardedAttempt } from '../../../shared/model.ts';
import type { Command } from '../../../shared/protocol.ts';
import { findAttempt, groupByGeneration, isSameOrder, originOf, pairToCompare } from '../../model/attempt-tree.ts';
import { IntentEvent } from '../../model/intent.ts';
import { lookersSentence, othersAt, type ShownPerson } from '../../model/people.ts';
import { attemptName, attemptNumber } from '../../model/sentences.ts';
import { displayProblem, isPending, type ReceivedImage } from '../../session/session-state.ts';
import { avatars } from '../ui/avatar.ts';
import { base } from '../ui/base.styles.ts';
import { type ButtonOptions, button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import { CompareEvent, SelectAttemptEvent } from '../ui/events.ts';
import * as icons from '../ui/icons.ts';
import { LazyImageLoader } from '../ui/image-loader.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { person } from '../ui/person.ts';
import { attemptStrip } from './attempt-strip.styles.ts';
import { imageIdAt, RovingFocus } from './roving-focus.ts';
import { RowScroller } from './row-scroller.ts';
import type { Thumbnail } from './thumbnail.ts';
import './thumbnail.ts';

@element('proof-attempt-strip')
export class AttemptStrip extends LocalizedElement {
  static override styles = [base, controls, attemptStrip];

  /** Oldest first. */
  @property({ attribute: false }) accessor attempts: readonly Attempt[] = [];
  /** The longest discarded first. */
  @property({ attribute: false }) accessor discarded: readonly DiscardedAttempt[] = [];
  /** The images whose bytes are here, by image id. */
  @property({ attribute: false }) accessor images: ReadonlyMap<string, ReceivedImage> = new Map();
  /** The attempt in the viewer. */
  @property({ attribute: false }) accessor selectedId: string | undefined;
  /** The attempt in the viewer, where the session does not keep it: what became of it stands there. */
  @property({ attribute: false }) accessor heldId: string | undefined;
  @property({ attribute: false }) accessor approvedId: string | undefined;
  /** The people who are here, with what they look at. */
  @property({ attribute: false }) accessor people: readonly ShownPerson[] = [];
  /** Ids of the images of which changes are asked for. */
  @property({ attribute: false }) accessor changesAsked: ReadonlySet<string> = new Set();
  /** The person in front of this page. */
  @property({ attribute: false }) accessor participantId: string | undefined;
  /** Commands that have no answer yet. */
  @property({ attribute: false }) accessor pending: readonly Command[] = [];
  /** Whether this person may discard and restore now. */
  @property({ type: Boolean }) accessor decides = false;
  /** The connection is down, so that nothing can be sent. */
  @property({ type: Boolean }) accessor unavailable = false;
  /** A generation is running: the strip keeps the height that its attempts will need. */
  @property({ type: Boolean }) accessor generating = false;

  /** The attempt that the last change discarded; it can be undone until the next change. */
  @state() private accessor justDiscarded: DiscardedAttempt | undefined;
  @query('.strip') accessor row!: HTMLElement | null;
  @query('details') private accessor discardedList!: HTMLDetailsElement | null;
  readonly #scroller = new RowScroller(this);
  readonly #focus = new RovingFocus(this);
  /** The value of `justDiscarded` for which the focus has been moved to Undo, where that was due. */
  #undoOffered: DiscardedAttempt | undefined;

  constructor() {
    super();
    new LazyImageLoader(this);
  }

  get imagePlaces(): Iterable<Thumbnail> {
    return this.renderRoot.querySelectorAll('proof-thumbnail');
  }

  /** The attempts' buttons, in order, each with its `data-image-id`. */
  get items(): readonly HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('.attempt')];
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const attempts = changed.get('attempts') ?? this.attempts;
    const discarded = changed.get('discarded') ?? this.discarded;
    if (isSameOrder(attempts, this.attempts) && isSameOrder(discarded, this.discarded)) return;
    this.justDiscarded = this.discarded.findLast(({ image }) => findAttempt(attempts, image.imageId));
  }

  override updated(changed: PropertyValues<this>): void {
    this.#focusUndo();
    this.#reflectExpanded();
    const isOtherOrder = changed.has('attempts') && !isSameOrder(changed.get('attempts') ?? [], this.attempts);
    if (!this.hidden && (changed.has('selectedId') || isOtherOrder)) void this.#scrollToSelected();
  }

  override render(): TemplateResult {
    return html`<div class="layout">
      <div class="row" ?hidden=${this.attempts.length === 0 && !this.generating}>
        <div
          class="strip"
          role="toolbar"
          aria-label=${this.t('strip.label')}
          @keydown=${this.#keyPressed}
          @focusin=${(event: FocusEvent) => this.#focus.visit(imageIdAt(event.target))}
          @scroll=${() => this.#scroller.markEdges()}
          @wheel=${this.#scroller.wheel}
        >
          ${repeat(
            groupByGeneration(this.attempts),
            ([first]) => first?.image.generationId,
            (attempts) => this.#generation(attempts),
          )}
        </div>
        ${this.#pageButton('earlier')} ${this.#pageButton('later')}
      </div>
      ${this.#undo()} ${this.#actions()}
    </div>`;
  }

  /** For a mouse with a plain wheel. It is no Tab stop, since the arrow keys reach every attempt. */
  #pageButton(towards: 'earlier' | 'later'): TemplateResult {
    return html`<button
      class=${`page ${towards}`}
      type="button"
      tabindex="-1"
      aria-label=${this.t(`strip.${towards}`)}
      @mousedown=${(event: Event) => event.preventDefault()}
      @click=${() => this.#scroller.page(towards)}
    >
      ${icons.chevron()}
    </button>`;
  }

  /** @param attempts those of one generation */
  #generation(attempts: readonly Attempt[]): TemplateResult {
    const several = attempts.length > 1;
    return html`<div
      class=${several ? 'generation several' : 'generation'}
      role=${several ? 'group' : nothing}
      aria-label=${several ? this.t('picture.several', { count: attempts.length }) : nothing}
    >
      ${repeat(
        attempts,
        ({ image }) => image.imageId,
        (attempt) => this.#attempt(attempt),
      )}
    </div>`;
  }

  #attempt(attempt: Attempt): TemplateResult {
    const { image } = attempt;
    const { imageId } = image;
    const origin = originOf(attempt, this.attempts, this.discarded);
    const isApproved = imageId === this.approvedId;
    const hasChanges = this.changesAsked.has(imageId);
    const picture = this.images.get(imageId);
    const lookers = othersAt(this.people, imageId);
    const unseen = picture && displayProblem(picture) ? this.t('strip.unseen') : undefined;
    const description = [unseen, lookersSentence(this.t, lookers)].filter(Boolean).join(' ');
    return html`<button
      class="attempt"
      type="button"
      data-image-id=${imageId}
      tabindex=${imageId === this.#focus.tabStop ? 0 : -1}
      aria-current=${imageId === this.selectedId ? 'true' : nothing}
      aria-busy=${isPending(this.pending, 'discard', imageId) ? 'true' : nothing}
      aria-label=${attemptName(this.t, attempt, {
        attempts: this.attempts,
        discarded: this.discarded,
        isApproved,
        hasChanges,
      })}
      aria-description=${description || nothing}
      aria-keyshortcuts=${this.decides ? 'Delete' : nothing}
      @click=${() => this.dispatchEvent(new SelectAttemptEvent(imageId))}
    >
      <proof-thumbnail .image=${image} .picture=${picture}></proof-thumbnail>
      ${lookers.length > 0 ? html`<span class="lookers">${avatars(lookers)}</span>` : nothing}
      <span class="label figures">
        ${origin ? (origin.verb === 'refined' ? icons.pencil() : icons.again()) : nothing}
        ${attemptNumber(this.t, attempt)}
        ${isApproved ? html`<span class="approved">${icons.check()}</span>` : nothing}
        ${hasChanges ? html`<span class="changes">${icons.request()}</span>` : nothing}
      </span>
    </button>`;
  }

  /** The status element is always rendered: a screen reader reads out only text that is added to one that is there already. */
  #undo(): TemplateResult {
    const attempt = this.justDiscarded?.image.imageId === this.heldId ? undefined : this.justDiscarded;
    return html`<div class=${attempt ? 'undo' : 'undo unseen'} data-image-id=${attempt?.image.imageId ?? nothing}>
      <p role="status" dir="auto">${attempt ? this.#discardedSentence(attempt) : nothing}</p>
      ${attempt ? this.#restoreButton(attempt, { label: this.t('strip.undo'), icon: icons.undo(), once: true }) : nothing}
    </div>`;
  }

  #discardedSentence(attempt: DiscardedAttempt): unknown {
    const { number, discarded } = attempt;
    if (this.#isOwn(attempt)) return this.t('strip.discarded', { number });
    return this.t.rich('strip.discardedBy', { number, name: discarded.by, person });
  }

  #actions(): TemplateResult {
    const pair = pairToCompare(this.attempts, this.selectedId);
    const compare = (): unknown => pair && this.dispatchEvent(new CompareEvent(...pair));
    return html`<div class="actions">
      <slot></slot>
      ${pair ? button({ label: this.t('strip.compare'), icon: icons.compare(), shortcut: 'compare', press: compare }) : nothing}
      ${this.discarded.length > 0 ? this.#discardedList() : nothing}
    </div>`;
  }

  #discardedList(): TemplateResult {
    return html`<details @toggle=${this.#toggled}>
      <summary class="figures">${icons.chevron()}${this.t('strip.discardedList', { count: this.discarded.length })}</summary>
      <ul class="discarded">
        ${repeat(
          this.discarded,
          ({ image }) => image.imageId,
          (attempt) => this.#discardedAttempt(attempt),
        )}
      </ul>
    </details>`;
  }

  #discardedAttempt(attempt: DiscardedAttempt): TemplateResult {
    const { imageId } = attempt.image;
    const { number, discarded } = attempt;
    const title = this.t.rich('strip.listedDiscarded', {
      number,
      who: this.#isOwn(attempt) ? 'you' : 'other',
      name: discarded.by,
      person,
      soft: (text) => html`<span class="small soft">${text}</span>`,
    });
    return html`<li data-image-id=${imageId}>
      <proof-thumbnail .image=${attempt.image} .picture=${this.images.get(imageId)}></proof-thumbnail>
      <div>
        <p class="figures">${title}</p>
        ${this.#restoreButton(attempt, { label: this.t('strip.restore'), name: this.t('strip.restoreOf', { number }), kind: 'quiet' })}
      </div>
    </li>`;
  }

  #isOwn({ discarded }: DiscardedAttempt): boolean {
    return discarded.participantId === this.participantId;
  }

  #restoreButton({ image: { imageId } }: DiscardedAttempt, options: ButtonOptions): TemplateResult | typeof nothing {
    if (!this.decides) return nothing;
    return button({
      ...options,
      busy: isPending(this.pending, 'restore', imageId),
      unavailable: this.unavailable,
      press: () => this.#restore(imageId),
    });
  }

  #discard(imageId: string): void {
    if (!this.decides || this.unavailable || isPending(this.pending, 'discard')) return;
    this.dispatchEvent(new IntentEvent({ type: 'discard', imageId }));
  }

  #restore(imageId: string): void {
    if (isPending(this.pending, 'restore')) return;
    this.dispatchEvent(new IntentEvent({ type: 'restore', imageId }));
    // The person who restores an attempt wants to see it.
    this.dispatchEvent(new SelectAttemptEvent(imageId));
  }

  #keyPressed(event: KeyboardEvent): void {
    const imageId = imageIdAt(event.target);
    if (imageId === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Delete' || event.key === 'Backspace') this.#discard(imageId);
    else if (!this.#focus.move(event.key, imageId)) return;
    event.preventDefault();
  }

  /** The person who discards by a button elsewhere on the page, which on a phone may be out of view, is taken to Undo. */
  #focusUndo(): void {
    if (this.justDiscarded === this.#undoOffered) return;
    this.#undoOffered = this.justDiscarded;
    if (!this.justDiscarded || !this.#isOwn(this.justDiscarded) || this.shadowRoot?.activeElement) return;
    this.renderRoot.querySelector<HTMLElement>('.undo button')?.focus();
  }

  /** Scrolls to the selected attempt, or to the newest where none is selected. */
  async #scrollToSelected(): Promise<void> {
    // A thumbnail has its width only once it has rendered.
    await Promise.all([...this.imagePlaces].map(({ updateComplete }) => updateComplete));
    const { items } = this;
    const item = items.find(({ ariaCurrent }) => ariaCurrent === 'true') ?? items.at(-1);
    if (item) this.#scroller.scrollTo(item);
    this.#scroller.markEdges();
  }

  #toggled(): void {
    this.#reflectExpanded();
    if (this.discardedList?.open) this.discardedList.scrollIntoView({ block: 'nearest' });
  }

  /** The styles of the viewer depend on this attribute. */
  #reflectExpanded(): void {
    this.toggleAttribute('expanded', this.discardedList?.open ?? false);
  }
}
