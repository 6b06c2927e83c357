/** The address that a request's limits are counted by (rule S8). */
import type { IncomingMessage } from 'node:http';
import type { Logger } from '../logger.ts';

export class ClientAddresses {
  readonly #trustProxy: boolean;
  readonly #log: Logger;
  #hasWarned = false;

  constructor(trustProxy: boolean, log: Logger) {
    this.#trustProxy = trustProxy;
    this.#log = log;
  }

  /** The nearest address that can't be forged: the proxy's own entry, the last one, counts where the proxy is trusted. */
  of(request: IncomingMessage): string {
    const direct = request.socket.remoteAddress ?? '';
    const forwarded = String(request.headers['x-forwarded-for'] ?? '');
    if (forwarded === '') return direct;
    if (this.#trustProxy) return forwarded.split(',').at(-1)?.trim() || direct;
    this.#warnOnce();
    return direct;
  }

  #warnOnce(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#log.warn(
      'X-Forwarded-For was seen and ignored: set PROOFROOM_TRUST_PROXY=1 if a proxy stands before this server',
    );
  }
}
