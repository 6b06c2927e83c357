/**
 * The text of the prompt field, between the person who types here and everybody else.
 *
 * - The last edit wins, wherever it was made. While the field has the focus nothing replaces its text (rule W8): what comes
 *   meanwhile waits. When the focus goes, it is taken if nothing was typed; if something was, the typed text stays, and is sent
 *   again so that all fields are the same.
 * - A text sent from here is on its way until the server says that it has set it. Whatever is heard before that was set earlier, so
 *   it changes nothing: ours will be the last.
 * - A prompt accepted in another tab, or a start over there, changes the draft like a remote edit, with one difference: text typed
 *   here before it stays in this field alone. It is a leftover of an earlier turn, so it is not sent over the prompt that everybody
 *   now sees, but it isn't thrown away either; typing on shares it. Start over in this tab empties the field, focus or not.
 * - A snapshot repeats the draft. What it says is news when a command has set the draft, or when it says something else than was
 *   heard before.
 * - After a reconnect, text that may not have arrived is sent again and not overwritten: no typed text is lost.
 */
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { Environment } from './environment.ts';

interface DraftLimits {
  readonly PROMPT_CHARACTERS: number;
  readonly DRAFTS_PER_SECOND: number;
}

/** Something the server said. */
interface News {
  readonly text: string;
  readonly from: 'typing' | 'command';
}

export class SharedDraft {
  readonly #environment: Pick<Environment, 'now' | 'setTimer'>;
  readonly #send: (text: string, draftId: string) => void;
  #text = '';
  /** As last heard. */
  #serverText = '';
  /** What is in the field was typed here, and is to be sent. */
  #isUnsent = false;
  /** The `draftId` of the last text sent over this connection, until it is heard again. */
  #onTheWay: string | undefined;
  #textsSent = 0;
  #hasFocus = false;
  #isEditedInFocus = false;
  /** What was heard while the field had the focus. */
  #withheld: News | undefined;
  /** This tab has asked to start over and has no answer, and nobody has typed on: only the answer says what becomes of the text. */
  #isReleased = false;
  /** Set while this connection may send drafts. */
  #limits: DraftLimits | undefined;
  #nextSendAt = 0;
  #stopTimer: (() => void) | undefined;

  /** @param send sends a draft over the open connection */
  constructor(environment: Pick<Environment, 'now' | 'setTimer'>, send: (text: string, draftId: string) => void) {
    this.#environment = environment;
    this.#send = send;
  }

  get text(): string {
    return this.#text;
  }

  /** The text, as long as the server may not have it. */
  get unsent(): string | undefined {
    return this.#isUnsent || this.#onTheWay !== undefined ? this.#text : undefined;
  }

  /** Typed here: on show at once, sent as soon as the limit allows, the last text of several. */
  set(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#isEditedInFocus = this.#hasFocus;
    this.#isReleased = false;
    this.#share();
  }

