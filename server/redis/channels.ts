/** Notices between servers: one channel for each session, over one connection that subscribes for the whole server. */
import type { Clock } from '../platform/clock.ts';
import { ignoreUnavailable } from '../session/availability.ts';
import type { RedisConnection } from './connection.ts';

export interface ChannelListener {
  /** Another server has published that. */
  received(kind: string, body: string): void;
  /** The connection was lost and is back: something may have been missed. */
  missed(): void;
}

interface Channel {
  readonly listeners: Set<ChannelListener>;
  /** On the present connection. */
  subscribed: Promise<unknown> | undefined;
}

/** A message says who sent it: the server itself hears it, too, and passes it over. */
export const messageOf = (serverId: string, kind: string, body = ''): string => `${serverId} ${kind} ${body}`;

const PING_MS = 5_000;
const CHANNELS_PER_COMMAND = 500;

export class RedisChannels {
  readonly #connection: RedisConnection;
  readonly #serverId: string;
  readonly #channels = new Map<string, Channel>();
  readonly #stopPings: () => void;

  /** @param connection is used for nothing else, and is closed with this */
  constructor(connection: RedisConnection, serverId: string, clock: Pick<Clock, 'every'>) {
    this.#connection = connection;
    this.#serverId = serverId;
    connection.client.on('message', (channel: string, message: string) => this.#receive(channel, message));
    connection.onLost(() => this.#forget());
    connection.onReady(() => void this.#resubscribe());
    // A connection that died without a word would look like one on which nobody publishes.
    this.#stopPings = clock.every(PING_MS, () => this.#ping());
  }

  /**
   * Resolves, with the undo, when nothing more can be missed.
   * @throws {StoreUnavailable}
   */
  async subscribe(name: string, listener: ChannelListener): Promise<() => void> {
    const channel = this.#channels.get(name) ?? { listeners: new Set(), subscribed: undefined };
    this.#channels.set(name, channel);
    channel.listeners.add(listener);
    const leave = () => this.#leave(name, channel, listener);
    channel.subscribed ??= this.#connection.run((client) => client.subscribe(name));
    const { subscribed } = channel;
    try {
      await subscribed;
      return leave;
    } catch (error) {
      if (channel.subscribed === subscribed) channel.subscribed = undefined;
      leave();
      throw error;
    }
  }

  close(): void {
    this.#stopPings();
    this.#channels.clear();
    this.#connection.close();
  }

  #leave(name: string, channel: Channel, listener: ChannelListener): void {
    if (!channel.listeners.delete(listener) || channel.listeners.size > 0) return;
    this.#channels.delete(name);
    if (!this.#connection.isReady) return;
    this.#connection.run((client) => client.unsubscribe(name)).catch(ignoreUnavailable);
  }

  #receive(name: string, message: string): void {
    const [, sender, kind, body] = /^(\S+) (\S+) (.*)$/s.exec(message) ?? [];
    if (kind === undefined || body === undefined || sender === this.#serverId) return;
    for (const listener of [...(this.#channels.get(name)?.listeners ?? [])]) listener.received(kind, body);
  }

  #forget(): void {
    for (const channel of this.#channels.values()) channel.subscribed = undefined;
  }

  async #resubscribe(): Promise<void> {
    const lost = [...this.#channels].filter(([, channel]) => !channel.subscribed);
    for (let first = 0; first < lost.length; first += CHANNELS_PER_COMMAND) {
      const some = lost.slice(first, first + CHANNELS_PER_COMMAND);
      const subscribed = this.#connection.run((client) => client.subscribe(...some.map(([name]) => name)));
      for (const [, channel] of some) channel.subscribed = subscribed;
      try {
        await subscribed;
      } catch (error) {
        // The connection is lost again: it is done over when that is back.
        ignoreUnavailable(error);
        return;
      }
      for (const [, { listeners }] of some) for (const listener of [...listeners]) listener.missed();
    }
  }

  #ping(): void {
    if (this.#connection.isReady) this.#connection.run((client) => client.ping()).catch(ignoreUnavailable);
  }
}
