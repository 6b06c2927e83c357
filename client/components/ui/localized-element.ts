/** The base of every component that shows text: it has the texts of the language that its person reads. */
import { ContextConsumer, createContext } from '@lit/context';
import { LitElement } from 'lit';
import type { Texts } from '../../model/texts.ts';

/** `<proof-room>` provides it to everything inside. */
export const textsContext = createContext<Texts>('proofroom-texts');

export abstract class LocalizedElement extends LitElement {
  readonly #texts = new ContextConsumer(this, { context: textsContext, subscribe: true });

  /** The component updates when the language changes. */
  protected get t(): Texts {
    const { value } = this.#texts;
    if (!value) throw new Error(`<${this.localName}> is not inside of an element that provides its texts`);
    return value;
  }
}
