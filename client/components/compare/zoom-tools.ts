/** The zoom as a percentage, and the buttons that change it. */
import { html, LitElement, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { ZoomActionEvent } from './pane-input.ts';
import { ACTUAL_PIXELS, fitted, type Layout, MAX_ZOOM, percent, type View, type ZoomAction, zoomOf } from './zoom.ts';

/** Dispatches a `ZoomActionEvent` for each press of a button. */
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
  /** Undefined until the pictures are laid out. */
  @property({ attribute: false }) accessor layout: Layout | undefined;

  override render(): TemplateResult {
    const { view, layout } = this;
    const zoom = layout ? zoomOf(view, layout) : ACTUAL_PIXELS;
    const isFit = layout === undefined || view.zoom === 'fit';
    const isActual = Math.abs(zoom - ACTUAL_PIXELS) < 0.001;
    const press = (action: ZoomAction) => () => this.dispatchEvent(new ZoomActionEvent(action));
    const [zoomOut, zoomIn] = [press({ type: 'step', direction: 'out' }), press({ type: 'step', direction: 'in' })];
    return html`<div class="tools" role="group" aria-label="Zoom">
      ${button({ label: 'Zoom out', icon: icons.minus(), bare: true, kind: 'quiet', unavailable: isFit, press: zoomOut })}
      <output class="figures">${percent(zoom)}</output>
      ${button({ label: 'Zoom in', icon: icons.plus(), bare: true, kind: 'quiet', unavailable: zoom >= MAX_ZOOM, press: zoomIn })}
      ${button({ label: 'Fit', kind: 'quiet', unavailable: isFit, press: press({ type: 'fit' }) })}
      ${button({ label: 'Actual pixels', kind: 'quiet', unavailable: isActual, press: press({ type: 'actual_pixels' }) })}
    </div>`;
  }
}
