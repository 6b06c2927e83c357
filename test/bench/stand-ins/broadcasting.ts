/** What a server that only broadcasts offers to the bench, whatever it is made of. */
import { setImmediate } from 'node:timers/promises';
import { now } from '../processes.ts';
import { offer } from './offer.ts';

export interface Broadcast {
  readonly bytes: number;
  readonly times?: number;
}

export function offerBroadcasts(port: number, broadcast: (payload: string) => void): void {
  let payload = '';
  offer({
    port: () => port,
    /** Makes what will be broadcast. */
    prepare({ bytes }: Broadcast): void {
      payload = 'x'.repeat(bytes);
    },
    /** Broadcasts it and returns when, or when the first of several was. */
    async broadcast({ times = 1 }: { readonly times?: number }): Promise<number> {
      const startedAt = now();
      for (let time = 0; time < times; time += 1) {
        if (time > 0) await setImmediate();
        broadcast(payload);
      }
      return startedAt;
    },
  });
}
