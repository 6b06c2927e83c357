/** Asks Redis, before the server starts, whether it would write images to a disk (rule R12) or lose what it was given. */
import { Cluster } from 'ioredis';
import type { RedisClient, RedisConnection } from './connection.ts';

export interface RedisCheck {
  /** Why the server must not start. */
  readonly refusal?: string;
  readonly warnings: readonly string[];
}

const HOW_TO_ALLOW = 'or set PROOFROOM_REDIS_PERSISTENCE=allow if images may be on its disk';

/**
 * In a cluster each master is asked; replicas are not.
 * @throws {StoreUnavailable} when Redis can't be reached
 */
export async function checkRedis(
  connection: RedisConnection,
  { mayPersist }: { readonly mayPersist: boolean },
): Promise<RedisCheck> {
  const answers = await connection.run((client) => Promise.all(mastersOf(client).map(readSettings)));
  const settings = answers.filter((answer) => answer !== undefined);
  const warnings: string[] = [];
  if (settings.length < answers.length) {
    warnings.push('Redis does not let the server read its settings: see that it has save "" and appendonly no');
  }
  if (settings.some(evicts)) {
    warnings.push(
      'Redis has a maxmemory-policy other than noeviction: when its memory is full, it drops sessions and images',
    );
  }
  const setting = settings.some(({ save }) => save !== '')
    ? 'save is set: run CONFIG SET save ""'
    : settings.some(({ appendonly }) => appendonly !== 'no') && 'appendonly is on: run CONFIG SET appendonly no';
  if (!setting || mayPersist) return { warnings };
  return { refusal: `Redis writes what it holds to its disk, since ${setting}, ${HOW_TO_ALLOW}`, warnings };
}

interface Settings {
  readonly save: string;
  readonly appendonly: string;
  readonly maxmemory: string;
  readonly policy: string;
}

const mastersOf = (client: RedisClient) => (client instanceof Cluster ? client.nodes('master') : [client]);

/** Undefined where `CONFIG` is not allowed, as with many hosted services. */
async function readSettings(client: Exclude<RedisClient, Cluster>): Promise<Settings | undefined> {
  const read = async (name: string) => (await client.config('GET', name)) as unknown;
  try {
    const [save, appendonly, maxmemory, policy] = await Promise.all(
      ['save', 'appendonly', 'maxmemory', 'maxmemory-policy'].map(async (name) => valueIn(await read(name))),
    );
    if (save === undefined || appendonly === undefined) return undefined;
    return { save, appendonly, maxmemory: maxmemory ?? '0', policy: policy ?? 'noeviction' };
  } catch (error) {
    // Hosted services refuse in many words. Any other error, such as a lost connection, says nothing of the settings.
    if (error instanceof Error && error.name === 'ReplyError') return undefined;
    throw error;
  }
}

/** The answer is the setting's name and its value. */
function valueIn(answer: unknown): string | undefined {
  const value: unknown = Array.isArray(answer) ? answer[1] : undefined;
  return typeof value === 'string' ? value : undefined;
}

const evicts = ({ maxmemory, policy }: Settings): boolean => maxmemory !== '0' && policy !== 'noeviction';
