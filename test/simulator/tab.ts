/** A simulated browser tab: the real session client, and a person who types and clicks. */
import {
  type CommandInput,
  type CommandResult,
  type Environment,
  SessionClient,
  type SessionClientOptions,
  type SessionState,
} from '../../client/session/session-client.ts';
import type { ImageReference } from '../../shared/model.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { LinkSpeed } from './link.ts';
import { SimulatedConnection } from './simulated-connection.ts';
import { digest } from './simulated-generator.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What the tab's network does with a new connection. */
export type Network = 'works' | 'refuses' | 'swallows';

export interface TabParts {
  readonly number: number;
  /** The people who share a session have the same team, even before the server has made the session. */
  readonly team: string;
  readonly mayDecide: boolean;
  /** Whether the link and the key of its team's session are right. */
  readonly hasRightLink: boolean;
  readonly options: Omit<SessionClientOptions, 'server'>;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly newId: () => string;
  readonly onConnect: (tab: Tab, connection: SimulatedConnection) => void;
  /** Resolves with the bytes of an image; rejects where there is no server, or no such image. */
  readonly onDownload: (tab: Tab, path: string) => Promise<Uint8Array<ArrayBuffer>>;
}

/** A command that a person gave. */
export interface Click {
  readonly input: CommandInput;
  /** Undefined when the client sent nothing: for a second click, or when the client itself rejected the command. */
  readonly commandId: string | undefined;
  result: CommandResult | undefined;
}

/** Browsers fire the timers of hidden pages at most this often. */
const HIDDEN_TIMER_MS = 1_000;

export class Tab {
  readonly number: number;
  readonly team: string;
  readonly mayDecide: boolean;
  readonly hasRightLink: boolean;
  /** Who joins, where that is known from the beginning. */
  readonly participantId: string | undefined;
  readonly client: SessionClient;
  readonly speed: LinkSpeed = { latencyMs: 20, bytesPerMs: 1_000 };
  readonly clicks: Click[] = [];
  readonly warnings: string[] = [];
  /** The SHA-256 of the bytes behind each object URL. */
  readonly urls = new Map<string, string>();
  readonly connections: SimulatedConnection[] = [];
  network: Network = 'works';
  isHidden = false;
  isAsleep = false;
  isFocused = false;
  /** The image that the person has open. */
  lookingAt: string | undefined;
  wokeAt = Number.NEGATIVE_INFINITY;
  hasLeft = false;
  /** True during the call that types a text. */
  isTyping = false;
  lastTyped: { readonly text: string; readonly at: number } | undefined;
  /** When the client last received a draft that a command had set. */
  draftSetByCommandAt = Number.NEGATIVE_INFINITY;
  #clockOffsetMs = 0;
  /** By the number of bytes, the object URLs whose bytes the client has not verified yet: it does so in the order in which it makes them. */
  readonly #newUrls = new Map<number, string[]>();
  #lastId: string | undefined;
  #urlCount = 0;
  readonly #parts: TabParts;
  readonly #delayed: (() => void)[] = [];
  readonly #wakeListeners = new Set<() => void>();

