/** Rules of one tab: what its person sees. */
import { isDeepStrictEqual } from 'node:util';
import type { SessionState } from '../../../client/session/session-state.ts';
import type { ClientMessage, Command, JoinMessage, ServerMessage, SnapshotMessage } from '../../../shared/protocol.ts';
import type { RuleChecks } from '../rule-checks.ts';
import type { Click, Tab } from '../tab.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { SessionRules } from './session-rules.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;
/** After a connection that has held for longer, the first wait is short again; longer than the rule's 5 s, since timers may be late. */
const STABLE_MS = 7_000;
const LIMITED_WAIT_MS = 60_000;

export class TabRules {
  readonly #tab: Tab;
  readonly #checks: RuleChecks;
  readonly #time: VirtualTime;
  readonly #sessionOf: (sessionId: string) => SessionRules | undefined;
  #last: SessionState;
  #onlineSince = Number.POSITIVE_INFINITY;
  #requestedWaitMs: number | undefined;
  /** The close code of the last connection, as the client received it. */
  #closeCode: number | undefined;
  /** The server closed the last connection with 4429 and has sent no `snapshot` since. */
  wasTurnedAway = false;
  #startOver: Click | undefined;
  #draftBefore: string | undefined;
  #lastDraft: Pick<SnapshotMessage, 'draft' | 'draftRevision'> | undefined;
  /** When the client received the draft that a command has set, unless somebody has typed since. */
  #supersededAt = Number.NEGATIVE_INFINITY;
  /** The `draftId` of the text that was sent last, until the server has set it. */
  #draftInFlight: string | undefined;
  readonly #sentDrafts = new Set<string>();

