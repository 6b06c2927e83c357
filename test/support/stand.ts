/** A place for one component, with the colours, type and measures that it inherits on the page. Records what it dispatches. */
import { html, LitElement, render, type TemplateResult } from 'lit';
import { afterEach, beforeEach } from 'vitest';
import { review } from '../../client/components/room/review.styles.ts';
import { base } from '../../client/components/ui/base.styles.ts';
import { SelectAttemptEvent } from '../../client/components/ui/events.ts';
import { tokens } from '../../client/components/ui/tokens.styles.ts';
import { type Intent, IntentEvent } from '../../client/model/intent.ts';
import type { UnsentInput } from '../../client/model/unsent-input.ts';

class StandElement extends LitElement {
  static override styles = [tokens, base, review];

  override render(): TemplateResult {
    return html`<slot></slot>`;
  }
}
customElements.define('test-stand', StandElement);

export class Stand {
  /** The component's parent; a new one in each test. */
  element: LitElement = new StandElement();
  readonly intents: Intent[] = [];
  /** The image ids of `SelectAttemptEvent`s. */
  readonly selected: string[] = [];
  /** What was typed into a form that is shown by `showForm`. */
  unsent: UnsentInput = {};

  async show(content: TemplateResult): Promise<void> {
    render(content, this.element);
    for (const one of this.element.querySelectorAll('*')) if (one instanceof LitElement) await one.updateComplete;
  }

  /** Shows a form, and shows it again with what is typed into it, as the page does. */
  showForm(form: (typed: UnsentInput) => TemplateResult): Promise<void> {
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
    this.selected.length = 0;
    this.unsent = {};
    this.element = new StandElement();
    this.element.addEventListener(IntentEvent.type, (event) => {
      if (event instanceof IntentEvent && event.intent.type !== 'unsent') this.intents.push(event.intent);
    });
    this.element.addEventListener(SelectAttemptEvent.type, (event) => {
      if (event instanceof SelectAttemptEvent) this.selected.push(event.imageId);
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

/** Call it at the top of a test file. */
export function useStand(): Stand {
  const stand = new Stand();
  beforeEach(() => stand.begin());
  afterEach(() => stand.end());
  return stand;
}