  constructor(parts: TabParts) {
    this.#parts = parts;
    this.number = parts.number;
    this.team = parts.team;
    this.mayDecide = parts.mayDecide;
    this.hasRightLink = parts.hasRightLink;
    this.participantId = parts.options.participant?.id;
    this.client = new SessionClient({ server: 'http://proofroom.test', ...parts.options }, this.#environment());
  }

  get state(): SessionState {
    return this.client.state;
  }

  /** The current connection. */
  get connection(): SimulatedConnection | undefined {
    const last = this.connections.at(-1);
    return last && !last.client.isClosing && !last.isOver ? last : undefined;
  }

  get now(): number {
    return Math.floor(this.#parts.time.now) + this.#clockOffsetMs;
  }

  /** Whether a person can use it now. */
  get isUsable(): boolean {
    return !this.hasLeft && !this.isAsleep;
  }

  type(text: string): void {
    this.lastTyped = { text, at: this.#parts.time.now };
    this.isTyping = true;
    this.client.setDraft(text);
    this.isTyping = false;
  }

  look(imageId: string | undefined): void {
    this.lookingAt = imageId;
    this.client.look(imageId);
  }

  focus(isFocused: boolean): void {
    this.isFocused = isFocused;
    this.client.setDraftFocus(isFocused);
  }

  click(input: CommandInput): Click {
    this.#lastId = undefined;
    const answer = this.#give(input);
    const click: Click = { input, commandId: this.#lastId, result: undefined };
    this.clicks.push(click);
    void answer.then((result) => {
      click.result = result;
    });
    return click;
  }

  hide(): void {
    this.isHidden = true;
  }

  /** Shown again, or online again: the client then checks its connection. */
  show(): void {
    this.isHidden = false;
    for (const listener of [...this.#wakeListeners]) listener();
  }

  sleep(): void {
    this.isAsleep = true;
    for (const { up, down } of this.connections) {
      up.block('asleep');
      down.block('asleep');
    }
  }

  /** Runs, late and in order, the events that were due meanwhile. */
  wake(): void {
    this.isAsleep = false;
    this.wokeAt = this.#parts.time.now;
    for (const { up, down } of this.connections) {
      up.unblock('asleep');
      down.unblock('asleep');
    }
    for (const event of this.#delayed.splice(0)) this.#run(event);
    if (!this.isHidden) this.show();
  }

  setClockForward(ms: number): void {
    this.#clockOffsetMs += ms;
  }

  leave(): void {
    this.hasLeft = true;
    this.client.close();
  }

  /** The tab crashes or is reloaded: the client does nothing, and the browser closes the connections. */
  crash(): void {
    this.hasLeft = true;
    for (const { client } of this.connections) client.close();
  }

  #give(input: CommandInput): Promise<CommandResult> {
    const { client } = this;
    switch (input.type) {
      case 'generate':
        return client.generate(input.prompt, input.options);
      case 'regenerate': {
        const { imageId, prompt, options } = input;
        return client.regenerate({
          ...(imageId !== undefined && { imageId }),
          ...(prompt !== undefined && { prompt }),
          ...(options && { options }),
        });
      }
      case 'refine':
        return client.refine(input.imageId, input.feedback, input.options);
      case 'approve':
        return client.approve(this.#imageHere(input.imageId), input.note);
      case 'request_changes':
        return client.requestChanges(this.#imageHere(input.imageId), input.note);
      case 'decline':
        return client.decline(this.#imageHere(input.imageId), input.note);
      case 'withdraw':
        return client.withdraw(input.decisionId);
      case 'require_approvals':
        return client.requireApprovals(input.approvals);
      case 'remove':
        return client.remove(input.imageIds);
      case 'discard':
        return client.discard(input.imageId);
      case 'restore':
        return client.restore(input.imageId);
      case 'cancel':
        return client.cancel(input.reason);
      case 'start_over':
        return client.startOver();
      case 'close_link':
        return client.closeLink(input.role);
      case 'replace_link':
        return client.replaceLink(input.role);
      case 'invite':
        return client.invite(input.name, input.role, input.expiresAt);
      case 'revoke':
        return client.revoke(input);
      case 'end_session':
        return client.endSession();
    }
  }

  #imageHere(imageId: string): ImageReference {
    const { reference } = this.state.images.get(imageId) ?? {};
    if (!reference) throw new Error('A person decides only about an image that is here.');
    return reference;
  }

  #run(event: () => void): void {
    if (this.isAsleep) this.#delayed.push(event);
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
        this.#lastId = `t${this.number}-${newId()}`;
        return this.#lastId;
      },
      fetch: async (url) => {
        const bytes = await this.#parts.onDownload(this, new URL(url).pathname);
        return new Promise((resolve) => this.#run(() => resolve(new Response(bytes))));
      },
      onBlockedConnection: () => () => {},
      createObjectUrl: ({ size }) => {
        const url = `blob:${this.number}-${++this.#urlCount}`;
        this.urls.set(url, '');
        this.#newUrls.set(size, [...(this.#newUrls.get(size) ?? []), url]);
        return url;
      },
      revokeObjectUrl: (url) => void this.urls.delete(url),
      sha256: (bytes) => {
        const sha256 = digest(bytes);
        this.urls.set(this.#newUrls.get(bytes.byteLength)?.shift() ?? '', sha256);
        return Promise.resolve(sha256);
      },
      isHidden: () => this.isHidden,
      onWake: (listener) => {
        this.#wakeListeners.add(listener);
        return () => void this.#wakeListeners.delete(listener);
      },
      warn: (message) => void this.warnings.push(`${time.now} ${message}`),
    };
  }

  #setTimer(callback: () => void, delayMs: number): () => void {
    const { time } = this.#parts;
    let isCancelled = false;
    const throttleMs = this.isHidden ? HIDDEN_TIMER_MS - (time.now % HIDDEN_TIMER_MS) : 0;
    const cancel = time.after(Math.max(delayMs, throttleMs), () =>
      this.#run(() => {
        if (!isCancelled) callback();
      }),
    );
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  #openSocket(): SimulatedConnection['client'] {
    const { time, random, onConnect } = this.#parts;
    const connection = new SimulatedConnection(time, random, this.speed, (event) => this.#run(event));
    const over = this.connections.findIndex((one) => one.isOver);
    if (over >= 0) this.connections.splice(over, 1);
    this.connections.push(connection);
    onConnect(this, connection);
    return connection.client;
  }
}
