/** The adapters of one server share its connections, the names of its keys, and its own id. */
import { newId } from '../platform/secrets.ts';
import { RedisChannels } from './channels.ts';
import { RedisConnection, type RedisConnectionOptions } from './connection.ts';

export interface RedisDeploymentOptions extends Omit<RedisConnectionOptions, 'name'> {
  /** Begins each key and each channel. */
  readonly prefix: string;
}

export class RedisDeployment {
  readonly prefix: string;
  /** Of this server, as long as it runs. */
  readonly serverId = newId();
  readonly connection: RedisConnection;
  readonly channels: RedisChannels;

  /** Connects at once and comes back by itself. */
  constructor({ prefix, ...options }: RedisDeploymentOptions) {
    this.prefix = prefix;
    this.connection = new RedisConnection({ ...options, name: 'proofroom' });
    const subscriber = new RedisConnection({ ...options, name: 'proofroom-subscriber' }, 'subscriber');
    this.channels = new RedisChannels(subscriber, this.serverId, options.clock);
  }

  /** The keys of one session share a hash tag, so that a cluster has them on one node and a script can use them together. */
  sessionKey(sessionId: string, part: string): string {
    return `${this.prefix}{${sessionId}}:${part}`;
  }

  /** The same for keys that are about all sessions. */
  sharedKey(part: string): string {
    return `${this.prefix}{shared}:${part}`;
  }

  /** Where servers tell each other of a session. */
  channelOf(sessionId: string): string {
    return `${this.prefix}${sessionId}`;
  }

  close(): void {
    this.channels.close();
    this.connection.close();
  }
}
