/**
 * The text of the prompt field, which everybody in the session shares.
 *
 * - The last edit wins, by anybody. While the field has the focus, no other text replaces what is in it (rule W8): updates from
 *   the server are withheld. When the focus goes, the withheld text is taken if nothing was typed meanwhile; if something was, the
 *   typed text stays and is sent again, so that all fields agree.
 * - A text sent from here is in flight until the server says that it has set it. What arrives before that was set earlier, so it is
 *   ignored.
 * - A command that sets the draft (`draftRevision` grows) supersedes what was typed before: such text stays in this field, but it is
 *   not sent over the new prompt unless the person types on. So does text that was typed at an earlier `draftRevision` and is set again
 *   after a reload. This client's own start over empties the field, focus or not.
 * - Text that may not have arrived before a connection was lost is sent again after the next join.
 */
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { Environment } from './environment.ts';

/** A long text is sent less often: a second passes after one of 32,000 characters, so that a thin line carries it. */
const CHARACTERS_PER_MS = 32;
/** Whatever becomes of the clock. */
const LONGEST_PAUSE_MS = 2_000;

interface DraftLimits {
  readonly PROMPT_CHARACTERS: number;
  readonly DRAFTS_PER_SECOND: number;
}

/** The shared text as the server has it now. */
interface Update {
  readonly text: string;
  readonly setBy: 'typing' | 'command';
}

export class SharedDraft {
  readonly #environment: Pick<Environment, 'now' | 'setTimer'>;
  readonly #send: (text: string, draftId: string) => void;
  #text = '';
  /** As the server last sent it. */
  #serverText = '';
  /** Of the last snapshot. */
  #draftRevision: number | undefined;
  /** The text was typed here and is still to be sent. */
  #isUnsent = false;
  /** The text was typed here, and stays though a command has set another one. */
  #isSuperseded = false;
  /** The `draftRevision` at which the text was typed; undefined before the first join. */
  #typedAt: number | undefined;
  /** The `draftId` of the last text sent over this connection, until the server has set it. */
  #inFlightId: string | undefined;
  #sentCount = 0;
  #hasFocus = false;
  #isEditedInFocus = false;
  /** The last update that came while the field had the focus. */
  #withheld: Update | undefined;
  /** This client's start over has no answer yet, and nothing was typed after it. */
  #isStartingOver = false;
  /** Absent without a connection that may send drafts. */
  #limits: DraftLimits | undefined;
  #nextSendAt = 0;
  #cancelSend: (() => void) | undefined;

  /** @param send sends a draft over the joined connection */
  constructor(environment: Pick<Environment, 'now' | 'setTimer'>, send: (text: string, draftId: string) => void) {
    this.#environment = environment;
    this.#send = send;
  }

  get text(): string {
    return this.#text;
  }

