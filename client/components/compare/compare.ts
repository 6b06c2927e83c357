/** Two attempts compared, side by side or one over the other, or one looked at closely. Fills the window; both share zoom and pan. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import type { Attempt } from '../../../shared/model.ts';
import { attemptNumber } from '../../model/attempt-label.ts';
import { IntentEvent } from '../../model/intent.ts';
import type { ReceivedImage } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { compare } from './compare.styles.ts';
import { pictureChoice, type Side, type Way, wayChoice } from './compare-choice.ts';
import { type DivideEvent, lineAt } from './divider.ts';
import { PaneSize } from './pane-size.ts';
import { changeByGesture, changeByKey, isArrow, type ViewChange } from './view-changes.ts';
import * as zoom from './zoom.ts';
import type { PaneGestureEvent, Sheet } from './zoom-pane.ts';
import type { ViewChangeEvent } from './zoom-tools.ts';
import './compare-side.ts';
import './divider.ts';
import './zoom-pane.ts';
import './zoom-tools.ts';

@element('proof-compare')
export class Compare extends LitElement {
  static override styles = [base, controls, dialog, compare];

  /** Those that can be chosen. */
  @property({ attribute: false }) accessor attempts: readonly Attempt[] = [];
  /** Those whose bytes are here, by image id; the others are asked for when they are to be seen. */
  @property({ attribute: false }) accessor images: ReadonlyMap<string, ReceivedImage> = new Map();
  @property({ attribute: false }) accessor approvedId: string | undefined;
  /** Whether this person may approve, now. */
  @property({ type: Boolean }) accessor decides = false;
  /** An approval is on its way. */
  @property({ type: Boolean }) accessor busy = false;
  @property({ type: Boolean }) accessor unavailable = false;
  /** What there is to know of the session meanwhile: the rest of the page lies behind this dialog. */
  @property({ attribute: false }) accessor news = '';

  @state() private accessor isOpen = false;
  /** Image ids, of one picture or of two. */
  @state() private accessor chosen: readonly [string, string | undefined] = ['', undefined];
  @state() private accessor way: Way = 'beside';
  @state() private accessor view: zoom.View = zoom.fitted;
  /** How much of the first picture the slider shows, in percent. */
  @state() private accessor share = 50;
  @query('dialog') private accessor dialog!: HTMLDialogElement | null;
  @query('proof-zoom-pane') accessor pane!: Element | null;

  readonly #paneSize = new PaneSize(this);
  /** Asked for since the dialog was opened. */
  readonly #asked = new Set<string>();

  /** Both are image ids of attempts; without the second the first is looked at alone. */
  show(leftId: string, rightId?: string): void {
    this.chosen = [leftId, rightId];
    this.view = zoom.fitted;
    this.share = 50;
    this.isOpen = true;
    if (!this.dialog?.open) this.dialog?.showModal();
  }

  close(): void {
    this.dialog?.close();
  }

  override updated(): void {
    if (!this.isOpen) return;
    const imageIds = this.#shown
      .map((attempt) => attempt?.image.imageId ?? '')
      .filter((id) => id && !this.images.has(id) && !this.#asked.has(id));
    if (imageIds.length === 0) return;
    for (const imageId of imageIds) this.#asked.add(imageId);
    this.dispatchEvent(new IntentEvent({ type: 'want', imageIds }));
  }

  override render(): TemplateResult {
    const bench = this.#bench;
    return html`<dialog aria-labelledby="title" @close=${this.#closed} @keydown=${this.#pressed}>
      <header class=${this.#isAlone ? 'alone' : ''}>
        <h2 id="title" tabindex="-1" autofocus>${this.#title}</h2>
        ${
          this.#isAlone
            ? nothing
            : wayChoice(this.way, (way) => {
                this.way = way;
              })
        }
        <proof-zoom-tools
          .view=${this.view}
          .bench=${bench}
          @view-change=${({ change }: ViewChangeEvent) => this.#change(change)}
        ></proof-zoom-tools>
        ${button({ label: 'Close', icon: icons.cross(), kind: 'quiet', bare: true, press: () => this.close() })}
      </header>
      <p class="news small soft" role="status">${this.isOpen ? this.news : ''}</p>
      ${
        this.isOpen
          ? html`<div class=${`table ${this.#isAlone ? 'alone' : this.way}`} @proof-select=${() => this.close()}>
              ${this.#isAlone ? this.#onePane(0, bench) : this.#twoPanes(bench)}
              ${this.#sides.map((side) => this.#side(side, bench))}
            </div>`
          : nothing
      }
    </dialog>`;
  }

  get #isAlone(): boolean {
    return this.chosen[1] === undefined;
  }

  get #sides(): readonly Side[] {
    return this.#isAlone ? [0] : [0, 1];
  }

  get #title(): string {
    const [attempt] = this.#shown;
    if (!this.#isAlone) return 'Compare';
    return attempt ? `Close look at ${this.#nameOf(attempt)}` : 'Close look';
  }

  #twoPanes(bench: zoom.Bench | undefined): TemplateResult {
    const { attempts } = this;
    const choice = (side: Side) =>
      pictureChoice({ side, attempts, chosen: this.chosen[side], choose: (imageId) => this.#choose(side, imageId) });
    return html`${choice(0)}
    ${button({ label: 'Swap', name: 'Swap the two pictures', icon: icons.swap(), kind: 'quiet', bare: true, press: () => this.#swap() })}
    ${choice(1)} ${this.way === 'beside' ? this.#sides.map((side) => this.#onePane(side, bench)) : this.#overPane(bench)}`;
  }

  #onePane(side: Side, bench: zoom.Bench | undefined): TemplateResult {
    const attempt = this.#shown[side];
    if (!attempt) return html`<p class=${`gone soft ${this.#classOf(side)}`}>This picture is no longer here.</p>`;
    return html`<proof-zoom-pane
      class=${this.#classOf(side)}
      .label=${this.#nameOf(attempt)}
      .sheets=${bench ? [this.#sheet(attempt, bench)] : []}
      ?movable=${this.view.zoom !== 'fit'}
      @pane-gesture=${({ gesture }: PaneGestureEvent) => this.#change(changeByGesture(gesture, attempt.image))}
    ></proof-zoom-pane>`;
  }

  #overPane(bench: zoom.Bench | undefined): TemplateResult {
    const [first, second] = this.#shown;
    if (!first || !second) return html`<p class="gone soft">One of the pictures is no longer here.</p>`;
    const names = [this.#nameOf(first), this.#nameOf(second)] as const;
    const mirrored = getComputedStyle(this).direction === 'rtl';
    const line = { share: this.share, mirrored, ...(bench ? zoom.extent(this.view, bench) : { from: 0, to: 0 }) };
    return html`<proof-zoom-pane
      .label=${names.join(' and ')}
      .sheets=${bench ? [this.#sheet(first, bench), this.#sheet(second, bench)] : []}
      .split=${lineAt(line)}
      ?mirrored=${mirrored}
      ?movable=${this.view.zoom !== 'fit'}
      @pane-gesture=${({ gesture }: PaneGestureEvent) => this.#change(changeByGesture(gesture, first.image))}
    >
      <proof-divider
        .share=${line.share}
        .from=${line.from}
        .to=${line.to}
        .names=${names}
        ?mirrored=${mirrored}
        @divide=${({ share }: DivideEvent) => {
          this.share = share;
        }}
      ></proof-divider>
    </proof-zoom-pane>`;
  }

  #sheet(attempt: Attempt, bench: zoom.Bench): Sheet {
    const { imageId } = attempt.image;
    return {
      imageId,
      url: this.images.get(imageId)?.url,
      alt: `${this.#nameOf(attempt)}: ${attempt.prompt}`,
      place: zoom.place(this.view, bench, attempt.image),
    };
  }

  #side(side: Side, bench: zoom.Bench | undefined): TemplateResult | typeof nothing {
    const attempt = this.#shown[side];
    if (!attempt) return nothing;
    const { imageId } = attempt.image;
    return html`<proof-compare-side
      class=${this.#classOf(side)}
      .image=${attempt.image}
      .name=${this.#nameOf(attempt)}
      .zoom=${this.#ownZoom(attempt, bench)}
      ?alone=${this.#isAlone}
      ?approved=${imageId === this.approvedId}
      ?decides=${this.decides && this.approvedId === undefined}
      ?busy=${this.busy}
      ?unavailable=${this.unavailable || !this.images.has(imageId)}
    ></proof-compare-side>`;
  }

  /** A coarser picture is enlarged to lie beside a finer one: then its zoom isn't the one above. */
  #ownZoom({ image }: Attempt, bench: zoom.Bench | undefined): string | undefined {
    if (!bench) return undefined;
    const own = zoom.percent(zoom.place(this.view, bench, image).zoom);
    return own === zoom.percent(zoom.zoomOf(this.view, bench)) ? undefined : own;
  }

  /** A picture that is alone has both sides. */
  #classOf(side: Side): string {
    return this.#isAlone ? '' : `side-${side}`;
  }

  #nameOf(attempt: Attempt): string {
    return attemptNumber(attempt, this.attempts);
  }

  get #shown(): readonly [Attempt | undefined, Attempt | undefined] {
    const find = (id: string | undefined) => this.attempts.find(({ image }) => image.imageId === id);
    return [find(this.chosen[0]), find(this.chosen[1])];
  }

  get #bench(): zoom.Bench | undefined {
    const { size: pane, density } = this.#paneSize;
    const [first, ...rest] = this.#shown.flatMap((attempt) => attempt?.image ?? []);
    return this.isOpen && pane && first ? { pane, density, pictures: [first, ...rest] } : undefined;
  }

  /** Who chooses the other side's picture wants the two exchanged. */
  #choose(side: Side, imageId: string): void {
    const [first, second] = this.chosen;
    if (imageId === (side === 0 ? second : first)) this.#swap();
    else this.chosen = side === 0 ? [imageId, second] : [first, imageId];
  }

  #swap(): void {
    const [first, second] = this.chosen;
    if (second !== undefined) this.chosen = [second, first];
  }

  #closed(): void {
    // The event comes late: meanwhile it may have been opened again.
    if (this.dialog?.open) return;
    this.isOpen = false;
    this.#asked.clear();
    this.dispatchEvent(new Event('closed'));
  }

  #change(change: ViewChange): void {
    const bench = this.#bench;
    if (bench) this.view = change(this.view, bench);
  }

  #pressed(event: KeyboardEvent): void {
    const [target] = event.composedPath();
    // A list takes digits and arrows for itself, and so do choices the arrows.
    const isTaken = event.defaultPrevented || target instanceof HTMLSelectElement;
    if (isTaken || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof HTMLInputElement && isArrow(event.key)) return;
    const change = changeByKey(event);
    if (!change) return;
    event.preventDefault();
    this.#change(change);
  }
}
