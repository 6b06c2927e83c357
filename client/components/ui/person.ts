/** The name of a person within a sentence: in a direction of its own, told from the words around it, and left alone by translators. */
import { html, type TemplateResult } from 'lit';

export const person = (name: string): TemplateResult => html`<bdi class="person" translate="no">${name}</bdi>`;