  constructor(
    tab: Tab,
    checks: RuleChecks,
    time: VirtualTime,
    sessionOf: (sessionId: string) => SessionRules | undefined,
  ) {
    this.#tab = tab;
    this.#checks = checks;
    this.#time = time;
    this.#sessionOf = sessionOf;
    this.#last = tab.state;
    tab.client.subscribe((state) => this.#changed(state));
  }

  /** The client receives a message. */
  received(message: ServerMessage): void {
    if (message.type === 'snapshot') this.wasTurnedAway = false;
    if (message.type === 'goodbye') this.#requestedWaitMs = message.reconnectInMs;
    this.#noteDraft(message);
    const mayChangeDraft = message.type === 'draft' || message.type === 'snapshot';
    if (mayChangeDraft && this.#tab.isFocused && !this.#isStartingOver) this.#draftBefore ??= this.#tab.state.draft;
  }

  /** Notes whether a command or a person has set the draft that the server has. */
  #noteDraft(message: ServerMessage): void {
    if (message.type === 'draft') {
      if (message.draftId === this.#draftInFlight) this.#draftInFlight = undefined;
      this.#supersededAt = Number.NEGATIVE_INFINITY;
    }
    if (message.type !== 'snapshot') return;
    const before = this.#lastDraft ?? message;
    this.#lastDraft = message;
    // A text that is still on its way will be set later than this one.
    const isSetByCommand = message.draftRevision > before.draftRevision && this.#draftInFlight === undefined;
    if (isSetByCommand) this.#supersededAt = this.#time.now;
    else if (message.draft !== before.draft) this.#supersededAt = Number.NEGATIVE_INFINITY;
  }

  /** The client sends a message. Text that was typed before a command set the draft is not sent over it afterwards. */
  sent(message: ClientMessage): void {
    if (message.type !== 'draft') return;
    this.#draftInFlight = message.draftId;
    if (this.#sentDrafts.has(message.text)) return;
    this.#sentDrafts.add(message.text);
    const { lastTyped } = this.#tab;
    if (lastTyped?.text !== message.text) return;
    const isCurrent = lastTyped.at >= this.#supersededAt;
    this.#checks.check('draft', isCurrent, () => `tab ${this.#tab.number} sent "${message.text}" over a later prompt`);
  }

  /** The messages of this event have been processed: none of them changes a field that has the focus (rule W8). */
  checkField(): void {
    const before = this.#draftBefore;
    this.#draftBefore = undefined;
    if (before === undefined || this.#tab.hasLeft || !this.#tab.isFocused) return;
    const { draft } = this.#tab.state;
    this.#checks.check(
      'W8',
      draft === before,
      () => `tab ${this.#tab.number}: a message changed "${before}" to "${draft}"`,
    );
  }

  /** The person's start over has no answer yet. */
  get #isStartingOver(): boolean {
    return this.#startOver !== undefined && !this.#startOver.result;
  }

  /** The client's `join` has reached the server: it names the images that are here, so that none is sent twice (rule W2). */
  joinArrived({ have = [], record = 0 }: JoinMessage): void {
    const { snapshot, images, record: known } = this.#tab.state;
    if (this.#tab.hasLeft || !snapshot) return;
    this.#checks.check(
      'W10',
      record === known.length,
      () => `tab ${this.#tab.number} has ${known.length} entries, not ${record}`,
    );
    const here = [...snapshot.attempts, ...(snapshot.discarded ?? [])].filter(({ image }) => images.has(image.imageId));
    if (here.length === 0) return;
    const isListed = here.every(({ image }) => have.includes(image.imageId));
    this.#checks.check('W2', isListed, () => `tab ${this.#tab.number} lists ${have.length} of ${here.length} images`);
  }

  /** A command of this client has reached the server: it says what its person meant. */
  commandArrived(command: Command): void {
    const click = this.#tab.clicks.find(({ commandId, result }) => commandId === command.commandId && !result);
    if (!click) return;
    const { commandId: _id, turn: _turn, ...sent } = { turn: undefined, ...command };
    const hasOptions = 'options' in click.input || 'options' in sent;
    const rule = 'sha256' in sent ? 'M3' : hasOptions ? 'options' : 'R11';
    const isSame = isDeepStrictEqual(sent, click.input);
    this.#checks.check(rule, isSame, () => `tab ${this.#tab.number} sent something else than its person meant`);
  }

  /** The client's connection has ended. */
  closed(code: number): void {
    this.#closeCode = code;
    this.wasTurnedAway = code === 4429;
  }

  /** The person starts over, which empties the field, focus or not. */
  startingOver(click: Click): void {
    this.#startOver = click;
  }

  /** The client opens a connection. */
  connecting(): void {
    const { status } = this.#tab.state.connection;
    this.#checks.check(
      'W7',
      status !== 'closed',
      () => `tab ${this.#tab.number} connects although its session has ended`,
    );
    this.#onlineSince = Number.POSITIVE_INFINITY;
    this.#requestedWaitMs = undefined;
    this.#draftInFlight = undefined;
    this.#closeCode = undefined;
  }

  #changed(state: SessionState): void {
    const before = this.#last;
    this.#last = state;
    if (this.#tab.hasLeft) return;
    this.#checkDraft(before, state);
    this.#checkSnapshot(before, state);
    this.#checkImages(before, state);
    this.#checkConnection(before, state);
    this.#checkParticipant(before, state);
  }

  /** While the field has the focus, only its own person changes it (rule W8). */
  #checkDraft(before: SessionState, state: SessionState): void {
    if (!this.#tab.isFocused || state.draft === before.draft) return;
    const isOwn = this.#tab.isTyping || this.#isStartingOver;
    this.#checks.check(
      'W8',
      isOwn,
      () => `tab ${this.#tab.number}: "${before.draft}" became "${state.draft}" while its person had the focus`,
    );
  }

