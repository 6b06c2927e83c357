/** A simulated browser tab with the real session client in it, and a person who clicks. */
import {
  type CommandInput,
  type CommandResult,
  type Environment,
  SessionClient,
  type SessionClientOptions,
  type SessionState,
} from '../../client/session/session-client.ts';
import { digest } from './ask.ts';
import { Cable } from './cable.ts';
import type { Weather } from './pipe.ts';
import type { Random } from './random.ts';
import type { Time } from './time.ts';

/** What a page's network does with a new connection. */
export type Network = 'fine' | 'refuses' | 'swallows';

export interface PageParts {
  readonly number: number;
  /** The room is what its people have in common, even before the server has made a session for it. */
  readonly room: string;
  readonly mayDecide: boolean;
  readonly isInvited: boolean;
  readonly options: Omit<SessionClientOptions, 'server'>;
  readonly time: Time;
  readonly random: Random;
  readonly newId: () => string;
  readonly onCable: (page: Page, cable: Cable) => void;
}

/** A click, and what became of it. */
export interface Click {
  /** What its person wants. */
  readonly ask: CommandInput;
  /** Absent when it was taken for an earlier one of its kind, or refused in the page. */
  readonly commandId: string | undefined;
  result: CommandResult | undefined;
}

/** Browsers let the timers of hidden pages fire no more often. */
const HIDDEN_GRAIN_MS = 1_000;

export class Page {
  readonly number: number;
  readonly room: string;
  readonly mayDecide: boolean;
  readonly isInvited: boolean;
  readonly client: SessionClient;
  readonly weather: Weather = { latencyMs: 20, bytesPerMs: 1_000 };
  readonly clicks: Click[] = [];
  readonly warnings: string[] = [];
  /** The SHA-256 of the bytes behind each object URL. */
  readonly urls = new Map<string, string>();
  readonly cables: Cable[] = [];
  network: Network = 'fine';
  isHidden = false;
  isAsleep = false;
  isFocused = false;
  wokeAt = Number.NEGATIVE_INFINITY;
  hasLeft = false;
  /** The person is typing at this very moment. */
  isTyping = false;
  lastTyped: { readonly text: string; readonly at: number } | undefined;
  /** When it last heard that a command had set the draft. */
  heardSetAt = Number.NEGATIVE_INFINITY;
  #skewMs = 0;
  #lastDigest = '';
  #lastId: string | undefined;
  #urlCount = 0;
  readonly #parts: PageParts;
  readonly #waiting: (() => void)[] = [];
  readonly #wakers = new Set<() => void>();

