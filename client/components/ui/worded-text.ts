/** A paragraph whose text may be the server's own, in English. */
import { html, type TemplateResult } from 'lit';
import type { Worded } from '../../model/sentences.ts';

export const wordedText = ({ text, language }: Worded): TemplateResult =>
  html`<p lang=${language} dir="auto">${text}</p>`;