  /** The text, while the server may not have it, and the `draftRevision` at which it was typed. */
  get unsent(): { readonly text: string; readonly draftRevision: number | undefined } | undefined {
    const isUnsent = this.#isUnsent || this.#inFlightId !== undefined || this.#isSuperseded;
    return isUnsent ? { text: this.#text, draftRevision: this.#typedAt } : undefined;
  }

  /** Typed here, now or at an earlier `draftRevision`. Sent as soon as the rate allows; of several texts, the last one. */
  set(text: string, draftRevision = this.#draftRevision): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#isEditedInFocus = this.#hasFocus;
    this.#isStartingOver = false;
    if (draftRevision === undefined || draftRevision >= (this.#draftRevision ?? 0)) return this.#share();
    this.#withheld = undefined;
    this.#typedAt = draftRevision;
    this.#keepToItself();
    this.#isSuperseded = true;
  }

  setFocus(hasFocus: boolean): void {
    if (this.#hasFocus === hasFocus) return;
    this.#hasFocus = hasFocus;
    if (hasFocus) this.#isEditedInFocus = false;
    else if (!this.#isStartingOver) this.#settleWithheld();
  }

  /** Sends what waits for the rate, so that it arrives before a command that follows. What a start over may take away is not sent. */
  flush(): void {
    if (this.#isUnsent && !this.#isStartingOver) this.#sendNow();
  }

  /** This client has given the command to start over. Its answer decides about the text, unless the person types on. */
  startingOver(): void {
    this.#isStartingOver = true;
  }

  startOverAccepted(): void {
    if (!this.#isStartingOver) return;
    this.#isStartingOver = false;
    this.#isEditedInFocus = false;
    this.#take(this.#serverText);
  }

  startOverRejected(): void {
    if (!this.#isStartingOver) return;
    this.#isStartingOver = false;
    if (this.#isUnsent) this.#share();
    else if (!this.#hasFocus) this.#settleWithheld();
  }

  /**
   * @param snapshot the first one after the join
   * @param limits undefined where this client may not send drafts
   */
  joined(snapshot: SnapshotMessage, limits: DraftLimits | undefined): void {
    this.#limits = limits;
    const isToBeSent = limits !== undefined && this.#isUnsent && snapshot.draft !== this.#text;
    if (!isToBeSent || this.#isSetByCommand(snapshot)) return this.snapshotReceived(snapshot);
    this.#serverText = snapshot.draft;
    this.#draftRevision = snapshot.draftRevision;
    this.#typedAt = snapshot.draftRevision;
    this.#withheld = undefined;
    if (!this.#isStartingOver) this.#sendNow();
  }

  /** The connection is gone; a text in flight may be lost. */
  disconnected(): void {
    this.#limits = undefined;
    this.#isUnsent ||= this.#inFlightId !== undefined;
    this.#inFlightId = undefined;
    this.#stopSending();
  }

  /** The server has set a text: another client's or, with a `draftId`, one of this client's. */
  draftReceived(text: string, draftId?: string): void {
    if (draftId !== undefined) {
      if (draftId !== this.#inFlightId) return;
      this.#inFlightId = undefined;
    }
    this.#receive({ text, setBy: 'typing' }, true);
  }

  snapshotReceived(snapshot: SnapshotMessage): void {
    const { draft: text, draftRevision } = snapshot;
    const isSetByCommand = this.#isSetByCommand(snapshot);
    this.#draftRevision = draftRevision;
    // Every snapshot repeats the draft.
    const isChange = isSetByCommand || text !== this.#serverText;
    this.#receive({ text, setBy: isSetByCommand ? 'command' : 'typing' }, isChange);
  }

  /** Whether a command has set the draft since the last snapshot. */
  #isSetByCommand({ draftRevision }: SnapshotMessage): boolean {
    return this.#draftRevision !== undefined && draftRevision > this.#draftRevision;
  }

  #receive(update: Update, isChange: boolean): void {
    this.#serverText = update.text;
    if (this.#inFlightId !== undefined) return;
    if (update.text === this.#text) this.#take(update.text);
    else if (isChange) this.#apply(update);
  }

  #apply(update: Update): void {
    const isAboutToBeSent = this.#isUnsent && this.#limits !== undefined;
    // The text that is about to be sent will be the last one.
    if (isAboutToBeSent && update.setBy === 'typing') return;
    const isOwn = isAboutToBeSent || (this.#hasFocus && this.#isEditedInFocus);
    if (this.#hasFocus) this.#withheld = update;
    else if (!isAboutToBeSent) this.#take(update.text);
    if (update.setBy !== 'command') return;
    this.#keepToItself();
    this.#isSuperseded = isOwn;
  }

  #settleWithheld(): void {
    const withheld = this.#withheld;
    if (!withheld) return;
    if (!this.#isEditedInFocus) this.#take(withheld.text);
    else if (withheld.setBy === 'typing') this.#share();
    this.#withheld = undefined;
  }

  #take(text: string): void {
    this.#text = text;
    this.#withheld = undefined;
    this.#keepToItself();
  }

  /** Does not send what was typed so far. */
  #keepToItself(): void {
    this.#isUnsent = false;
    this.#isSuperseded = false;
    this.#inFlightId = undefined;
    this.#stopSending();
  }

  #share(): void {
    this.#withheld = undefined;
    this.#isUnsent = true;
    this.#isSuperseded = false;
    this.#typedAt = this.#draftRevision;
    if (this.#cancelSend || !this.#limits) return;
    const waitMs = Math.min(LONGEST_PAUSE_MS, this.#nextSendAt - this.#environment.now());
    if (waitMs <= 0) this.#sendNow();
    else this.#cancelSend = this.#environment.setTimer(() => this.#sendNow(), waitMs);
  }

  /** Does not send a text over the limit: the server would reject it, or close the connection over its size. */
  #sendNow(): void {
    this.#stopSending();
    if (!this.#limits || this.#text.length > this.#limits.PROMPT_CHARACTERS) return;
    const pause = Math.max(1_000 / this.#limits.DRAFTS_PER_SECOND, this.#text.length / CHARACTERS_PER_MS);
    this.#nextSendAt = this.#environment.now() + pause;
    this.#isUnsent = false;
    this.#sentCount += 1;
    this.#inFlightId = String(this.#sentCount);
    this.#send(this.#text, this.#inFlightId);
  }

  #stopSending(): void {
    this.#cancelSend?.();
    this.#cancelSend = undefined;
  }
}
