/** What must hold of one session on the server, whoever looks. */
import { isDeepStrictEqual } from 'node:util';
import type { Session } from '../../../server/session/session.ts';
import type { Generation } from '../../../shared/model.ts';
import type { AckMessage, Command, RejectMessage } from '../../../shared/protocol.ts';
import { digest, isOffered } from '../ask.ts';
import type { Ledger } from '../ledger.ts';
import type { Drawing, Upstream } from '../upstream.ts';
import { type Asking, checkAsk, checkGeneration, isAsking } from './ask-rules.ts';
import { TransitionRules } from './transition-rules.ts';

type State = Session['state'];
type Answer = AckMessage | RejectMessage;

interface Answered {
  readonly command: Command;
  readonly answer: Answer;
}

/** Refusals that are not remembered (rule M7), or come before the session is asked. */
const passing = new Set(['rate_limited', 'not_allowed', 'server_busy', 'session_not_found', 'not_joined']);

/** What runs when the server is to stop may go on for so long (rule R6). */
const GENERATION_GRACE_MS = 8_000;

export class SessionRules {
  readonly session: Session;
  readonly #ledger: Ledger;
  readonly #upstream: Upstream;
  readonly #states = new Map<number, State>();
  /** The state in which each command first found its session. */
  readonly #found = new Map<string, State>();
  readonly #cameAgain = new Set<string>();
  readonly #answered = new Map<string, Answered>();
  /** Which command made which revision. */
  readonly #makers = new Map<number, string>();
  /** Digests of the bytes that a page showed when its person approved, by command id. */
  readonly #seen = new Map<string, string>();
  readonly #transitions: TransitionRules;
  #last: State;
  #revisionAtDraft: number | undefined;
  #isDeciding = false;
  /** Counts the accepted commands that set the shared draft; the last one's time. */
  draftSetAt = Number.NEGATIVE_INFINITY;
  room: string | undefined;
  /** The session was closed: restart, or nobody there. */
  isGone = false;

  constructor(session: Session, ledger: Ledger, upstream: Upstream) {
    this.session = session;
    this.#ledger = ledger;
    this.#upstream = upstream;
    this.#transitions = new TransitionRules(session, ledger, upstream);
    this.#last = session.state;
    this.#states.set(0, session.state);
  }

  /** Notes the state as it is now; called often enough to see nearly every one. */
  observe(now: number): void {
    const [before, state] = [this.#last, this.session.state];
    if (before === state) return;
    this.#last = state;
    this.#states.set(state.revision, state);
    this.#ledger.check(
      'M6',
      state.revision > before.revision && state.turn >= before.turn,
      () =>
        `the state changed from revision ${before.revision} to ${state.revision}, turn ${before.turn} to ${state.turn}`,
    );
    if (setsDraft(before, state)) this.draftSetAt = now;
    // One that is gone has given its images back.
    if (state.revision === before.revision + 1 && !this.isGone) this.#transitions.check(before, state);
  }

  /** A connection that may decide has joined. */
  reviewerJoined(connectionId: string): void {
    this.#transitions.reviewerJoined(connectionId);
  }

  /** A person approved, looking at bytes of this digest. */
  approving(commandId: string, seenDigest: string): void {
    this.#seen.set(commandId, seenDigest);
  }

  /** The generator is asked to draw for this session. */
  asked(drawing: Drawing): void {
    const { session } = this;
    const state = session.state;
    const generation = state.stage === 'generating' ? state.generation : undefined;
    this.#ledger.check('R11', generation !== undefined, () => `drawing ${drawing.number} has no generation`);
    if (generation) checkAsk(drawing.ask, generation, state, this.#ledger);
    const live = this.#liveDrawings();
    const allowed = state.stage === 'generating' ? state.generation.candidates : 0;
    this.#ledger.check(
      'M2',
      live.length <= allowed,
      () => `${live.length} candidates are drawn at once, ${allowed} may be`,
    );
  }

