/** What must hold in one tab: what its person sees. */

import { isDeepStrictEqual } from 'node:util';
import type { SessionState } from '../../../client/session/session-state.ts';
import type { Command, JoinMessage, ServerMessage } from '../../../shared/protocol.ts';
import type { Ledger } from '../ledger.ts';
import type { Click, Page } from '../page.ts';
import type { Time } from '../time.ts';
import type { SessionRules } from './session-rules.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;
/** A connection that has held for longer is stable, with some grace for slow timers. */
const STABLE_MS = 7_000;
const LIMITED_WAIT_MS = 60_000;

export class PageRules {
  readonly #page: Page;
  readonly #ledger: Ledger;
  readonly #time: Time;
  readonly #sessionOf: (sessionId: string) => SessionRules | undefined;
  #last: SessionState;
  #onlineSince = Number.POSITIVE_INFINITY;
  #askedWaitMs: number | undefined;
  /** The close code that ended the last connection, as its page heard it. */
  heardClose: number | undefined;
  /** The server was full or had enough of it, and has not let it in since. */
  wasTurnedAway = false;
  #reset: Click | undefined;
  #draftBeforeNews: string | undefined;

  constructor(page: Page, ledger: Ledger, time: Time, sessionOf: (sessionId: string) => SessionRules | undefined) {
    this.#page = page;
    this.#ledger = ledger;
    this.#time = time;
    this.#sessionOf = sessionOf;
    this.#last = page.state;
    page.client.subscribe((state) => this.#changed(state));
  }

  /** A message has come in. */
  received(message: ServerMessage): void {
    if (message.type === 'welcome') this.wasTurnedAway = false;
    if (message.type === 'goodbye') this.#askedWaitMs = message.reconnectInMs;
    const isForeign = (message.type === 'draft' || message.type === 'snapshot') && this.#page.isFocused;
    if (isForeign) this.#draftBeforeNews ??= this.#page.state.draft;
  }

  /** News have been read: in a field that has the focus, they change nothing (rule W8). */
  checkField(): void {
    const before = this.#draftBeforeNews;
    this.#draftBeforeNews = undefined;
    if (before === undefined || this.#page.hasLeft || !this.#page.isFocused || this.isResetting) return;
    const { draft } = this.#page.state;
    this.#ledger.check('W8', draft === before, () => `page ${this.#page.number}: news made "${draft}" of "${before}"`);
  }

  /** The person has asked to start over, and has no answer. */
  get isResetting(): boolean {
    return this.#reset !== undefined && !this.#reset.result;
  }

  /** The page's `join` has reached the server: it names the images that the page still has, so that none crosses twice. */
  joined({ have = [] }: JoinMessage): void {
    const { snapshot, images } = this.#page.state;
    if (this.#page.hasLeft || !snapshot) return;
    const here = [...snapshot.attempts, ...(snapshot.discarded ?? [])].filter(({ image }) => images.has(image.imageId));
    if (here.length === 0) return;
    const isNamed = here.every(({ image }) => have.includes(image.imageId));
    this.#ledger.check('W2', isNamed, () => `page ${this.#page.number} names ${have.length} images of ${here.length}`);
  }

  /** A command of this page's has reached the server: it says what its person wants. */
  commandCame(command: Command): void {
    const click = this.#page.clicks.find(({ commandId, result }) => commandId === command.commandId && !result);
    if (!click) return;
    const { commandId: _id, turn: _turn, ...said } = command;
    const rule = said.type === 'approve' ? 'M3' : 'options' in click.ask || 'options' in said ? 'options' : 'R11';
    this.#ledger.check(rule, isDeepStrictEqual(said, click.ask), () => `page ${this.#page.number} said otherwise`);
  }

  /** A connection has ended, as the page heard it. */
  closed(code: number): void {
    this.heardClose = code;
    this.wasTurnedAway = code === 4429;
  }

  /** The person has asked to start over, which empties the field, focus or not. */
  startingOver(click: Click): void {
    this.#reset = click;
  }

  /** A connection is being made. */
  opening(): void {
    const { status } = this.#page.state.connection;
    this.#ledger.check(
      'W7',
      status !== 'closed',
      () => `page ${this.#page.number} connects although its session has ended`,
    );
    this.#onlineSince = Number.POSITIVE_INFINITY;
    this.#askedWaitMs = undefined;
    this.heardClose = undefined;
  }

  #changed(state: SessionState): void {
    const before = this.#last;
    this.#last = state;
    if (this.#page.hasLeft) return;
    this.#checkDraft(before, state);
    this.#checkSnapshot(before, state);
    this.#checkImages(before, state);
    this.#checkConnection(before, state);
  }

  /** While the field has the focus, only its own person changes it (rule W8). */
  #checkDraft(before: SessionState, state: SessionState): void {
    if (!this.#page.isFocused || state.draft === before.draft) return;
    const isOwn = this.#page.isTyping || this.isResetting;
    this.#ledger.check(
      'W8',
      isOwn,
      () => `page ${this.#page.number}: "${before.draft}" became "${state.draft}" under the hands of its person`,
    );
  }

  #checkSnapshot(before: SessionState, { snapshot }: SessionState): void {
    if (!snapshot || snapshot === before.snapshot) return;
    if (snapshot.draftRevision > (before.snapshot?.draftRevision ?? 0)) this.#page.heardSetAt = this.#time.now;
    if (before.snapshot) {
      const isOnward = snapshot.revision >= before.snapshot.revision;
      this.#ledger.check('M6', isOnward, () => `page ${this.#page.number} went back to revision ${snapshot.revision}`);
    }
  }

