/** The picture on its mat. A new one is decoded before it takes the old one's place, and fades in over it. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { element } from '../element.ts';
import * as icons from '../icons.ts';
import type { PictureShowing } from '../showing.ts';
import { base } from '../styles/base.ts';
import { marks } from '../styles/marks.ts';
import { picture } from '../styles/picture.ts';

interface Layer {
  readonly imageId: string;
  readonly image: HTMLImageElement;
  readonly ratio: number;
}

const slugs = { partial: 'Preview', previous: 'Previous picture', approved: 'Approved' } as const;

@element('proof-picture')
export class Picture extends LitElement {
  static override styles = [base, marks, picture];

  @property({ attribute: false }) accessor showing: PictureShowing = { kind: 'nothing' };
  /** Whether something is being drawn: the mat shows that it works. */
  @property({ type: Boolean }) accessor working = false;

  /** The picture on show, and under it the one that it replaces, while it fades in. */
  @state() private accessor layers: readonly Layer[] = [];
  #wanted: string | undefined;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('showing')) return;
    const { showing } = this;
    if (!('picture' in showing)) {
      this.#wanted = undefined;
      this.layers = [];
      return;
    }
    const top = this.layers.at(-1);
    if (top && top.imageId === showing.picture.reference.imageId) {
      this.#wanted = top.imageId;
      top.image.alt = showing.alt;
    } else if (this.#wanted !== showing.picture.reference.imageId) {
      void this.#bringIn(showing);
    }
  }

  override updated(): void {
    const frame = this.renderRoot.querySelector<HTMLElement>('.frame');
    const ratio = this.layers.at(-1)?.ratio ?? (this.showing.kind === 'blank' ? this.showing.ratio : 1);
    frame?.style.setProperty('--ratio', String(ratio));
  }

  override render(): TemplateResult | typeof nothing {
    const { kind } = this.showing;
    if (kind === 'nothing') return nothing;
    const slug = kind === 'blank' || kind === 'finished' ? undefined : slugs[kind];
    return html`<figure class=${`frame ${this.layers.length ? kind : 'blank'}`}>
      <span class="marks" aria-hidden="true"></span>
      <div class="sheet" @animationend=${this.#faded}>
        ${repeat(
          this.layers,
          ({ image }) => image,
          ({ image }) => image,
        )}
        ${this.working ? html`<span class="sweep"></span>` : nothing}
      </div>
      ${slug ? html`<figcaption class="slug">${kind === 'approved' ? icons.check() : nothing}${slug}</figcaption>` : nothing}
    </figure>`;
  }

  async #bringIn(showing: Extract<PictureShowing, { picture: unknown }>): Promise<void> {
    const { reference, url } = showing.picture;
    this.#wanted = reference.imageId;
    const image = new Image(reference.width, reference.height);
    image.alt = showing.alt;
    image.src = url;
    // A picture that can't be decoded still takes its place: its alternative text then stands there.
    await image.decode().catch(() => undefined);
    if (this.#wanted !== reference.imageId) return;
    if ('alt' in this.showing) image.alt = this.showing.alt;
    const under = this.layers.at(-1);
    if (under) under.image.alt = '';
    const ratio = reference.width / reference.height;
    this.layers = [...(under ? [under] : []), { imageId: reference.imageId, image, ratio }];
  }

  #faded(event: AnimationEvent): void {
    const top = this.layers.at(-1);
    if (top && event.target === top.image) this.layers = [top];
  }
}
