/** A small sheet with an image on it, or blank and of the right shape until its bytes are here. */
import { css, LitElement, nothing } from 'lit';
import { property } from 'lit/decorators.js';
import type { ImageReference } from '../../../shared/model.ts';
import type { ReceivedImage } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { element } from '../ui/element.ts';
import { DecodedImages } from './decoded-images.ts';

@element('proof-thumbnail')
export class Thumbnail extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        --ratio: 1;
        block-size: 4.5rem;
        /* A panorama or a bookmark shows its middle. */
        inline-size: clamp(3rem, 4.5rem * var(--ratio), 8rem);
        overflow: hidden;
        border-radius: 2px;
        background: light-dark(#f4f3f1, #19191a);
        box-shadow: inset 0 0 0 1px var(--edge);
      }

      :host([filled]) {
        box-shadow: 0 1px 2px light-dark(rgb(0 0 0 / 0.16), rgb(0 0 0 / 0.6));
      }

      img {
        display: block;
        inline-size: 100%;
        block-size: 100%;
        object-fit: cover;
        background: var(--check) / 12px 12px;
        animation: bring-in 300ms ease-out both;
      }

      @keyframes bring-in {
        from {
          opacity: 0;
        }
      }

      @media (forced-colors: active) {
        :host {
          border: 1px solid CanvasText;
        }
      }
    `,
  ];

  @property({ attribute: false }) accessor image!: ImageReference;
  @property({ attribute: false }) accessor picture: ReceivedImage | undefined;

  readonly #images = new DecodedImages(() => this.requestUpdate());

  get imageId(): string {
    return this.image.imageId;
  }

  get isFilled(): boolean {
    return this.picture !== undefined;
  }

  override willUpdate(): void {
    if (this.picture) this.#images.want(0, this.picture);
    else this.#images.clear(0);
  }

  override updated(): void {
    const { width, height } = this.image;
    this.style.setProperty('--ratio', String(width && height ? width / height : 1));
    this.toggleAttribute('filled', this.#images.shown(0) !== undefined);
  }

  /** What it shows is told by what it stands in. */
  override render(): HTMLImageElement | typeof nothing {
    const image = this.#images.shown(0);
    if (!image) return nothing;
    image.alt = '';
    image.draggable = false;
    return image;
  }
}