  /** What a session keeps, on show or put aside, a page need not fetch twice. */
  #checkImages(before: SessionState, { snapshot, images }: SessionState): void {
    if (!snapshot || images === before.images) return;
    for (const { image } of [...snapshot.attempts, ...(snapshot.discarded ?? [])]) {
      if (!before.images.has(image.imageId)) continue;
      const isKept = images.has(image.imageId);
      this.#ledger.check('discard', isKept, () => `page ${this.#page.number} let go of ${image.imageId}`);
    }
  }

  #checkConnection(before: SessionState, state: SessionState): void {
    const { connection } = state;
    if (connection === before.connection) return;
    const now = this.#time.now;
    if (connection.status === 'online') {
      if (before.connection.status !== 'online') this.#onlineSince = now;
    } else if (connection.status === 'reconnecting' && connection.nextTryAt !== undefined) {
      this.#checkWait(connection.nextTryAt - this.#page.now, now - this.#onlineSince);
    } else if (connection.status === 'closed') {
      this.#checkEnd(before, state, connection.reason);
    }
  }

  #checkWait(waitMs: number, onlineMs: number): void {
    const who = `page ${this.#page.number}, after ${onlineMs} ms online, waits ${waitMs} ms`;
    if (this.heardClose === 4429) {
      return this.#ledger.check(
        'W7',
        waitMs >= LIMITED_WAIT_MS && waitMs <= LIMITED_WAIT_MS + LONGEST_WAIT_MS,
        () => `${who} after 4429`,
      );
    }
    if (this.#askedWaitMs !== undefined) {
      return this.#ledger.check('R5', waitMs === this.#askedWaitMs, () => `${who}, was asked for ${this.#askedWaitMs}`);
    }
    const isStable = onlineMs >= STABLE_MS && !this.#page.isHidden && this.#page.wokeAt < this.#onlineSince;
    const most = isStable ? FIRST_WAIT_MS : LONGEST_WAIT_MS;
    this.#ledger.check('R5', waitMs >= 0 && waitMs <= most, () => who);
  }

  /** A session that is gone is said plainly, and what is on show stays (rule R9). */
  #checkEnd(before: SessionState, state: SessionState, reason: string): void {
    const isKept = state.snapshot === before.snapshot && state.images === before.images && state.draft === before.draft;
    if (reason === 'session_gone') {
      const session = this.#sessionOf(state.sessionId ?? '');
      this.#ledger.check(
        'R9',
        isKept && (session === undefined || session.isGone),
        () => `page ${this.#page.number} was told that its session is gone; kept: ${isKept}`,
      );
    } else {
      const isMeant = reason === 'not_allowed' && !this.#page.isInvited;
      this.#ledger.check('R1', isMeant, () => `page ${this.#page.number} ended with ${reason}`);
    }
  }
}
