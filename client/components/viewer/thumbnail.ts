/** A thumbnail of an image; while the image's bytes are not here, an empty box of its shape. */
import { LitElement, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { ImageReference } from '../../../shared/model.ts';
import { displayProblem, type ReceivedImage } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { DecodedImage } from './decoded-image.ts';
import { thumbnail } from './thumbnail.styles.ts';

@element('proof-thumbnail')
export class Thumbnail extends LitElement {
  static override styles = [base, thumbnail];

  @property({ attribute: false }) accessor image!: ImageReference;
  /** Absent until its bytes are here. */
  @property({ attribute: false }) accessor picture: ReceivedImage | undefined;

  readonly #image = new DecodedImage(() => this.requestUpdate());

  get imageId(): string {
    return this.image.imageId;
  }

  get isFilled(): boolean {
    return this.picture !== undefined;
  }

  override willUpdate(): void {
    this.#image.request(this.picture);
  }

  override updated(): void {
    const { width, height } = this.image;
    this.style.setProperty('--ratio', String(width && height ? width / height : 1));
    this.toggleAttribute('filled', this.#image.decoded !== undefined);
  }

  /** Without alternative text: the thumbnail stands beside a label. */
  override render(): HTMLImageElement | TemplateResult | typeof nothing {
    if (this.picture && displayProblem(this.picture)) return icons.hidden();
    const image = this.#image.decoded?.element;
    if (!image) return nothing;
    image.alt = '';
    image.draggable = false;
    return image;
  }
}
