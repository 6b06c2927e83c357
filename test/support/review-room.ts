/** The whole review as a component, given states made by hand. It records the intents that it dispatches. */
import { ContextProvider } from '@lit/context';
import { afterEach, beforeEach } from 'vitest';
import { page } from 'vitest/browser';
import '../../client/components/room/review.ts';
import type { Review } from '../../client/components/room/review.ts';
import { textsContext } from '../../client/components/ui/localized-element.ts';
import { type Intent, IntentEvent } from '../../client/model/intent.ts';
import type { Texts } from '../../client/model/texts.ts';
import type { SessionState } from '../../client/session/session-state.ts';
import { english } from './texts.ts';

export class ReviewRoom {
  /** A new one in each test. */
  review = document.createElement('proof-review') as Review;
  readonly intents: Intent[] = [];
  #provider: ContextProvider<typeof textsContext> | undefined;

  begin(): void {
    document.documentElement.lang = 'en';
    document.title = 'Proofroom';
    this.intents.length = 0;
    this.review = document.createElement('proof-review') as Review;
    this.review.addEventListener(IntentEvent.type, (event) => {
      if (!(event instanceof IntentEvent)) return;
      const { intent } = event;
      this.intents.push(intent);
      if (intent.type === 'unsent') this.review.unsent = { ...this.review.unsent, ...intent.unsent };
    });
    const main = document.createElement('main');
    main.innerHTML = '<h1 style="position: absolute; clip-path: inset(50%)">Proofroom</h1>';
    this.#provider = new ContextProvider(main, { context: textsContext, initialValue: english });
    main.append(this.review);
    document.body.append(main);
  }

  end(): void {
    this.review.closest('main')?.remove();
  }

  /** Shows everything in another language, as `<proof-room>` does. */
  async read(texts: Texts): Promise<void> {
    this.review.lang = texts.language;
    this.review.dir = texts.direction;
    this.#provider?.setValue(texts);
    await this.review.updateComplete;
  }

  async show(session: SessionState): Promise<void> {
    this.review.session = session;
    await this.review.updateComplete;
  }

  /** Without those that typing and looking dispatch. */
  get commands(): Intent[] {
    const others = ['draft', 'draft_focus', 'unsent', 'look'];
    return this.intents.filter(({ type }) => !others.includes(type));
  }

  /** Elements inside one component of the review. */
  inside(component: string, selector: string): HTMLElement[] {
    const host = this.review.shadowRoot?.querySelector(component);
    return [...(host?.shadowRoot?.querySelectorAll<HTMLElement>(selector) ?? [])];
  }
}

/** Call it at the top of a test file. */
export function useReview(): ReviewRoom {
  const room = new ReviewRoom();
  beforeEach(() => room.begin());
  afterEach(() => room.end());
  return room;
}

export const promptField = () => page.getByRole('textbox', { name: 'Prompt' });
export const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
