/**
 * The text of the prompt field, between the person who types here and everybody else.
 *
 * - The last edit wins, wherever it was made. While the field has the focus nothing replaces its text (rule W8): what comes
 *   meanwhile waits. When the focus goes, it is taken if nothing was typed; if something was, the typed text stays, and is sent
 *   again so that all fields are the same.
 * - A prompt accepted in another tab, or a start over there, changes the draft like a remote edit, with one difference: text typed
 *   here before it stays in this field alone. It is a leftover of an earlier turn, so it is not sent over the prompt that everybody
 *   now sees, but it isn't thrown away either; typing on shares it. Start over in this tab empties the field, focus or not.
 * - A snapshot repeats the draft. What it says is news when a command has set the draft, or when it says something else than the
 *   server did before; so the echo of an older text never undoes a newer one that is still on its way.
 * - After a reconnect, text that may not have arrived is sent again and not overwritten: no typed text is lost.
 */
import type { Environment } from './environment.ts';

/** A line over which the server has been heard so long after a text was sent has delivered it: by rule R4 it would be cut otherwise. */
const DELIVERED_AFTER_MS = 20_000;
/** When the server has closed a line on which it hears no more; what it wrote meanwhile lets it wait longer (rule R4). */
const CUT_AFTER_MS = 15_000;
/** Two heartbeats of the server. */
const LONGEST_GAP_MS = 10_000;
const SLOWEST_CHARACTERS_PER_MS = (16 * 1024) / 1_000;
/** As many texts as may be sent in that time. */
const MOST_ON_THE_WAY = 200;

interface DraftLimits {
  readonly PROMPT_CHARACTERS: number;
  readonly DRAFTS_PER_SECOND: number;
}

/** Something the server said while the field had the focus. */
interface Withheld {
  readonly text: string;
  readonly from: 'typing' | 'command';
}

/** What was typed here and may not have reached the server. */
type Edit = { readonly is: 'delivered' } | { readonly is: 'unsent' } | { readonly is: 'sent'; readonly at: number };

const delivered: Edit = { is: 'delivered' };

export class SharedDraft {
  readonly #environment: Pick<Environment, 'now' | 'setTimer'>;
  readonly #send: (text: string) => void;
  #text = '';
  /** As the server last said it; undefined before it has. */
  #serverText: string | undefined;
  #edit: Edit = delivered;
  /** Texts sent over this connection that the server may not have taken in: a snapshot that says one of them says nothing new. */
  readonly #onTheWay = new Set<string>();
  #hasFocus = false;
  #isEditedInFocus = false;
  #withheld: Withheld | undefined;
  /** What was in the field when this tab asked to start over, until the answer is there or something takes its place. */
  #released: { readonly text: string; readonly edit: Edit; readonly isEditedInFocus: boolean } | undefined;
  /** Set while this connection may send drafts. */
  #limits: DraftLimits | undefined;
  #nextSendAt = 0;
  #heardAt = 0;
  /** Characters that the server was heard with since the last text was sent. */
  #heardSinceSent = 0;
  #stopTimer: (() => void) | undefined;

  /** @param send sends a draft over the open connection */
  constructor(environment: Pick<Environment, 'now' | 'setTimer'>, send: (text: string) => void) {
    this.#environment = environment;
    this.#send = send;
  }

  get text(): string {
    return this.#text;
  }

  /** Typed here: on show at once, sent as soon as the limit allows, the last text of several. */
  set(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#isEditedInFocus = this.#hasFocus;
    this.#withheld = undefined;
    this.#edit = { is: 'unsent' };
    this.#sendSoon();
  }