  #checkSnapshot(before: SessionState, { snapshot }: SessionState): void {
    if (!snapshot || snapshot === before.snapshot) return;
    if (snapshot.draftRevision > (before.snapshot?.draftRevision ?? 0)) this.#tab.draftSetByCommandAt = this.#time.now;
    if (before.snapshot) {
      const isOnward = snapshot.revision >= before.snapshot.revision;
      this.#checks.check('M6', isOnward, () => `tab ${this.#tab.number} went back to revision ${snapshot.revision}`);
    }
  }

  /** The client keeps the images of all attempts, discarded ones too, so that it does not fetch them again. */
  #checkImages(before: SessionState, { snapshot, images }: SessionState): void {
    if (!snapshot || images === before.images) return;
    for (const { image } of [...snapshot.attempts, ...(snapshot.discarded ?? [])]) {
      if (!before.images.has(image.imageId)) continue;
      const isKept = images.has(image.imageId);
      this.#checks.check('discard', isKept, () => `tab ${this.#tab.number} dropped image ${image.imageId}`);
    }
  }

  /** A client that comes back to its session is the same participant. */
  #checkParticipant({ welcome: before }: SessionState, { welcome }: SessionState): void {
    if (!before || !welcome || welcome === before || before.sessionId !== welcome.sessionId) return;
    const isSame = welcome.participantId === before.participantId;
    this.#checks.check('participant', isSame, () => `tab ${this.#tab.number} came back as another participant`);
  }

  #checkConnection(before: SessionState, state: SessionState): void {
    const { connection } = state;
    if (connection === before.connection) return;
    const now = this.#time.now;
    if (connection.status === 'online') {
      if (before.connection.status !== 'online') this.#onlineSince = now;
    } else if (connection.status === 'reconnecting' && connection.nextTryAt !== undefined) {
      // What stands in the way may be found while the client waits.
      if ('nextTryAt' in before.connection && before.connection.nextTryAt === connection.nextTryAt) return;
      this.#checkWait(connection.nextTryAt - this.#tab.now, now - this.#onlineSince);
    } else if (connection.status === 'closed') {
      this.#checkEnd(before, state, connection.reason);
    }
  }

  #checkWait(waitMs: number, onlineMs: number): void {
    const what = `tab ${this.#tab.number}, after ${onlineMs} ms online, waits ${waitMs} ms`;
    if (this.#closeCode === 4429) {
      return this.#checks.check(
        'W7',
        waitMs >= LIMITED_WAIT_MS && waitMs <= LIMITED_WAIT_MS + LONGEST_WAIT_MS,
        () => `${what} after 4429`,
      );
    }
    if (this.#requestedWaitMs !== undefined) {
      return this.#checks.check(
        'R5',
        waitMs === this.#requestedWaitMs,
        () => `${what}, the server requested ${this.#requestedWaitMs}`,
      );
    }
    const isStable = onlineMs >= STABLE_MS && !this.#tab.isHidden && this.#tab.wokeAt < this.#onlineSince;
    const most = isStable ? FIRST_WAIT_MS : LONGEST_WAIT_MS;
    this.#checks.check('R5', waitMs >= 0 && waitMs <= most, () => what);
  }

  /** A session that is gone is reported, and everything on show stays (rule R9). */
  #checkEnd(before: SessionState, state: SessionState, reason: string): void {
    const isKept = state.snapshot === before.snapshot && state.images === before.images && state.draft === before.draft;
    const session = this.#sessionOf(state.sessionId ?? '');
    if (reason === 'session_gone') {
      this.#checks.check(
        'R9',
        isKept && (session === undefined || session.isGone),
        () => `tab ${this.#tab.number} reports that its session is gone; kept: ${isKept}`,
      );
    } else {
      const isExpected =
        (reason === 'not_allowed' && (!this.#tab.hasRightLink || session?.isDead(state.sessionKey) === true)) ||
        (reason === 'link_closed' && !this.#tab.mayDecide && session?.isDead(state.sessionKey) === true) ||
        ((reason === 'revoked' || reason === 'invitation_expired') && session?.isOut(this.#tab, reason) === true) ||
        (reason === 'session_ended' && isKept && session?.isEndRequested === true);
      this.#checks.check('R1', isExpected, () => `tab ${this.#tab.number} ended with ${reason}`);
    }
  }
}
