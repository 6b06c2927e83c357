/** The language of one `<proof-room>`: gives its texts to everything inside, and follows every change. */
import { ContextProvider } from '@lit/context';
import type { LitElement, ReactiveController } from 'lit';
import { browserStorage } from '../../model/browser-storage.ts';
import { isWhole, languageOf, loadFirstTexts, loadTexts, preferredLanguage } from '../../model/language.ts';
import type { Texts } from '../../model/texts.ts';
import { textsContext } from '../ui/localized-element.ts';

/** A room without texts shows nothing, so it asks for its first language again. */
const RETRY_MS = 3_000;

/** All elements on a page follow a person's choice. */
const connected = new Set<LanguageController>();

export class LanguageController implements ReactiveController {
  readonly #host: LitElement;
  readonly #provider;
  /** Of the page around; its language may change at any time. */
  readonly #page = new MutationObserver(() => this.#host.requestUpdate());
  #wanted: string | undefined;
  /** More than the first screen is needed. */
  #isWholeWanted = false;
  /** Everything inside has updated since all sentences are here. */
  #hasToldWhole = false;
  #loading: Promise<void> = Promise.resolve();

  constructor(host: LitElement) {
    this.#host = host;
    this.#provider = new ContextProvider(host, { context: textsContext });
    host.addController(this);
  }

  /** Undefined until the first language is loaded. */
  get texts(): Texts | undefined {
    return this.#provider.value;
  }

  /** Until then only the sentences of the first screen are here. */
  get isWhole(): boolean {
    return this.texts !== undefined && isWhole(this.texts);
  }

  /** The host's own `lang` decides, so that no choice has an effect. */
  get isFixed(): boolean {
    return languageOf(this.#host.lang) !== undefined;
  }

  /** Resolves when the texts are those of the language that is wanted now, or can't be. */
  get ready(): Promise<void> {
    return this.#loading;
  }

  choose(language: string): void {
    browserStorage.saveLanguage(language);
    for (const controller of connected) controller.#host.requestUpdate();
  }

  hostConnected(): void {
    connected.add(this);
    this.#page.observe(document.documentElement, { attributeFilter: ['lang'] });
    this.#host.requestUpdate();
  }

  hostDisconnected(): void {
    connected.delete(this);
    this.#page.disconnect();
  }

  hostUpdate(): void {
    const host = this.#host;
    const language = languageOf(host.lang) ?? preferredLanguage(inheritedLanguage(host));
    if (language !== this.#wanted) this.#loading = this.#load(language);
    else this.#tellWhole();
  }

  /** Until the file is here, or if it can't be loaded, the language stays as it was. */
  async #load(language: string): Promise<void> {
    this.#wanted = language;
    const texts = await (this.texts ? loadTexts(language) : loadFirstTexts(language));
    if (language !== this.#wanted) return;
    if (!texts) {
      this.#wanted = undefined;
      if (!this.texts) setTimeout(() => this.#host.isConnected && this.#host.requestUpdate(), RETRY_MS);
      return;
    }
    this.#hasToldWhole = isWhole(texts);
    this.#provider.setValue(texts);
    this.#host.requestUpdate();
    if (this.#isWholeWanted) void loadTexts(language);
  }

  /**
   * Loads the sentences that the first screen does not have. Resolves when they are here, or can't be loaded. Those of a language that
   * comes only later are then loaded with it.
   */
  async complete(): Promise<void> {
    this.#isWholeWanted = true;
    await this.#loading;
    if (this.texts) await loadTexts(this.texts.language);
  }

  /** The texts are the same object as before, so that nothing would update by itself. */
  #tellWhole(): void {
    if (this.#hasToldWhole || !this.texts || !this.isWhole) return;
    this.#hasToldWhole = true;
    this.#provider.setValue(this.texts, true);
    this.#host.requestUpdate();
  }
}

/** The `lang` of the closest element around, through all shadow roots. */
function inheritedLanguage(element: Element): string | undefined {
  const root = element.getRootNode();
  const holder = element.parentElement?.closest('[lang]');
  if (holder) return holder.getAttribute('lang') ?? undefined;
  if (!(root instanceof ShadowRoot)) return undefined;
  return root.host.getAttribute('lang') ?? inheritedLanguage(root.host);
}
