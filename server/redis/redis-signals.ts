/**
 * Signals over Redis: published at once, and kept for a while. Of each session: a hash of values, and a sorted set of their keys by the
 * moment, by the clock of Redis, until which they are kept.
 */
import type { Result } from 'ioredis';
import { ignoreUnavailable } from '../session/availability.ts';
import type { Signal, Signals } from '../session/signals.ts';
import { messageOf } from './channels.ts';
import type { RedisDeployment } from './deployment.ts';
import { NOW } from './session-scripts.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    /** Keys: values, moments. Arguments: key, value or '' for none, for how long, channel, message. */
    proofroomSignal(...args: (string | number)[]): Result<unknown, Context>;
    /** Keys and values in turn. Keys: values, moments. */
    proofroomSignals(...args: string[]): Result<unknown, Context>;
  }
}

const DROP_OLD = `${NOW}
for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
  redis.call('HDEL', KEYS[1], key)
  redis.call('ZREM', KEYS[2], key)
end
`;

const signal = `${DROP_OLD}
local key, value, kept, channel, message = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
redis.call('PUBLISH', channel, message)
if value == '' or kept <= 0 then
  redis.call('HDEL', KEYS[1], key)
  redis.call('ZREM', KEYS[2], key)
  return
end
redis.call('HSET', KEYS[1], key, value)
redis.call('ZADD', KEYS[2], now + kept, key)
for _, name in ipairs(KEYS) do
  if redis.call('PTTL', name) < kept then redis.call('PEXPIRE', name, kept) end
end
`;

const signals = `${DROP_OLD}
return redis.call('HGETALL', KEYS[1])
`;

export class RedisSignals implements Signals {
  readonly #deployment: RedisDeployment;

  constructor(deployment: RedisDeployment) {
    this.#deployment = deployment;
    const { client } = deployment.connection;
    client.defineCommand('proofroomSignal', { lua: signal, numberOfKeys: 2 });
    client.defineCommand('proofroomSignals', { lua: signals, numberOfKeys: 2 });
  }

  async set(sessionId: string, key: string, value: unknown, keptMs: number): Promise<boolean> {
    const { connection, serverId } = this.#deployment;
    // Those that wait for a connection would be old when it is back.
    if (!connection.isReady) return false;
    const text = value === undefined ? '' : JSON.stringify(value);
    const message = messageOf(serverId, 'signal', JSON.stringify(value === undefined ? [key] : [key, value]));
    const channel = this.#deployment.channelOf(sessionId);
    try {
      await connection.run((client) =>
        client.proofroomSignal(...this.#keys(sessionId), key, text, keptMs, channel, message),
      );
      return true;
    } catch (error) {
      ignoreUnavailable(error);
      return false;
    }
  }

  async read(sessionId: string): Promise<readonly Signal[]> {
    const reply = await this.#deployment.connection.run((client) => client.proofroomSignals(...this.#keys(sessionId)));
    const texts = Array.isArray(reply) ? reply.filter((entry) => typeof entry === 'string') : [];
    const kept: Signal[] = [];
    for (let at = 0; at + 1 < texts.length; at += 2) {
      const [key = '', value = ''] = texts.slice(at, at + 2);
      kept.push({ key, value: parse(value) });
    }
    return kept;
  }

  subscribe(sessionId: string, listener: (signal: Signal) => void, onMissed: () => void): Promise<() => void> {
    return this.#deployment.channels.subscribe(this.#deployment.channelOf(sessionId), {
      received: (kind, body) => {
        const received = kind === 'signal' ? parseSignal(body) : undefined;
        if (received) listener(received);
      },
      missed: onMissed,
    });
  }

  #keys(sessionId: string): readonly [string, string] {
    const key = (part: string) => this.#deployment.sessionKey(sessionId, part);
    return [key('signals'), key('signals-kept')];
  }
}

function parseSignal(body: string): Signal | undefined {
  const parsed = parse(body);
  const [key, value]: readonly unknown[] = Array.isArray(parsed) ? parsed : [];
  return typeof key === 'string' ? { key, value } : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