  setFocus(hasFocus: boolean): void {
    if (this.#hasFocus === hasFocus) return;
    this.#hasFocus = hasFocus;
    if (hasFocus) this.#isEditedInFocus = false;
    else if (!this.#isReleased) this.#settleWithheld();
  }

  /**
   * Sends now what waits for its turn: a command that follows must not be overtaken by it. Not what a start over before that command
   * may take away: it would be set behind it.
   */
  flush(): void {
    if (this.#isUnsent && !this.#isReleased) this.#sendNow();
  }

  /** This tab asks to start over: what is in the field may go once the answer is there, unless somebody types on. */
  release(): void {
    this.#isReleased = true;
  }

  /** The start over asked for is accepted. */
  released(): void {
    if (!this.#isReleased) return;
    this.#isReleased = false;
    this.#isEditedInFocus = false;
    this.#take(this.#serverText);
  }

  /** The start over asked for is refused: what is in the field still counts, and may have been lost on its way. */
  kept(): void {
    if (!this.#isReleased) return;
    this.#isReleased = false;
    if (this.#isUnsent) this.#share();
    else if (!this.#hasFocus) this.#settleWithheld();
  }

  /**
   * @param text the draft in the join's snapshot
   * @param isSet whether a command accepted since the last snapshot of the connection before has set it
   * @param limits undefined for a connection that may not send drafts
   */
  joined(text: string, isSet: boolean, limits: DraftLimits | undefined): void {
    this.#limits = limits;
    if (!limits || !this.#isUnsent || text === this.#text) return this.heardSnapshot(text, isSet);
    this.#serverText = text;
    this.#withheld = undefined;
    if (!this.#isReleased) this.#sendNow();
  }

  /** The connection is gone; what was typed and may be lost waits for the next one. */
  left(): void {
    this.#limits = undefined;
    this.#isUnsent ||= this.#onTheWay !== undefined;
    this.#onTheWay = undefined;
    this.#stopSending();
  }

  /** Somebody else typed or, with a `draftId`, the server has set a text of ours. */
  heardDraft(text: string, draftId?: string): void {
    if (draftId !== undefined) {
      if (draftId !== this.#onTheWay) return;
      this.#onTheWay = undefined;
    }
    this.#hear({ text, from: 'typing' }, true);
  }

  /** @param isSet whether a command accepted since the last snapshot has set the draft */
  heardSnapshot(text: string, isSet: boolean): void {
    this.#hear({ text, from: isSet ? 'command' : 'typing' }, isSet || text !== this.#serverText);
  }

  #hear(heard: News, isNews: boolean): void {
    this.#serverText = heard.text;
    if (this.#onTheWay !== undefined) return;
    if (heard.text === this.#text) this.#take(heard.text);
    else if (isNews) this.#hearNews(heard);
  }

  #hearNews(news: News): void {
    const isAboutToGo = this.#isUnsent && this.#limits !== undefined;
    // Our own newer text will be the last one.
    if (isAboutToGo && news.from === 'typing') return;
    if (this.#hasFocus) this.#withheld = news;
    else if (!isAboutToGo) this.#take(news.text);
    if (news.from === 'command') this.#leaveBehind();
  }

  #settleWithheld(): void {
    const withheld = this.#withheld;
    if (!withheld) return;
    if (!this.#isEditedInFocus) this.#take(withheld.text);
    else if (withheld.from === 'typing') this.#share();
    this.#withheld = undefined;
  }

  /** Puts in the field what the server has. */
  #take(text: string): void {
    this.#text = text;
    this.#withheld = undefined;
    this.#leaveBehind();
  }

  /** Nothing typed so far is to be sent any more. */
  #leaveBehind(): void {
    this.#isUnsent = false;
    this.#onTheWay = undefined;
    this.#stopSending();
  }

  /** What is in the field is to be everybody's. */
  #share(): void {
    this.#withheld = undefined;
    this.#isUnsent = true;
    this.#sendSoon();
  }

  #sendSoon(): void {
    if (this.#stopTimer) return;
    if (!this.#limits) return;
    const waitMs = Math.min(1_000 / this.#limits.DRAFTS_PER_SECOND, this.#nextSendAt - this.#environment.now());
    if (waitMs <= 0) this.#sendNow();
    else this.#stopTimer = this.#environment.setTimer(() => this.#sendNow(), waitMs);
  }

  /** A text over the limit waits until it is short enough: the server would refuse it, or end the connection over its size. */
  #sendNow(): void {
    this.#stopSending();
    if (!this.#limits || this.#text.length > this.#limits.PROMPT_CHARACTERS) return;
    this.#nextSendAt = this.#environment.now() + 1_000 / this.#limits.DRAFTS_PER_SECOND;
    this.#isUnsent = false;
    this.#textsSent += 1;
    this.#onTheWay = String(this.#textsSent);
    this.#send(this.#text, this.#onTheWay);
  }

  #stopSending(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }
}

/** Whether a command that sets the shared draft was accepted between two snapshots. */
export function isDraftSet(before: SnapshotMessage | undefined, now: SnapshotMessage): boolean {
  const action = now.lastAction;
  if (!action || (action.at === before?.lastAction?.at && action.action === before.lastAction.action)) return false;
  return action.action === 'generate' || action.action === 'regenerate' || action.action === 'start_over';
}