  /** Only a cancel or the session's end ends a drawing (rule R2). */
  aborted(drawing: Drawing, drainingMs: number | undefined): void {
    const state = this.session.state;
    const isCancelled = state.lastAction?.action === 'cancel' && state.stage !== 'generating';
    if (drainingMs !== undefined && !isCancelled) {
      const hadGrace = drainingMs >= GENERATION_GRACE_MS;
      this.#ledger.check('R6', hadGrace, () => `drawing ${drawing.number} was ended after ${drainingMs} ms`);
    }
    this.#ledger.check(
      'R2',
      this.isGone || isCancelled,
      () => `drawing ${drawing.number} was aborted in ${state.stage}`,
    );
  }

  /** No drawing runs for a session that is gone or no longer generating. */
  checkDrawings(): void {
    const live = this.#liveDrawings();
    if (live.length === 0) return;
    const { stage } = this.session.state;
    this.#ledger.check(
      'R2',
      stage === 'generating' && !this.isGone,
      () => `${live.length} drawings outlive their generation`,
    );
    if (this.session.viewers.reviewers + this.session.viewers.watchers === 0) {
      this.#ledger.check('R2', stage === 'generating', () => 'a generation ended because everybody left');
    }
  }

  /** A draft has reached the session. */
  draftCame(): void {
    this.#revisionAtDraft = this.session.state.revision;
  }

  /** An event is over. If a draft came with it, and no command, there is no new revision (rule W9). */
  checkDraft(): void {
    const [before, { revision }] = [this.#revisionAtDraft, this.session.state];
    if (before !== undefined && !this.#isDeciding) {
      this.#ledger.check('W9', revision === before, () => `a draft made revision ${revision}`);
    }
    this.#revisionAtDraft = undefined;
    this.#isDeciding = false;
  }

  /** A command has reached the session, the first time or again. */
  came({ commandId }: Command): void {
    this.#isDeciding = true;
    if (this.#found.has(commandId)) this.#cameAgain.add(commandId);
    else this.#found.set(commandId, this.session.state);
  }

  /** The answer to one delivery of `command`, as it goes out. */
  answered(command: Command, answer: Answer): void {
    if (isAsking(command) && command.options) this.#checkOptions(command, answer);
    if (answer.type === 'reject' && passing.has(answer.code)) return;
    const first = this.#answered.get(command.commandId);
    if (!first) {
      if (answer.type === 'reject' && answer.code === 'invalid_message') return;
      this.#answered.set(command.commandId, { command, answer });
      return answer.type === 'ack' ? this.#accepted(command, answer) : this.#rejected(command, answer);
    }
    const isSame = isDeepStrictEqual(first.command, command)
      ? isDeepStrictEqual(withoutText(first.answer), withoutText(answer))
      : answer.type === 'reject' && answer.code === 'invalid_message';
    this.#ledger.check(
      'M7',
      isSame,
      () => `${command.commandId} was answered ${told(first.answer)}, then ${told(answer)}`,
    );
  }

  /** What is not offered is refused, whoever asks, before anything else is looked at; nothing else is refused for its options. */
  #checkOptions({ commandId, options = {} }: Asking, answer: Answer): void {
    const isRefused = answer.type === 'reject' && answer.code === 'invalid_message';
    if (!isOffered(options)) {
      return this.#ledger.check(
        'options',
        isRefused,
        () => `${commandId} asks for what is not offered: ${told(answer)}`,
      );
    }
    if (this.#cameAgain.has(commandId)) return;
    this.#ledger.check('options', !isRefused, () => `${commandId} asks for what is offered, and is refused`);
  }

  /** Whether an answer to a command of this id may be known. */
  hasAnswered(commandId: string): boolean {
    return this.#cameAgain.has(commandId);
  }

  /** What the session first answered to a command. */
  answerTo(commandId: string): Answer | undefined {
    return this.#answered.get(commandId)?.answer;
  }

  #accepted(command: Command, { revision }: AckMessage): void {
    const state = this.#states.get(revision);
    if (!state) return;
    if (command.type === 'approve' && state.stage === 'final' && state.approved.imageId === command.imageId) {
      this.#approved(command, state);
      if (this.#makers.has(revision)) return;
    }
    const maker = this.#makers.get(revision);
    this.#makers.set(revision, command.commandId);
    this.#ledger.check(
      'M7',
      maker === undefined,
      () => `${maker} and ${command.commandId} both made revision ${revision}`,
    );
    if (command.type === 'discard' || command.type === 'restore') return this.#rearranged(command, state);
    const before = this.#states.get(revision - 1);
    if (before && isAsking(command)) checkGeneration(command, before, this.#lastAsk(before), state, this.#ledger);
    if (command.type === 'cancel' && 'unfinished' in state) {
      const said = command.reason?.trim() ? command.reason : undefined;
      const isKept = state.unfinished?.generation.cancelReason === said;
      this.#ledger.check('M8', isKept, () => 'a cancel lost its reason');
    }
    this.#ledger.check(
      'M1',
      state.lastAction?.action === command.type,
      () => `${command.type} made a ${state.lastAction?.action}`,
    );
    if (command.turn === undefined || this.#isApprovedAgain(command, revision)) return;
    this.#ledger.check(
      'M10',
      state.turn === command.turn + 1,
      () => `${command.type} from turn ${command.turn} made turn ${state.turn}`,
    );
  }

  /** What was last asked for up to `state`, since the last Start over, whatever became of it. */
  #lastAsk({ revision }: State): Generation | undefined {
    for (let at = revision; at >= 0; at -= 1) {
      const state = this.#states.get(at);
      if (state?.stage === 'generating') return state.generation;
      if (state?.lastAction?.action === 'start_over') return undefined;
    }
    return undefined;
  }

  #rearranged({ type, turn, imageId }: Extract<Command, { type: 'discard' | 'restore' }>, state: State): void {
    const isDone = hasMoved(type, imageId, state);
    this.#ledger.check('discard', isDone, () => `${type} of ${imageId} was acked and not done`);
    if (turn === undefined) return;
    const isNext = state.turn === turn || state.turn === turn + 1;
    this.#ledger.check('M10', isNext, () => `${type} from turn ${turn} made turn ${state.turn}`);
  }

  /** Whether the revision that was acked has the attempt where the person put it; true where that state was not seen. */
  didMove(type: 'discard' | 'restore', imageId: string, revision: number): boolean {
    const state = this.#states.get(revision);
    return state === undefined || hasMoved(type, imageId, state);
  }

  #isApprovedAgain(command: Command, revision: number): boolean {
    const before = this.#states.get(revision - 1);
    return command.type === 'approve' && (before === undefined || before.stage === 'final');
  }

  #approved(command: Extract<Command, { type: 'approve' }>, state: Extract<State, { stage: 'final' }>): void {
    const { sha256 } = state.approved;
    const bytes = this.session.image(command.imageId)?.bytes;
    const seen = this.#seen.get(command.commandId);
    const isRight = [command.sha256, seen, bytes && digest(bytes)].every((one) => one === undefined || one === sha256);
    const isRecorded = state.decisions.at(-1)?.sha256 === sha256 && state.decisions.at(-1)?.imageId === command.imageId;
    this.#ledger.check(
      'M3',
      isRight && isRecorded,
      () => `the approval of ${command.imageId} does not name the bytes that were seen`,
    );
  }

  #rejected(command: Command, { code, lastAction }: RejectMessage): void {
    const { state } = this.session;
    const then = this.#found.get(command.commandId);
    if (code === 'stale' || code === 'wrong_stage') {
      this.#ledger.check(
        'M2',
        lastAction !== undefined || then?.lastAction === undefined,
        () => `${code} does not tell who acted`,
      );
    }
    if (code === 'stale') {
      this.#ledger.check(
        'M10',
        command.turn !== undefined && command.turn < state.turn,
        () => `turn ${command.turn} is called stale in turn ${state.turn}`,
      );
    }
    if (code === 'image_not_found' && command.type === 'approve') {
      const attempt = state.attempts.find(({ image }) => image.imageId === command.imageId);
      const isRight = attempt && (command.sha256 === undefined || command.sha256 === attempt.image.sha256);
      this.#ledger.check(
        'M3',
        !isRight || state.turn !== command.turn || state !== then,
        () => `the approval of ${command.imageId} was refused`,
      );
    }
  }

  #liveDrawings(): Drawing[] {
    return this.#upstream.drawings.filter((drawing) => drawing.isLive && drawing.owner === this);
  }
}

function hasMoved(type: 'discard' | 'restore', imageId: string, { attempts, discarded }: State): boolean {
  const place = type === 'discard' ? discarded : attempts;
  return place.some(({ image }) => image.imageId === imageId);
}

const told = (answer: Answer) => (answer.type === 'ack' ? `ack ${answer.revision}` : answer.code);

function withoutText(answer: Answer): object {
  return answer.type === 'ack' ? { revision: answer.revision } : { code: answer.code, lastAction: answer.lastAction };
}

function setsDraft(before: State, { lastAction }: State): boolean {
  if (!lastAction || lastAction === before.lastAction) return false;
  return lastAction.action === 'generate' || lastAction.action === 'regenerate' || lastAction.action === 'start_over';
}
