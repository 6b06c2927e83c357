/** Moves the focus to where the work goes on when the stage changes under it. */
import type { LitElement, ReactiveController } from 'lit';
import type { SnapshotMessage } from '../../../shared/protocol.ts';
import { type Intent, IntentEvent } from '../../model/intent.ts';
import { nextTask } from '../../session/next-task.ts';
import type { CommandRejection, SessionState } from '../../session/session-state.ts';

interface Host extends LitElement {
  readonly session: SessionState;
  /** Moves the focus to where the stage begins. */
  enter(): Promise<void>;
}

type Stage = SnapshotMessage['stage'];

interface Seen {
  readonly stage: Stage | undefined;
  readonly isClosed: boolean;
  readonly rejection: CommandRejection | undefined;
}

/** Intents that never lead to another stage. */
const withoutStage: ReadonlySet<Intent['type']> = new Set([
  ...(['draft', 'draft_focus', 'want', 'options', 'unsent'] as const),
  ...(['request_changes', 'require_approvals', 'look'] as const),
]);

/**
 * The focus moves if this person's own command changed the stage, or if the element that had the focus is gone. What others do never
 * moves it otherwise. After a move the host dispatches `focus-moved`, so that its owner can bring the picture into view.
 */
export class StageFocus implements ReactiveController {
  readonly #host: Host;
  /** The stage in which this person sent a command, until the stage changes or the command is rejected. */
  #commandedIn: Stage | undefined;
  #focusedBefore: Element | undefined;
  #before: Seen | undefined;

  constructor(host: Host) {
    this.#host = host;
    host.addController(this);
    host.addEventListener(IntentEvent.type, (event) => {
      if (event instanceof IntentEvent && this.#mayChangeStage(event.intent.type)) this.commandSent();
    });
  }

  /** To be called for commands whose intents don't pass the host. */
  commandSent(): void {
    this.#commandedIn = this.#host.session.snapshot?.stage;
  }

  /** A discard changes the stage only if it leaves no attempt. */
  #mayChangeStage(type: Intent['type']): boolean {
    return type === 'discard' ? this.#host.session.snapshot?.attempts.length === 1 : !withoutStage.has(type);
  }

  hostUpdate(): void {
    this.#focusedBefore = this.#host.shadowRoot?.activeElement ?? undefined;
  }

  hostUpdated(): void {
    const { snapshot, connection, rejection } = this.#host.session;
    const now: Seen = { stage: snapshot?.stage, isClosed: connection.status === 'closed', rejection };
    const before = this.#before;
    this.#before = now;
    if (rejection && rejection !== before?.rejection) this.#commandedIn = undefined;
    if (!before?.stage) return;
    const hasEnded = !before.isClosed && now.isClosed;
    if (hasEnded || before.stage !== now.stage) void this.#stageChanged(before.stage, now.stage, this.#focusedBefore);
  }

  async #stageChanged(before: Stage, now: Stage | undefined, focused: Element | undefined): Promise<void> {
    const isOwn = this.#commandedIn === before;
    this.#commandedIn = undefined;
    await this.#host.updateComplete;
    // What follows makes the browser lay out the page.
    await nextTask();
    // The person may have focused another element while this waited: it keeps the focus.
    const hasMoved = (this.#host.shadowRoot?.activeElement ?? focused) !== focused;
    const isGone = focused && !hasMoved && !(focused.isConnected && focused.checkVisibility());
    if (!isOwn && !isGone) return;
    await this.#host.enter();
    // Somebody who has just approved has seen the picture.
    if (before !== now && !(isOwn && now === 'final')) this.#host.dispatchEvent(new Event('focus-moved'));
  }
}
