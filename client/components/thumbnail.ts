/** A small sheet with an image on it, or blank and of the right shape until its bytes are here. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { ImageReference } from '../../shared/session.ts';
import { element } from '../element.ts';
import type { ReceivedImage } from '../session-state.ts';
import { base } from '../styles/base.ts';

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
        background: repeating-conic-gradient(#d4d4d2 0 25%, #c6c6c4 0 50%) 0 0 / 12px 12px;
        box-shadow: 0 1px 2px light-dark(rgb(0 0 0 / 0.16), rgb(0 0 0 / 0.6));
      }

      img {
        display: block;
        inline-size: 100%;
        block-size: 100%;
        object-fit: cover;
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

  get imageId(): string {
    return this.image.imageId;
  }

  get isFilled(): boolean {
    return this.picture !== undefined;
  }

  override updated(): void {
    const { width, height } = this.image;
    this.style.setProperty('--ratio', String(width && height ? width / height : 1));
    this.toggleAttribute('filled', this.isFilled);
  }

  /** What it shows is told by what it stands in. */
  override render(): TemplateResult | typeof nothing {
    if (!this.picture) return nothing;
    return html`<img src=${this.picture.url} alt="" decoding="async" draggable="false" />`;
  }
}
