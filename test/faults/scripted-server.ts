/** The built page and the real server, with a generator whose results the test decides. */
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createProofroom } from '../../server/create-proofroom.ts';
import { createNodeServer } from '../../server/http/node-server.ts';
import { createLogger } from '../../server/platform/logger.ts';
import { project } from '../support/product.ts';
import type { ScriptedGenerator } from '../support/scripted-generator.ts';

/** Listens on 127.0.0.1 until the test is over; returns the port. */
export async function startScriptedServer(generator: ScriptedGenerator): Promise<number> {
  const logger = createLogger('silent');
  const proofroom = createProofroom({ generator, logger, builtFolder: join(project, 'dist') });
  const { server, close } = createNodeServer(proofroom);
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(close);
  return (server.address() as AddressInfo).port;
}
