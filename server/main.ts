/** The process: reads its configuration, listens, and stops when it is told to. */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Config, ConfigError, readConfig, unknownVariables } from './config.ts';
import { App } from './create-proofroom.ts';
import { createGenerator, describeGenerator, findGeneratorProblem } from './generators/create-generator.ts';
import { createLogger } from './platform/logger.ts';
import { contradictions } from './read-limits.ts';

/** A second signal sooner than this is the terminal's Ctrl+C reaching us twice (rule R6). */
const SECOND_SIGNAL_MS = 1_000;

/** Of variables that nobody knows, so many are named. */
const NAMED_VARIABLES = 5;

// As source this file stands in server/, as JavaScript in dist/server/.
const builtFolder = join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '../dist' : '..');

function configOrExit(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message);
    throw error;
  }
}

function fail(message: string): never {
  console.error(`proofroom: ${message}`);
  process.exit(1);
}

function listenFailure({ code }: NodeJS.ErrnoException, { host, port }: Config): string {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is in use: stop what runs there, or set PORT to another one`;
    case 'EACCES':
      return `port ${port} may not be used by this user: set PORT to another one`;
    default:
      return `cannot listen on HOST ${host}, PORT ${port} (${code})`;
  }
}

function addressOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** Names alone, and a handful of them: a value may be a secret in the wrong place. */
function warnOfUnknownVariables(): void {
  const unknown = unknownVariables(process.env);
  if (unknown.length === 0) return;
  const more = unknown.length > NAMED_VARIABLES ? { more: unknown.length - NAMED_VARIABLES } : {};
  log.warn(
    { variables: unknown.slice(0, NAMED_VARIABLES), ...more },
    'unknown variables are ignored: the README has the list of those that count',
  );
}

async function warnOfGenerator(config: Config): Promise<void> {
  const problem = await findGeneratorProblem(config);
  if (problem === undefined) return;
  console.error(`proofroom: ${problem}`);
  log.warn('the image service refuses what it was configured with');
}

const config = configOrExit();
if (!existsSync(join(builtFolder, 'page/index.html'))) fail('the page is not built: run npm run build, or npm start');

const log = createLogger(config.logLevel);
warnOfUnknownVariables();
for (const contradiction of contradictions(config.limits)) log.warn(contradiction);
const generator = createGenerator(config);
const app = new App({ config, generator, log, builtFolder });

const onListenFailure = (error: Error) => fail(listenFailure(error, config));
app.server.once('error', onListenFailure);
app.server.listen(config.port, config.host, () => {
  app.server.off('error', onListenFailure);
  // A connection that could not be accepted, say for want of file descriptors, ends nothing else (rule R8).
  app.server.on('error', (err) => log.error({ err }, 'a connection could not be accepted'));
  console.log(`Proofroom is ready on ${addressOf(app.server.address() as AddressInfo)}`);
  console.log(describeGenerator(config));
  void warnOfGenerator(config);
});

let stoppingSince: number | undefined;
async function stop(): Promise<void> {
  if (stoppingSince !== undefined) {
    if (Date.now() - stoppingSince > SECOND_SIGNAL_MS) process.exit(1);
    return;
  }
  stoppingSince = Date.now();
  log.info('draining');
  await app.drain();
  process.exit(0);
}
process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
