/** The picture on its mat: a new one is decoded before it takes the old one's place and fades in. A click brings it nearer. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { PictureShowing, PictureShown } from '../../model/viewer-content.ts';
import { base } from '../ui/base.styles.ts';
import { element } from '../ui/element.ts';
import { CompareEvent } from '../ui/events.ts';
import * as icons from '../ui/icons.ts';
import { marks } from './crop-marks.styles.ts';
import { picture } from './picture.styles.ts';

interface Layer {
  readonly image: HTMLImageElement;
  /** What the image was shown as when it was on top: how it looks, and what is said of it, goes with it and with no other. */
  readonly shown: PictureShown;
}

const slugs = { partial: 'Preview', previous: 'Previous picture', finished: undefined, approved: 'Approved' } as const;

@element('proof-picture')
export class Picture extends LitElement {
  static override styles = [base, marks, picture];

  @property({ attribute: false }) accessor showing: PictureShowing = { kind: 'nothing' };
  /** Whether something is being drawn: the mat shows that it works. */
  @property({ type: Boolean }) accessor working = false;

  /** The picture on show, and under it the one that it replaces, while it fades in. */
  @state() private accessor layers: readonly Layer[] = [];
  @query('.look') private accessor look!: HTMLElement | null;
  #wanted: string | undefined;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('showing')) return;
    const { showing } = this;
    if (!('picture' in showing)) {
      this.#wanted = undefined;
      this.layers = [];
      return;
    }
    const { imageId } = showing.picture.reference;
    const top = this.layers.at(-1);
    if (top && top.shown.picture.reference.imageId === imageId) {
      this.#wanted = imageId;
      this.layers = [...this.layers.slice(0, -1), { ...top, shown: showing }];
    } else if (this.#wanted !== imageId) {
      void this.#bringIn(showing);
    }
  }

  override updated(): void {
    const frame = this.renderRoot.querySelector<HTMLElement>('.frame');
    frame?.style.setProperty('--ratio', String(ratioOf(this.layers.at(-1)?.shown ?? this.showing)));
  }

  override render(): TemplateResult | typeof nothing {
    if (this.showing.kind === 'nothing') return nothing;
    const top = this.layers.at(-1);
    const kind = top?.shown.kind;
    const slug = kind && slugs[kind];
    for (const { image, shown } of this.layers) image.className = shown.kind;
    if (top) top.image.alt = top.shown.alt;
    return html`<figure class=${`frame ${kind ?? 'blank'}`}>
      <span class="marks" aria-hidden="true"></span>
      <div class="sheet" @animationend=${this.#faded} @click=${this.#lookClosely}>
        ${repeat(
          this.layers,
          ({ image }) => image,
          ({ image }) => image,
        )}
        ${this.working ? html`<span class="sweep"></span>` : nothing}
      </div>
      ${top ? this.#lookButton(top.shown) : nothing}
      ${!top && this.showing.kind === 'blank' && this.showing.isComing ? html`<figcaption class="slug coming">On its way …</figcaption>` : nothing}
      ${slug ? html`<figcaption class="slug">${kind === 'approved' ? icons.check() : nothing}${slug}</figcaption>` : nothing}
    </figure>`;
  }

  /** For keys and screen readers: it lies over the picture, but lets a mouse through, which may want to take the picture along. */
  #lookButton(shown: PictureShown): TemplateResult {
    const name = 'name' in shown ? ` at ${shown.name}` : '';
    // A preview can't be looked at; the button only keeps what focus it has.
    return html`<button
      class="look"
      type="button"
      aria-label=${`Look closely${name}`}
      aria-disabled=${name ? nothing : 'true'}
      tabindex=${name ? nothing : '-1'}
      @click=${this.#lookClosely}
    ></button>`;
  }

  #lookClosely(): void {
    const shown = this.layers.at(-1)?.shown;
    if (!shown || !('name' in shown)) return;
    // Where the focus comes back to, however the picture was opened.
    this.look?.focus({ preventScroll: true });
    this.dispatchEvent(new CompareEvent(shown.picture.reference.imageId));
  }

  async #bringIn({ picture: { reference, url } }: PictureShown): Promise<void> {
    this.#wanted = reference.imageId;
    const image = new Image(reference.width, reference.height);
    image.src = url;
    // A picture that can't be decoded still takes its place: its alternative text then stands there.
    await image.decode().catch(() => undefined);
    const { showing } = this;
    if (this.#wanted !== reference.imageId || !('picture' in showing)) return;
    const under = this.layers.at(-1);
    if (under) under.image.alt = '';
    this.layers = [...(under ? [under] : []), { image, shown: showing }];
  }

  #faded(event: AnimationEvent): void {
    const top = this.layers.at(-1);
    if (top && event.target === top.image) this.layers = [top];
  }
}

/** Width by height, as far as it is known. */
function ratioOf(showing: PictureShowing): number {
  if (showing.kind === 'blank') return showing.ratio;
  return 'picture' in showing ? showing.picture.reference.width / showing.picture.reference.height : 1;
}
