/**
 * The addresses of a Redis, by the URL that names it:
 *
 *     redis://user:password@host:6379/0                           one server
 *     redis+sentinel://user:password@host:26379,host:26379/name   the master of that name, found through Sentinel
 *     redis+cluster://user:password@host:6379,host:6379           a cluster, found through some of its nodes
 *
 * `rediss` in place of `redis` means TLS. User, password and database may be absent. A Sentinel URL may have a database after the name
 * (`/name/1`) and, where Sentinel itself wants them, `?sentinelUsername=…&sentinelPassword=…`.
 */

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

interface Common {
  readonly isTls: boolean;
  readonly username?: string;
  readonly password?: string;
}

export type RedisAddress =
  | (Common & HostAndPort & { readonly kind: 'single'; readonly database: number })
  | (Common & {
      readonly kind: 'sentinel';
      readonly sentinels: readonly HostAndPort[];
      readonly master: string;
      readonly database: number;
      readonly sentinelUsername?: string;
      readonly sentinelPassword?: string;
    })
  | (Common & { readonly kind: 'cluster'; readonly nodes: readonly HostAndPort[] });

const DEFAULT_PORT = 6379;
const DEFAULT_SENTINEL_PORT = 26379;

const form =
  /^(?<scheme>rediss?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<user>[^:@/?#]*)(?::(?<password>[^@/?#]*))?@)?(?<hosts>[^@/?#]+)(?:\/(?<path>[^?#]*))?(?:\?(?<query>[^#]*))?$/;

/** Undefined when the text is no such URL. Its errors would repeat passwords. */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const { scheme, kind = 'single', user, password, hosts = '', path = '', query = '' } = form.exec(text)?.groups ?? {};
  if (scheme === undefined) return undefined;
  const [decodedUser, decodedPassword] = [decoded(user), decoded(password)];
  if (decodedUser === undefined || decodedPassword === undefined) return undefined;
  const common: Common = {
    isTls: scheme === 'rediss',
    ...(decodedUser !== '' && { username: decodedUser }),
    ...(decodedPassword !== '' && { password: decodedPassword }),
  };
  const addresses = hosts
    .split(',')
    .map((host) => hostAndPort(host, kind === 'sentinel' ? DEFAULT_SENTINEL_PORT : DEFAULT_PORT));
  if (!addresses.every((address) => address !== undefined)) return undefined;
  switch (kind) {
    case 'cluster':
      return path === '' && query === '' ? { kind, ...common, nodes: addresses } : undefined;
    case 'sentinel':
      return withSentinel(common, addresses, path, new URLSearchParams(query));
    default:
      return withServer(common, addresses, path, query);
  }
}

function withServer(
  common: Common,
  addresses: readonly HostAndPort[],
  path: string,
  query: string,
): RedisAddress | undefined {
  const [address, ...others] = addresses;
  const database = databaseOf(path);
  if (!address || others.length > 0 || database === undefined || query !== '') return undefined;
  return { kind: 'single', ...common, ...address, database };
}

function withSentinel(
  common: Common,
  sentinels: readonly HostAndPort[],
  path: string,
  query: URLSearchParams,
): RedisAddress | undefined {
  const [name, databasePath, ...more] = path.split('/');
  const [master, database] = [decoded(name), databaseOf(databasePath)];
  if (!master || database === undefined || more.length > 0) return undefined;
  const { sentinelUsername, sentinelPassword, ...unknown } = Object.fromEntries(query);
  if (Object.keys(unknown).length > 0) return undefined;
  return {
    kind: 'sentinel',
    ...common,
    sentinels,
    master,
    database,
    ...(sentinelUsername && { sentinelUsername }),
    ...(sentinelPassword && { sentinelPassword }),
  };
}

function databaseOf(text = ''): number | undefined {
  if (text === '') return 0;
  return /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}

function hostAndPort(text: string, defaultPort: number): HostAndPort | undefined {
  // `http:` has URL read IPv6 brackets and refuse what is no host.
  const url = URL.parse(`http://${text}`);
  if (!url || text === '' || url.pathname !== '/') return undefined;
  const port = /:(\d+)$/.exec(text)?.[1];
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === undefined ? defaultPort : Number(port),
  };
}

function decoded(text = ''): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
