/** A host program around the built server, whose generator does as the bench says: for rows that begin when the image is in the server. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { GenerateContext, GenerateResult } from '../../../server/generators/generator.ts';
import { now, project } from '../processes.ts';
import { offer } from './offer.ts';

const built = <Module>(path: string): Promise<Module> => import(join(project, 'dist/server', path));
const { readConfig } = await built<typeof import('../../../server/config.ts')>('config.js');
const { createProofroom } = await built<typeof import('../../../server/create-proofroom.ts')>('create-proofroom.js');
const { createNodeServer } = await built<typeof import('../../../server/http/node-server.ts')>('http/node-server.js');
const { createLogger } = await built<typeof import('../../../server/platform/logger.ts')>('platform/logger.js');

let imageBytes = 1_000;
let isHeld = false;
let release = (): void => undefined;
let running: GenerateContext | undefined;

async function generate(_request: unknown, context: GenerateContext): Promise<GenerateResult> {
  running = context;
  const bytes = randomBytes(imageBytes);
  if (isHeld) {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
  }
  return { image: { bytes, mediaType: 'image/png', width: 1024, height: 1024 } };
}

const { server } = createNodeServer(
  createProofroom({
    ...readConfig(process.env),
    generator: { name: 'Bench', model: 'bench', demo: true, maxTries: 1, capabilities: { refine: false }, generate },
    logger: createLogger('error'),
  }),
);

offer({
  listen: () =>
    new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))),
  /** What the next images are like, and whether they wait for `release`. */
  plan(next: { readonly imageBytes: number; readonly isHeld: boolean }): void {
    ({ imageBytes, isHeld } = next);
  },
  /** Lets the held image into the server, and returns when. */
  release(): number {
    const releasedAt = now();
    release();
    return releasedAt;
  },
  /** Reports progress so many times, `burst` of them in each turn of the event loop. */
  async progress({ updates, burst }: { readonly updates: number; readonly burst: number }): Promise<number> {
    const startedAt = now();
    for (let update = 0; update < updates; update += 1) {
      if (update % burst === 0) await setImmediate();
      running?.onProgress({ phase: update % 2 === 0 ? 'drawing' : 'started' });
    }
    return startedAt;
  },
});
