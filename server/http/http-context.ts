/** What the HTTP routes need of the server around them. */
import type { HttpBindings } from '@hono/node-server';
import type { RequestAddresses } from '../platform/addresses.ts';
import type { Limits } from '../platform/limits.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import type { Sessions } from '../session/sessions.ts';
import type { BuiltFile } from './built-files.ts';

export interface HttpContext {
  readonly sessions: Sessions;
  readonly telemetry: Telemetry;
  readonly limits: Pick<Limits, 'REQUESTS_PER_HTTP_CONNECTION' | 'IMAGE_READERS_PER_ADDRESS'>;
  readonly addresses: RequestAddresses;
  /** Those of `npm run build`, by their path below `dist/`. */
  readonly files: ReadonlyMap<string, BuiltFile>;
  readonly allowedOrigins: readonly string[];
  /** Each of them opens `/metrics`. */
  readonly metricsTokens: readonly string[];
  /** What draws, where everybody who opens the page may create a session: the page need not wait for that. */
  readonly expected: 'model' | 'demo' | undefined;
  /** Whether the server takes new work. */
  readonly readiness: () => 'ready' | 'draining' | 'store_unreachable';
}

/** The bindings are absent where the host program does not run on Node's HTTP server. */
export interface HttpEnv {
  Bindings: Partial<HttpBindings>;
}
