/** What the HTTP routes need of the server around them. */
import type { HttpBindings } from '@hono/node-server';
import type { Telemetry } from '../platform/telemetry.ts';
import type { Sessions } from '../session/sessions.ts';

export interface HttpContext {
  readonly sessions: Sessions;
  readonly telemetry: Telemetry;
  /** The folder that `npm run build` writes: it holds `page/` and `embed.js`. */
  readonly builtFolder: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Opens `/metrics` to other machines. */
  readonly accessToken: string | undefined;
  /** Whether the server takes new work. */
  readonly isReady: () => boolean;
}

/** The bindings are absent where the host program does not run on Node's HTTP server. */
export interface HttpEnv {
  Bindings: Partial<HttpBindings>;
}
