/** A dialog that fills the window: two attempts side by side or under a slider, or a close look at one. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import type { Attempt } from '../../../shared/model.ts';
import type { Command } from '../../../shared/protocol.ts';
import { findAttempt } from '../../model/attempt-tree.ts';
import { isApprovable } from '../../model/permissions.ts';
import { attemptNumber, firstWords } from '../../model/sentences.ts';
import { isPending, pictureProblem, type SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import { ElementSize } from '../ui/element-size.ts';
import * as icons from '../ui/icons.ts';
import { ImageLoader } from '../ui/image-loader.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { compare } from './compare.styles.ts';
import { type DivideEvent, dividerPosition } from './divider.ts';
import { keyAction, type ZoomActionEvent } from './pane-input.ts';
import * as zoom from './zoom.ts';
import type { PanePicture } from './zoom-pane.ts';
import './compare-side.ts';
import './divider.ts';
import './zoom-pane.ts';
import './zoom-tools.ts';

const modes = { 'side-by-side': 'compare.sideBySide', slider: 'compare.slider' } as const;
type Mode = keyof typeof modes;
type Side = 0 | 1;

/** Dispatches `closed` when it has been closed. */
@element('proof-compare')
export class Compare extends LocalizedElement {
  static override styles = [base, controls, dialog, compare];

  /** The attempts to choose from, oldest first. */
  @property({ attribute: false }) accessor attempts: readonly Attempt[] = [];
  /** The images whose bytes are here, by image id. The others are requested when they are compared. */
  @property({ attribute: false }) accessor images: SessionState['images'] = new Map();
  @property({ attribute: false }) accessor imageProblems: SessionState['imageProblems'] = new Map();
  @property({ attribute: false }) accessor approvedId: string | undefined;
  /** Whether this person may approve now. */
  @property({ type: Boolean }) accessor decides = false;
  /** Commands that have no answer yet. */
  @property({ attribute: false }) accessor pending: readonly Command[] = [];
  /** The connection is down, so that nothing can be sent. */
  @property({ type: Boolean }) accessor unavailable = false;
  /** A sentence on what happens in the session meanwhile, since the dialog covers the rest of the page. */
  @property({ attribute: false }) accessor status = '';

  @state() private accessor isOpen = false;
  /** One image id or two. */
  @state() private accessor selected: readonly [string, string | undefined] = ['', undefined];
  @state() private accessor mode: Mode = 'side-by-side';
  /** Shared by both pictures. */
  @state() private accessor view: zoom.View = zoom.fitted;
  /** How much of the first picture the slider shows, in percent. */
  @state() private accessor share = 50;
  @query('dialog') private accessor dialog!: HTMLDialogElement | null;
  @query('proof-zoom-pane') private accessor pane!: Element | null;

  readonly #paneSize = new ElementSize(this, () => this.pane);
  readonly #loader = new ImageLoader(this);

  /** Opens the dialog on two attempts, given by their image ids; without the second, on a close look at the first. */
  show(leftId: string, rightId?: string): void {
    this.selected = [leftId, rightId];
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
    const images = this.#compared.flatMap((attempt) => attempt?.image ?? []);
    this.#loader.load(images.map(({ imageId }) => ({ imageId, isFilled: this.images.has(imageId) })));
  }

  override render(): TemplateResult {
    const layout = this.#layout;
    return html`<dialog aria-labelledby="title" @close=${this.#closed} @keydown=${this.#keyPressed}>
      <header class=${this.#isSingle ? 'single' : ''}>
        <h2 id="title" tabindex="-1" autofocus>${this.#title}</h2>
        ${this.#isSingle ? nothing : this.#modeChoice()}
        <proof-zoom-tools
          .view=${this.view}
          .layout=${layout}
          @zoom-action=${({ action }: ZoomActionEvent) => this.#changeView(action)}
        ></proof-zoom-tools>
        ${button({ label: this.t('common.close'), icon: icons.cross(), kind: 'quiet', bare: true, press: () => this.close() })}
      </header>
      <p class="status small soft" role="status">${this.isOpen ? this.status : ''}</p>
      ${
        this.isOpen
          ? html`<div class=${`layout ${this.#isSingle ? 'single' : this.mode}`} @proof-select=${() => this.close()}>
              ${this.#isSingle ? this.#singlePane(0, layout) : this.#twoPictures(layout)}
              ${this.#sides.map((side) => this.#side(side, layout))}
            </div>`
          : nothing
      }
    </dialog>`;
  }

  get #isSingle(): boolean {
    return this.selected[1] === undefined;
  }

  get #sides(): readonly Side[] {
    return this.#isSingle ? [0] : [0, 1];
  }

