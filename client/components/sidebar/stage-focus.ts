/**
 * Keeps a person's focus with the work: who acted, or stood in a part that is gone, is taken to where the new stage begins. The event
 * `followed` then tells the host's owner, which has the picture.
 */
import type { LitElement, ReactiveController } from 'lit';
import type { Stage } from '../../../shared/model.ts';
import { type Intent, IntentEvent } from '../../model/intent.ts';
import type { Notice, SessionState } from '../../session/session-state.ts';

interface Host extends LitElement {
  readonly session: SessionState;
  /** Takes the person to where the stage begins. */
  enter(): Promise<void>;
}

/** What leads to no other stage. */
const asides: ReadonlySet<Intent['type']> = new Set(['draft', 'draft_focus', 'want', 'options', 'unsent']);

/** Nobody else is moved: what others do leaves the focus where it is, as long as its part is there. */
export class StageFocus implements ReactiveController {
  readonly #host: Host;
  /** The stage that this person's own command is to leave, until it does. */
  #actedIn: Stage | undefined;
  #stoodIn: Element | undefined;
  #before:
    | { readonly stage: Stage | undefined; readonly isClosed: boolean; readonly notice: Notice | undefined }
    | undefined;

  constructor(host: Host) {
    this.#host = host;
    host.addController(this);
    host.addEventListener(IntentEvent.type, (event) => {
      if (event instanceof IntentEvent && this.#leadsOn(event.intent.type)) this.acted();
    });
  }

  /** The person has asked for something that may lead to another stage. */
  acted(): void {
    this.#actedIn = this.#host.session.snapshot?.stage;
  }

  /** To discard leads on only where nothing else is left to look at. */
  #leadsOn(type: Intent['type']): boolean {
    return type === 'discard' ? this.#host.session.snapshot?.attempts.length === 1 : !asides.has(type);
  }

  hostUpdate(): void {
    this.#stoodIn = this.#host.shadowRoot?.activeElement ?? undefined;
  }

  hostUpdated(): void {
    const { snapshot, connection, notice } = this.#host.session;
    const now = { stage: snapshot?.stage, isClosed: connection.status === 'closed', notice };
    const before = this.#before;
    this.#before = now;
    // What was refused leads nowhere.
    if (notice && notice !== before?.notice) this.#actedIn = undefined;
    if (!before?.stage) return;
    const hasEnded = !before.isClosed && now.isClosed;
    if (hasEnded || before.stage !== now.stage) void this.#follow(before.stage, now.stage, this.#stoodIn);
  }

  async #follow(before: Stage, now: Stage | undefined, stoodIn: Element | undefined): Promise<void> {
    const acted = this.#actedIn === before;
    this.#actedIn = undefined;
    await this.#host.updateComplete;
    const isGone = stoodIn !== undefined && !(stoodIn.isConnected && stoodIn.checkVisibility());
    if (!acted && !isGone) return;
    await this.#host.enter();
    // Who has approved a picture has seen it, and goes on from there.
    if (before !== now && !(acted && now === 'final')) this.#host.dispatchEvent(new Event('followed'));
  }
}