  setFocus(hasFocus: boolean): void {
    if (this.#hasFocus === hasFocus) return;
    this.#hasFocus = hasFocus;
    if (hasFocus) {
      this.#isEditedInFocus = false;
      if (this.#released) this.#released = { ...this.#released, isEditedInFocus: false };
    } else if (!this.#isAtStake) {
      this.#settleWithheld();
    }
  }

  /** Sends now what waits for its turn: a command that follows must not be overtaken by it. */
  flush(): void {
    if (this.#edit.is === 'unsent') this.#sendNow();
  }

  /** This tab asks to start over: what is in the field may go once the answer is there, unless somebody types on. */
  release(): void {
    this.#released = { text: this.#text, edit: this.#edit, isEditedInFocus: this.#isEditedInFocus };
    this.#isEditedInFocus = false;
    this.#edit = delivered;
  }

  /** The start over asked for is accepted. */
  released(): void {
    this.#released = undefined;
    if (!this.#isEditedInFocus) this.#settleWithheld();
  }

  /** A start over is not answered yet, and if it is refused, the text in the field must still be there. */
  get #isAtStake(): boolean {
    const before = this.#released;
    return before?.text === this.#text && before.edit.is !== 'delivered' && this.#edit.is === 'delivered';
  }

  /** The start over asked for is refused: what is in the field still counts, and may have been lost on its way. */
  kept(): void {
    const before = this.#released;
    this.#released = undefined;
    if (before?.text !== this.#text || this.#edit.is !== 'delivered') return;
    this.#isEditedInFocus = this.#hasFocus && before.isEditedInFocus;
    if (before.edit.is === 'delivered') return;
    this.#withheld = undefined;
    this.#edit = { is: 'unsent' };
    this.#sendSoon();
  }

  /**
   * @param text the draft in the join's snapshot
   * @param isSet whether a command accepted since the last snapshot of the connection before has set it
   * @param limits undefined for a connection that may not send drafts
   */
  joined(text: string, isSet: boolean, limits: DraftLimits | undefined): void {
    this.#limits = limits;
    if (text === this.#text) this.#edit = delivered;
    if (this.#isAtStake) {
      this.#serverText = text;
      this.#withheld = { text, from: 'command' };
      return;
    }
    if (!limits || this.#edit.is === 'delivered') {
      this.#heardText(text, isSet ? 'command' : 'typing', text !== this.#serverText);
      return;
    }
    this.#serverText = text;
    this.#sendNow();
  }

  /** The connection is gone; what was typed and may be lost waits for the next one. */
  left(): void {
    this.#limits = undefined;
    this.#onTheWay.clear();
    this.#stopSending();
    if (this.#edit.is === 'sent') this.#edit = { is: 'unsent' };
  }

  /** Somebody else typed. */
  heardDraft(text: string): void {
    this.#serverText = text;
    this.#hear({ text, from: 'typing' });
  }

  /** @param isSet whether a command accepted since the last snapshot has set the draft */
  heardSnapshot(text: string, isSet: boolean): void {
    // One of ours is on its way or about to go, and will be the last; without one, this is what everybody else sees.
    const isToFollow = this.#edit.is !== 'delivered' || this.#isAtStake;
    const isEcho = !isSet && isToFollow && this.#onTheWay.has(text);
    this.#heardText(text, isSet ? 'command' : 'typing', isSet || (!isEcho && text !== this.#serverText));
  }

  /** The server was heard over this connection: `characters` of whatever it said. */
  heard(characters: number): void {
    const now = this.#environment.now();
    const gapMs = now - this.#heardAt;
    this.#heardAt = now;
    if (this.#edit.is !== 'sent') return;
    // Heartbeats leave no such gap: the computer has slept, or its clock was set, and nothing is known of the time in between.
    if (gapMs < 0 || gapMs > LONGEST_GAP_MS) this.#edit = { is: 'sent', at: now };
    this.#heardSinceSent += characters;
    const patienceMs = Math.max(DELIVERED_AFTER_MS, CUT_AFTER_MS + this.#heardSinceSent / SLOWEST_CHARACTERS_PER_MS);
    if (now - this.#edit.at >= patienceMs) this.#confirm();
  }

  #heardText(text: string, from: Withheld['from'], isNews: boolean): void {
    this.#serverText = text;
    if (text === this.#text) {
      this.#withheld = undefined;
      this.#confirm();
    } else if (isNews) {
      this.#hear({ text, from });
    }
  }

  #confirm(): void {
    if (this.#edit.is !== 'sent') return;
    this.#edit = delivered;
    this.#onTheWay.clear();
    // What was heard meanwhile may have come after it.
    if (!this.#withheld) this.#serverText = this.#text;
  }

  #hear(news: Withheld): void {
    const isUnsent = this.#edit.is === 'unsent' && this.#limits !== undefined;
    // Our own newer text is about to go out, and will be the last one.
    if (isUnsent && news.from === 'typing') return;
    if (this.#hasFocus) this.#withheld = news;
    else if (!isUnsent) {
      this.#text = news.text;
      this.#withheld = undefined;
    }
    if (news.from === 'command' || !this.#hasFocus) this.#leaveBehind();
  }

  #settleWithheld(): void {
    const withheld = this.#withheld;
    if (!withheld) return;
    this.#withheld = undefined;
    if (!this.#isEditedInFocus) {
      this.#text = withheld.text;
      this.#leaveBehind();
    } else if (withheld.from === 'typing') {
      this.#edit = { is: 'unsent' };
      this.#sendSoon();
    }
  }

  /** Nothing typed so far is to be sent any more. */
  #leaveBehind(): void {
    this.#edit = delivered;
    this.#released = undefined;
    this.#stopSending();
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
    const now = this.#environment.now();
    this.#nextSendAt = now + 1_000 / this.#limits.DRAFTS_PER_SECOND;
    this.#edit = { is: 'sent', at: now };
    this.#heardSinceSent = 0;
    this.#onTheWay.add(this.#text);
    const [oldest] = this.#onTheWay;
    if (this.#onTheWay.size > MOST_ON_THE_WAY && oldest !== undefined) this.#onTheWay.delete(oldest);
    this.#send(this.#text);
  }

  #stopSending(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }
}
