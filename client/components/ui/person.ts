/** The name of a person within a sentence: in a direction of its own, told from the words around it, and left alone by translators. */
import { html, type TemplateResult } from 'lit';
import { withoutIsolates } from '../../model/texts.ts';

/** For the tag `person` of a message. The element isolates the name, so that the characters for it are not needed. */
export const person = (name: readonly unknown[]): TemplateResult =>
  html`<bdi class="person" translate="no">${name.map(withoutIsolates)}</bdi>`;