  constructor(parts: PageParts) {
    this.#parts = parts;
    this.number = parts.number;
    this.room = parts.room;
    this.mayDecide = parts.mayDecide;
    this.isInvited = parts.isInvited;
    this.client = new SessionClient({ server: 'http://proofroom.test', ...parts.options }, this.#environment());
  }

  get state(): SessionState {
    return this.client.state;
  }

  /** The connection that the page has now. */
  get cable(): Cable | undefined {
    const last = this.cables.at(-1);
    return last && !last.client.isClosing && !last.isOver ? last : undefined;
  }

  get now(): number {
    return Math.floor(this.#parts.time.now) + this.#skewMs;
  }

  get isUp(): boolean {
    return !this.hasLeft && !this.isAsleep;
  }

  type(text: string): void {
    this.lastTyped = { text, at: this.#parts.time.now };
    this.isTyping = true;
    this.client.setDraft(text);
    this.isTyping = false;
  }

  focus(isFocused: boolean): void {
    this.isFocused = isFocused;
    this.client.setDraftFocus(isFocused);
  }

  click(ask: CommandInput): Click {
    this.#lastId = undefined;
    const answer = this.#act(ask);
    const click: Click = { ask, commandId: this.#lastId, result: undefined };
    this.clicks.push(click);
    void answer.then((result) => {
      click.result = result;
    });
    return click;
  }

  hide(): void {
    this.isHidden = true;
  }

  /** Shown again, or online again: the page looks whether its line is alive. */
  show(): void {
    this.isHidden = false;
    for (const waker of [...this.#wakers]) waker();
  }

  sleep(): void {
    this.isAsleep = true;
    for (const cable of this.cables) {
      cable.up.block('asleep');
      cable.down.block('asleep');
    }
  }

  /** What fell due meanwhile happens now, late and in order. */
  wake(): void {
    this.isAsleep = false;
    this.wokeAt = this.#parts.time.now;
    for (const cable of this.cables) {
      cable.up.unblock('asleep');
      cable.down.unblock('asleep');
    }
    for (const event of this.#waiting.splice(0)) this.#run(event);
    if (!this.isHidden) this.show();
  }

  setClockForward(ms: number): void {
    this.#skewMs += ms;
  }

  leave(): void {
    this.hasLeft = true;
    this.client.close();
  }

  /** The tab is gone without a word of its page's own: a reload, or a crash. The browser closes its connections. */
  vanish(): void {
    this.hasLeft = true;
    for (const cable of this.cables) cable.client.close();
  }

  #act(ask: CommandInput): Promise<CommandResult> {
    const { client } = this;
    switch (ask.type) {
      case 'generate':
        return client.generate(ask.prompt, ask.options);
      case 'regenerate': {
        const { imageId, prompt, options } = ask;
        return client.regenerate({
          ...(imageId !== undefined && { imageId }),
          ...(prompt !== undefined && { prompt }),
          ...(options && { options }),
        });
      }
      case 'refine':
        return client.refine(ask.imageId, ask.feedback, ask.options);
      case 'approve': {
        const { reference } = this.state.images.get(ask.imageId) ?? {};
        if (!reference) throw new Error('Nobody approves what they do not see.');
        return client.approve(reference);
      }
      case 'discard':
        return client.discard(ask.imageId);
      case 'restore':
        return client.restore(ask.imageId);
      case 'cancel':
        return client.cancel(ask.reason);
      case 'start_over':
        return client.startOver();
    }
  }

  #run(event: () => void): void {
    if (this.isAsleep) this.#waiting.push(event);
    else if (!this.hasLeft) event();
  }

  #environment(): Environment {
    const { time, random, newId } = this.#parts;
    return {
      openSocket: () => this.#openSocket(),
      now: () => this.now,
      setTimer: (callback, delayMs) => this.#setTimer(callback, delayMs),
      random: () => random.next(),
      randomId: () => {
        this.#lastId = `p${this.number}-${newId()}`;
        return this.#lastId;
      },
      createObjectUrl: () => {
        const url = `blob:${this.number}-${++this.#urlCount}`;
        this.urls.set(url, this.#lastDigest);
        return url;
      },
      revokeObjectUrl: (url) => void this.urls.delete(url),
      // An inbox checks one image at a time, so the last digest is that of the image that is shown next.
      sha256: (bytes) => {
        this.#lastDigest = digest(bytes);
        return Promise.resolve(this.#lastDigest);
      },
      isHidden: () => this.isHidden,
      onWake: (listener) => {
        this.#wakers.add(listener);
        return () => void this.#wakers.delete(listener);
      },
      warn: (message) => void this.warnings.push(`${time.now} ${message}`),
    };
  }

  #setTimer(callback: () => void, delayMs: number): () => void {
    const { time } = this.#parts;
    let isUndone = false;
    const grainMs = this.isHidden ? HIDDEN_GRAIN_MS - (time.now % HIDDEN_GRAIN_MS) : 0;
    const undo = time.after(Math.max(delayMs, grainMs), () =>
      this.#run(() => {
        if (!isUndone) callback();
      }),
    );
    return () => {
      isUndone = true;
      undo();
    };
  }

  #openSocket(): Cable['client'] {
    const { time, random, onCable } = this.#parts;
    const cable = new Cable(time, random, this.weather, (event) => this.#run(event));
    const over = this.cables.findIndex((one) => one.isOver);
    if (over >= 0) this.cables.splice(over, 1);
    this.cables.push(cable);
    onCable(this, cable);
    return cable.client;
  }
}
