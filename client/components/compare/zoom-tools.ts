/** How near the pictures are, and the buttons that change it. */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { actualPixels, fit, type ViewChange, zoomIn, zoomOut } from './view-changes.ts';
import { ACTUAL_PIXELS, type Bench, fitted, MAX_ZOOM, percent, type View, zoomOf } from './zoom.ts';

export class ViewChangeEvent extends Event {
  static readonly type = 'view-change';
  readonly change: ViewChange;

  constructor(change: ViewChange) {
    super(ViewChangeEvent.type);
    this.change = change;
  }
}

@element('proof-zoom-tools')
export class ZoomTools extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      .tools {
        display: flex;
        align-items: center;
      }

      .button {
        min-inline-size: 44px;
        padding-inline: 0.625rem;
        font-size: var(--small);
      }

      output {
        min-inline-size: 3.25em;
        font-size: var(--small);
        font-weight: 560;
        text-align: center;
      }
    `,
  ];

  @property({ attribute: false }) accessor view: View = fitted;
  /** Undefined until the pictures have a place. */
  @property({ attribute: false }) accessor bench: Bench | undefined;

  override render(): TemplateResult {
    const { view, bench } = this;
    const now = bench ? zoomOf(view, bench) : ACTUAL_PIXELS;
    const isFit = bench === undefined || view.zoom === 'fit';
    const isActual = Math.abs(now - ACTUAL_PIXELS) < 0.001;
    return html`<div class="tools" role="group" aria-label="Zoom">
      ${button({ label: 'Zoom out', icon: icons.minus(), bare: true, kind: 'quiet', unavailable: isFit, press: this.#tell(zoomOut) })}
      <output class="figures">${percent(now)}</output>
      ${button({ label: 'Zoom in', icon: icons.plus(), bare: true, kind: 'quiet', unavailable: now >= MAX_ZOOM, press: this.#tell(zoomIn) })}
      ${button({ label: 'Fit', kind: 'quiet', unavailable: isFit, press: this.#tell(fit) })}
      ${button({ label: 'Actual pixels', kind: 'quiet', unavailable: isActual, press: this.#tell(actualPixels) })}
    </div>`;
  }

  #tell(change: ViewChange): () => void {
    return () => this.dispatchEvent(new ViewChangeEvent(change));
  }
}
