/** Icons of 20 by 20 pixels, drawn in one stroke and hidden from screen readers. */
import { html, type SVGTemplateResult, svg, type TemplateResult } from 'lit';

/** `mirrors`: it points along the line, so it points the other way where people read from right to left. */
const icon = (shape: SVGTemplateResult, mirrors = false): TemplateResult => html`<svg
  class=${mirrors ? 'icon mirrors' : 'icon'}
  viewBox="0 0 20 20"
  fill="none"
  stroke="currentColor"
  stroke-width="1.6"
  stroke-linecap="round"
  stroke-linejoin="round"
  aria-hidden="true"
>
  ${shape}
</svg>`;

/** The logo: a printer's registration mark. */
export const mark = (): TemplateResult =>
  icon(svg`<path d="M10 10V4.5a5.5 5.5 0 0 1 5.5 5.5Zm0 0v5.5A5.5 5.5 0 0 1 4.5 10Z" fill="currentColor" stroke="none"/>
    <circle cx="10" cy="10" r="5.5"/><path d="M10 1v18M1 10h18"/>`);
export const check = (): TemplateResult => icon(svg`<path d="m4 10.5 4 4 8-9"/>`);
export const again = (): TemplateResult => icon(svg`<path d="M16 10a6 6 0 1 1-1.8-4.3L16 7.5M16 3.5v4h-4"/>`);
export const download = (): TemplateResult => icon(svg`<path d="M10 3v9.5m-4-4 4 4 4-4M3.5 16.5h13"/>`);
export const copy = (): TemplateResult =>
  icon(
    svg`<rect x="7" y="7" width="9.5" height="9.5" rx="1.5"/><path d="M13 7V5a1.5 1.5 0 0 0-1.5-1.5H5A1.5 1.5 0 0 0 3.5 5v6.5A1.5 1.5 0 0 0 5 13h2"/>`,
  );
export const share = (): TemplateResult =>
  icon(svg`<path d="M10 12.5V3m-3.5 3L10 2.8 13.5 6M4.5 9.5v6a1.5 1.5 0 0 0 1.5 1.5h8a1.5 1.5 0 0 0 1.5-1.5v-6"/>`);
export const people = (): TemplateResult =>
  icon(
    svg`<circle cx="7.5" cy="7" r="2.8"/><path d="M2.5 16.5a5 5 0 0 1 10 0M13 4.5a2.8 2.8 0 0 1 0 5.2m1.5 2.6a5 5 0 0 1 3 4.2"/>`,
  );
export const eye = (): TemplateResult =>
  icon(svg`<path d="M2 10s3-5.5 8-5.5 8 5.5 8 5.5-3 5.5-8 5.5S2 10 2 10Z"/><circle cx="10" cy="10" r="2.4"/>`);
export const globe = (): TemplateResult =>
  icon(svg`<circle cx="10" cy="10" r="7.5"/><path d="M2.5 10h15M10 2.5c5 4.5 5 10.5 0 15c-5-4.5-5-10.5 0-15Z"/>`);
export const hidden = (): TemplateResult =>
  icon(
    svg`<path d="M5 5.8C3 7.3 2 10 2 10s3 5.5 8 5.5c1.6 0 3-.6 4.2-1.3M8 4.8c.6-.2 1.3-.3 2-.3 5 0 8 5.5 8 5.5s-.6 1.2-1.8 2.5M3 3l14 14"/>`,
  );
export const alert = (): TemplateResult => icon(svg`<circle cx="10" cy="10" r="7.5"/><path d="M10 6v4.5M10 13.7v.1"/>`);
export const stop = (): TemplateResult => icon(svg`<circle cx="10" cy="10" r="7.5"/><path d="M7.5 7.5h5v5h-5z"/>`);
export const cross = (): TemplateResult => icon(svg`<path d="m5 5 10 10M15 5 5 15"/>`);
export const chevron = (): TemplateResult => icon(svg`<path d="m7.5 4.5 5.5 5.5-5.5 5.5"/>`, true);
export const undo = (): TemplateResult => icon(svg`<path d="M8 5 3.5 9.5 8 14M4 9.5h8.5a4 4 0 0 1 0 8H10"/>`, true);
export const startOver = (): TemplateResult => icon(svg`<path d="M4.5 4.5v11M15.5 5 8 10l7.5 5z"/>`, true);
export const arrow = (): TemplateResult => icon(svg`<path d="M4 10h12m-4.5-4.5L16 10l-4.5 4.5"/>`, true);
export const request = (): TemplateResult => icon(svg`<path d="M10 3.5v8M10 16v.1"/>`);
export const plus = (): TemplateResult => icon(svg`<path d="M10 4v12M4 10h12"/>`);
export const minus = (): TemplateResult => icon(svg`<path d="M4 10h12"/>`);
export const swap = (): TemplateResult => icon(svg`<path d="M3.5 7h12m-3-3 3 3-3 3M16.5 13h-12m3-3-3 3 3 3"/>`);
export const pencil = (): TemplateResult =>
  icon(svg`<path d="m4 16 .8-3.6 8.6-8.6a1.9 1.9 0 0 1 2.8 2.8l-8.6 8.6Zm7.6-10.4 2.8 2.8"/>`);
export const compare = (): TemplateResult =>
  icon(
    svg`<path d="M8 4.5H4.5A1.5 1.5 0 0 0 3 6v8a1.5 1.5 0 0 0 1.5 1.5H8M12 4.5h3.5A1.5 1.5 0 0 1 17 6v8a1.5 1.5 0 0 1-1.5 1.5H12M10 2.5v15"/>`,
  );
export const keyboard = (): TemplateResult =>
  icon(svg`<rect x="2" y="5" width="16" height="10" rx="1.5"/><path d="M5 8h.1M8.3 8h.1M11.6 8h.1M15 8h.1M6.5 12h7"/>`);
export const record = (): TemplateResult =>
  icon(svg`<path d="M5 2.5h7l3.5 3.5v11.5H5zM12 2.5V6h3.5M7.5 9.5h5M7.5 12.5h5"/>`);
export const printer = (): TemplateResult => icon(svg`<path d="M6 7V2.5h8V7M6 14H3V7h14v7h-3M6 11.5h8v6H6z"/>`);
const bellShape = svg`<path d="M5 14.5h10c-1-1.2-1.4-2.2-1.4-5A3.6 3.6 0 0 0 10 5.6a3.6 3.6 0 0 0-3.6 3.9c0 2.8-.4 3.8-1.4 5ZM8.6 17a1.6 1.6 0 0 0 2.8 0M10 5.6V4"/>`;
export const bell = (): TemplateResult =>
  icon(svg`${bellShape}<circle cx="15" cy="5" r="2.2" fill="currentColor" stroke="none"/>`);
export const bellOff = (): TemplateResult => icon(bellShape);
