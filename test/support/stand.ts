/** One component in a room of its own, which has a room's colours, type and measures, and writes down what it is told. */
import { html, LitElement, render, type TemplateResult } from 'lit';
import { afterEach, beforeEach } from 'vitest';
import { review } from '../../client/components/room/review.styles.ts';
import { base } from '../../client/components/ui/base.styles.ts';
import { tokens } from '../../client/components/ui/tokens.styles.ts';
import { SelectAttemptEvent } from '../../client/components/ui/events.ts';
import { type Intent, IntentEvent } from '../../client/model/intent.ts';
import type { Unsent } from '../../client/model/unsent-input.ts';

class StandElement extends LitElement {
  static override styles = [tokens, base, review];

  override render(): TemplateResult {
    return html`<slot></slot>`;
  }
}
customElements.define('test-stand', StandElement);

export class Stand {
  /** Around the component; another one for each test. */
  element: LitElement = new StandElement();
  readonly intents: Intent[] = [];
  readonly opened: string[] = [];
  /** What is typed, as a room keeps it. */
  unsent: Unsent = {};

  async show(content: TemplateResult): Promise<void> {
    render(content, this.element);
    for (const one of this.element.querySelectorAll('*')) if (one instanceof LitElement) await one.updateComplete;
  }

  /** Shows a form as a room does that keeps what is typed into it. */
  showForm(form: (typed: Unsent) => TemplateResult): Promise<void> {
    const keep = ({ intent }: IntentEvent) => {
      if (intent.type !== 'unsent') return;
      this.unsent = { ...this.unsent, ...intent.unsent };
      void this.showForm(form);
    };
    return this.show(html`<div @proof-intent=${keep}>${form(this.unsent)}</div>`);
  }

  begin(): void {
    document.documentElement.lang = 'en';
    document.title = 'A component';
    this.intents.length = 0;
    this.opened.length = 0;
    this.unsent = {};
    this.element = new StandElement();
    this.element.addEventListener(IntentEvent.type, (event) => {
      if (event instanceof IntentEvent && event.intent.type !== 'unsent') this.intents.push(event.intent);
    });
    this.element.addEventListener(SelectAttemptEvent.type, (event) => {
      if (event instanceof SelectAttemptEvent) this.opened.push(event.imageId);
    });
    const main = document.createElement('main');
    main.innerHTML = '<h1>Proofroom</h1>';
    main.append(this.element);
    document.body.append(main);
  }

  end(): void {
    document.querySelector('main')?.remove();
    document.documentElement.removeAttribute('dir');
  }
}

/** For the tests of the file that calls this at its top. */
export function useStand(): Stand {
  const stand = new Stand();
  beforeEach(() => stand.begin());
  afterEach(() => stand.end());
  return stand;
}
