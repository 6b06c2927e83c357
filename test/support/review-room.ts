/** The whole room as a component, in states made by hand, and what it would tell the session. */
import { afterEach, beforeEach } from 'vitest';
import { page } from 'vitest/browser';
import '../../client/components/room/review.ts';
import type { Review } from '../../client/components/room/review.ts';
import { type Intent, IntentEvent } from '../../client/model/intent.ts';
import type { SessionState } from '../../client/session/session-state.ts';

export class ReviewRoom {
  /** Another one for each test. */
  review = document.createElement('proof-review') as Review;
  readonly intents: Intent[] = [];

  begin(): void {
    this.intents.length = 0;
    this.review = document.createElement('proof-review') as Review;
    this.review.addEventListener(IntentEvent.type, (event) => {
      if (event instanceof IntentEvent) this.intents.push(event.intent);
    });
    document.body.append(this.review);
  }

  end(): void {
    this.review.remove();
  }

  async show(session: SessionState): Promise<void> {
    this.review.session = session;
    await this.review.updateComplete;
  }

  /** What it was asked to do, which typing is not. */
  get commands(): Intent[] {
    return this.intents.filter(({ type }) => type !== 'draft' && type !== 'draft_focus');
  }

  /** Elements of one part of the room. */
  inside(part: string, selector: string): HTMLElement[] {
    const host = this.review.shadowRoot?.querySelector(part);
    return [...(host?.shadowRoot?.querySelectorAll<HTMLElement>(selector) ?? [])];
  }
}

/** For the tests of the file that calls this at its top. */
export function useReview(): ReviewRoom {
  const room = new ReviewRoom();
  beforeEach(() => room.begin());
  afterEach(() => room.end());
  return room;
}

export const promptField = () => page.getByRole('textbox', { name: 'Prompt' });
export const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
