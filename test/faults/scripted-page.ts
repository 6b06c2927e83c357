/** The built page and the real server, with a generator that draws what its test tells it. */
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { readConfig } from '../../server/config.ts';
import { App } from '../../server/create-proofroom.ts';
import { createLogger } from '../../server/platform/logger.ts';
import { project } from '../support/product.ts';
import type { ScriptedGenerator } from '../support/scripted-generator.ts';

/** Listens on 127.0.0.1 until the test is over; returns the port. */
export async function startScriptedPage(generator: ScriptedGenerator): Promise<number> {
  const config = readConfig({});
  const app = new App({ config, generator, log: createLogger('silent'), builtFolder: join(project, 'dist') });
  app.server.listen(0, '127.0.0.1');
  await new Promise((resolve) => app.server.once('listening', resolve));
  onTestFinished(() => app.drain());
  return (app.server.address() as AddressInfo).port;
}
