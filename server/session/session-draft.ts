/**
 * The shared text of the prompt field, which people type on this server and on others at once. It is no state of the machine: it has no
 * revision (rule W9).
 */
import { whenAvailable } from './availability.ts';
import type { Caller } from './participants.ts';
import type { SessionDocument } from './session-document.ts';
import type { SessionParts } from './session-parts.ts';
import { DRAFT_KEY, type DraftSignal, parseSignal } from './signal-values.ts';

export interface SessionDraftContext extends SessionParts {
  /** The text has changed. Called before the subscribers are told. */
  readonly onChanged: () => void;
}

/** Longer than anybody leaves a text. It goes with its session. */
const KEPT_MS = 24 * 60 * 60_000;
const RETRY_MS = 1_000;
/** A draft that was typed here may have crossed one that is heard so much later. */
const CONTENDED_MS = 10_000;

export class SessionDraft {
  readonly #context: SessionDraftContext;
  #text: string;
  /** The text that was typed last since a command has set the draft, on any server. */
  #last: DraftSignal | undefined;
  /** A text that was typed after a command that this server does not know of yet. */
  #ahead: DraftSignal | undefined;
  /** The text that was typed here last, until the store has it. */
  #unshared: DraftSignal | undefined;
  /** To be called when the store has it, or another one in its place. */
  readonly #untold: (() => void)[] = [];
  #isSharing = false;
  /** Another server has told of a draft in the meantime. */
  #isMissed = false;
  /** How many drafts of other servers were heard. */
  #heardCount = 0;
  #typedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(context: SessionDraftContext) {
    this.#context = context;
    this.#text = context.latest.current.draft;
  }

  get text(): string {
    return this.#text;
  }

  /** A participant typed here. All other connections are told, and the author is when they gave a `draftId`. */
  set(text: string, { participant, connectionId }: Caller, draftId: string | undefined): void {
    const { latest, subscribers } = this.#context;
    this.#replace(text);
    const author = { by: participant.name, participantId: participant.id };
    const { draftRevision } = latest.current.state;
    subscribers.notify((one, caller) => {
      if (caller.connectionId !== connectionId) one.draftChanged({ ...author, text });
    });
    // The author is told only now, so that the text is not lost with this server.
    this.#last = { ...author, text, draftRevision };
    this.#share(this.#last, () => {
      if (draftId === undefined) return;
      const own = { ...author, text: this.#text, draftId };
      subscribers.notify((one, caller) => {
        if (caller.connectionId === connectionId) one.draftChanged(own);
      });
    });
  }

  /** Takes in a text from another server. When people type on two servers at once, both servers show the text that the store took last. */
  hear(draft: DraftSignal): void {
    this.#heardCount += 1;
    const isTypedHere = this.#context.clock.monotonic() - this.#typedAt < CONTENDED_MS;
    // It was set before the one that is on its way.
    if (this.#isSharing) this.#isMissed = true;
    else if (isTypedHere) void this.#read();
    else this.#adopt(draft);
  }

  /**
   * The session has another document. Where a command has set the draft, nobody is told, since the snapshot carries it. Somebody may have
   * typed since, on a server that knew of the command before this one.
   */
  follow({ draft, state: { draftRevision } }: SessionDocument, before: SessionDocument): void {
    if (draftRevision === before.state.draftRevision) return;
    this.#last = this.#ahead?.draftRevision === draftRevision ? this.#ahead : undefined;
    this.#replace(this.#last?.text ?? draft);
  }

  /** Shares nothing more, and hears nothing any more. May be called twice. */
  close(): void {
    this.#isClosed = true;
  }

  #replace(text: string): void {
    this.#text = text;
    this.#context.onChanged();
  }

  /**
   * Tells other servers what was typed here, until the store has it; then calls `onShared`. Gives up when a command has set the text since,
   * or when the author has no connection here any more: they may have typed on at another server.
   */
  #share(draft: DraftSignal, onShared: () => void): void {
    const { stores, clock } = this.#context;
    if (!stores.sharing) return onShared();
    this.#unshared = draft;
    this.#untold.push(onShared);
    this.#typedAt = clock.monotonic();
    if (!this.#isSharing) void this.#shareAll();
  }

  async #shareAll(): Promise<void> {
    const { sessionId, stores, clock, latest, subscribers } = this.#context;
    this.#isSharing = true;
    while (this.#unshared && !this.#isClosed) {
      const unshared = this.#unshared;
      const { length } = this.#untold;
      if (await stores.signals.set(sessionId, DRAFT_KEY, unshared, KEPT_MS)) {
        if (this.#unshared === unshared) this.#unshared = undefined;
        for (const onShared of this.#untold.splice(0, length)) onShared();
      } else {
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
        const { participantId, draftRevision } = this.#unshared;
        const isCurrent = draftRevision === latest.current.state.draftRevision;
        if (isCurrent && subscribers.hasParticipant(participantId)) continue;
        this.#unshared = undefined;
        this.#isMissed = true;
      }
    }
    this.#isSharing = false;
    if (!this.#isMissed) return;
    this.#isMissed = false;
    void this.#read();
  }

  /** Adopts the text that the store has. When it has none, what was typed here is lost, and the last command's text counts. */
  async #read(): Promise<void> {
    const { sessionId, stores, clock, latest, subscribers } = this.#context;
    const heardBefore = this.#heardCount;
    const read = () => stores.signals.read(sessionId);
    const kept = (await whenAvailable(read, clock, () => this.#isClosed)) ?? [];
    const heard = parseSignal(DRAFT_KEY, kept.find(({ key }) => key === DRAFT_KEY)?.value);
    if (this.#isClosed) return;
    // A draft that was heard meanwhile may be newer. It was adopted, or is being read.
    const isNewest = this.#heardCount === heardBefore;
    if (this.#isSharing) this.#isMissed = true;
    else if (isNewest && heard?.kind === 'draft') this.#adopt(heard.draft);
    else if (isNewest) {
      this.#replace(latest.current.draft);
      subscribers.notify((one) => one.snapshotChanged());
    }
    // Those whose text was given up are told which one stands in its place.
    if (!this.#isSharing) for (const onShared of this.#untold.splice(0)) onShared();
  }

  #adopt(draft: DraftSignal): void {
    const { text, draftRevision, by, participantId } = draft;
    const { latest, subscribers, touch } = this.#context;
    touch();
    const { state } = latest.current;
    if (draftRevision > state.draftRevision) this.#ahead = draft;
    // A server that did not know of the command has put an older text in the place of what was typed since.
    const isOutdated = draftRevision < state.draftRevision;
    if (isOutdated && this.#last?.draftRevision === state.draftRevision) this.#share(this.#last, () => {});
    if (draftRevision !== state.draftRevision || text === this.#text) return;
    this.#last = draft;
    this.#replace(text);
    subscribers.notify((one) => one.draftChanged({ text, by, participantId }));
  }
}