  get #title(): string {
    const [attempt] = this.#compared;
    if (!this.#isSingle) return this.t('compare.title');
    return attempt ? this.t('compare.closeLookAt', { number: attempt.number }) : this.t('compare.closeLook');
  }

  #modeChoice(): TemplateResult {
    const choice = (mode: Mode) => html`<label class="mode">
      <input
        class="unseen"
        type="radio"
        name="mode"
        .checked=${this.mode === mode}
        @change=${() => {
          this.mode = mode;
        }}
      />${this.t(modes[mode])}
    </label>`;
    return html`<fieldset class="modes">
      <legend class="unseen">${this.t('compare.how')}</legend>
      ${choice('side-by-side')}${choice('slider')}
    </fieldset>`;
  }

  #twoPictures(layout: zoom.Layout | undefined): TemplateResult {
    const swap = () => this.#swap();
    return html`${this.#pictureChoice(0)}
    ${button({ label: this.t('compare.swap'), name: this.t('compare.swapName'), icon: icons.swap(), kind: 'quiet', bare: true, press: swap })}
    ${this.#pictureChoice(1)}
    ${this.mode === 'slider' ? this.#sliderPane(layout) : this.#sides.map((side) => this.#singlePane(side, layout))}`;
  }

  #pictureChoice(side: Side): TemplateResult {
    const selected = this.selected[side];
    const changed = ({ target }: Event): void => {
      if (target instanceof HTMLSelectElement) this.#select(side, target.value);
    };
    return html`<select
      class=${`choice side-${side}`}
      aria-label=${this.t(side === 0 ? 'compare.first' : 'compare.second')}
      @change=${changed}
    >
      ${this.#compared[side] ? nothing : html`<option value="" .selected=${true} disabled>${this.t('compare.choose')}</option>`}
      ${this.attempts.map(
        (attempt) =>
          html`<option value=${attempt.image.imageId} .selected=${attempt.image.imageId === selected}>
            ${this.t('picture.numberAndText', { number: attempt.number, text: firstWords(attempt.feedback ?? attempt.prompt) })}
          </option>`,
      )}
    </select>`;
  }

  #singlePane(side: Side, layout: zoom.Layout | undefined): TemplateResult {
    const attempt = this.#compared[side];
    if (!attempt) return html`<p class=${`gone soft ${this.#classOf(side)}`}>${this.t('compare.gone')}</p>`;
    return html`<proof-zoom-pane
      class=${this.#classOf(side)}
      .label=${attemptNumber(this.t, attempt)}
      .pictures=${layout ? [this.#panePicture(attempt, layout)] : []}
      ?movable=${this.view.zoom !== 'fit'}
      @zoom-action=${({ action }: ZoomActionEvent) => this.#changeView(action, attempt.image)}
    ></proof-zoom-pane>`;
  }

  #sliderPane(layout: zoom.Layout | undefined): TemplateResult {
    const [first, second] = this.#compared;
    if (!first || !second) return html`<p class="gone soft">${this.t('compare.oneGone')}</p>`;
    const numbers = [first.number, second.number] as const;
    const mirrored = getComputedStyle(this).direction === 'rtl';
    const { from, to } = layout ? zoom.extent(this.view, layout) : { from: 0, to: 0 };
    const { share } = this;
    return html`<proof-zoom-pane
      .label=${this.t('compare.both', { first: first.number, second: second.number })}
      .pictures=${layout ? [this.#panePicture(first, layout), this.#panePicture(second, layout)] : []}
      .split=${dividerPosition({ share, from, to, mirrored })}
      ?mirrored=${mirrored}
      ?movable=${this.view.zoom !== 'fit'}
      @zoom-action=${({ action }: ZoomActionEvent) => this.#changeView(action, first.image)}
    >
      <proof-divider
        .share=${share}
        .from=${from}
        .to=${to}
        .numbers=${numbers}
        ?mirrored=${mirrored}
        @divide=${(event: DivideEvent) => {
          this.share = event.share;
        }}
      ></proof-divider>
    </proof-zoom-pane>`;
  }

  #panePicture(attempt: Attempt, layout: zoom.Layout): PanePicture {
    const { imageId } = attempt.image;
    const problem = pictureProblem(this, imageId);
    return {
      imageId,
      ...(problem ? { problem } : { url: this.images.get(imageId)?.url }),
      number: attempt.number,
      prompt: attempt.prompt,
      placement: zoom.place(this.view, layout, attempt.image),
    };
  }

  #side(side: Side, layout: zoom.Layout | undefined): TemplateResult | typeof nothing {
    const attempt = this.#compared[side];
    if (!attempt) return nothing;
    const { imageId } = attempt.image;
    const canApprove = !this.unavailable && isApprovable(this, imageId) && !isPending(this.pending, 'approve');
    return html`<proof-compare-side
      class=${this.#classOf(side)}
      .image=${attempt.image}
      .number=${attempt.number}
      .zoom=${this.#ownZoom(attempt, layout)}
      ?single=${this.#isSingle}
      ?approved=${imageId === this.approvedId}
      ?decides=${this.decides && this.approvedId === undefined && !pictureProblem(this, imageId)}
      ?busy=${isPending(this.pending, 'approve', imageId)}
      ?unavailable=${!canApprove}
    ></proof-compare-side>`;
  }

  /** Of two pictures, the one with fewer pixels is zoomed further than the tools say. */
  #ownZoom({ image }: Attempt, layout: zoom.Layout | undefined): number | undefined {
    if (!layout) return undefined;
    const own = zoom.place(this.view, layout, image).zoom;
    return inPercent(own) === inPercent(zoom.zoomOf(this.view, layout)) ? undefined : own;
  }

  /** A single picture spans both sides. */
  #classOf(side: Side): string {
    return this.#isSingle ? '' : `side-${side}`;
  }

  /** An attempt is undefined when it is no longer in the session. */
  get #compared(): readonly [Attempt | undefined, Attempt | undefined] {
    const [first, second] = this.selected;
    return [findAttempt(this.attempts, first), findAttempt(this.attempts, second)];
  }

  get #layout(): zoom.Layout | undefined {
    const { size: pane, density } = this.#paneSize;
    const [first, ...rest] = this.#compared.flatMap((attempt) => attempt?.image ?? []);
    return this.isOpen && pane && first ? { pane, density, pictures: [first, ...rest] } : undefined;
  }

  /** Selecting the picture of the other side exchanges the two. */
  #select(side: Side, imageId: string): void {
    const [first, second] = this.selected;
    if (imageId === (side === 0 ? second : first)) this.#swap();
    else this.selected = side === 0 ? [imageId, second] : [first, imageId];
  }

  #swap(): void {
    const [first, second] = this.selected;
    if (second !== undefined) this.selected = [second, first];
  }

  #closed(): void {
    // Browsers dispatch `close` in a later task, and by then the dialog may have been opened again.
    if (this.dialog?.open) return;
    this.isOpen = false;
    this.dispatchEvent(new Event('closed'));
  }

  /** @param picture the one under the pointer, if any */
  #changeView(action: zoom.ZoomAction, picture?: zoom.Size): void {
    const layout = this.#layout;
    if (layout) this.view = zoom.changeView(this.view, layout, action, picture);
  }

  #keyPressed(event: KeyboardEvent): void {
    const [target] = event.composedPath();
    // A select element uses digits and arrow keys itself, and radio buttons use arrow keys.
    if (event.defaultPrevented || target instanceof HTMLSelectElement) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = keyAction(event);
    if (!action || (action.type === 'pan' && target instanceof HTMLInputElement)) return;
    event.preventDefault();
    this.#changeView(action);
  }
}

const inPercent = (zoom: number): number => Math.round(zoom * 100);
