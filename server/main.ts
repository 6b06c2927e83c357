/** The process: reads its environment, listens, and stops when it is told to. */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Config, ConfigError, limitConflicts, type RedisConfig, readConfig, unknownVariables } from './config.ts';
import { createProofroom, defaultBuiltFolder } from './create-proofroom.ts';
import { checkGenerator, createGenerator, describeGenerator } from './generators/create-generator.ts';
import { createNodeServer } from './http/node-server.ts';
import { systemClock } from './platform/clock.ts';
import { limitsOf } from './platform/limits.ts';
import { createLogger } from './platform/logger.ts';
import { TokenBucket } from './platform/rate-limiter.ts';
import type { RedisStores } from './redis/redis-stores.ts';
import { whenAvailable } from './session/availability.ts';

/** A terminal's Ctrl+C reaches the process twice, so a second signal counts only after this time (rule R6). */
const SECOND_SIGNAL_MS = 1_000;

/** So many unknown variables are named; the others are counted. */
const MAX_NAMED_VARIABLES = 5;

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

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** Names variables and never their values: a value may be a secret in the wrong place. */
function warnOfUnknownVariables(): void {
  const unknown = unknownVariables(process.env);
  if (unknown.length === 0) return;
  const more = unknown.length > MAX_NAMED_VARIABLES ? { more: unknown.length - MAX_NAMED_VARIABLES } : {};
  logger.warn(
    { variables: unknown.slice(0, MAX_NAMED_VARIABLES), ...more },
    'unknown variables are ignored: the README has the list of those that count',
  );
}

async function warnOfGeneratorProblem(): Promise<void> {
  const problem = await checkGenerator(config);
  if (problem === undefined) return;
  console.error(`proofroom: ${problem}`);
  logger.warn('the image service refuses what it was configured with');
}

/** Waits until Redis answers, and refuses one that would write images to a disk (rule R12). */
async function openStores({ mayPersist, ...redis }: RedisConfig): Promise<RedisStores> {
  // A server without Redis does not wait until the libraries for it are loaded.
  const { createRedisStores } = await import('./redis/redis-stores.ts');
  const imageBytes = limits.REDIS_IMAGE_BYTES;
  const stores = createRedisStores({ ...redis, imageBytes, limits, clock: systemClock, logger });
  const check = await whenAvailable(
    () => stores.check({ mayPersist }),
    systemClock,
    () => false,
  );
  if (check?.refusal !== undefined) fail(check.refusal);
  for (const warning of check?.warnings ?? []) logger.warn(warning);
  return stores;
}

const config = configOrExit();
if (!existsSync(join(defaultBuiltFolder, 'page/index.html'))) {
  fail('the page is not built: run npm run build, or npm start');
}

const logger = createLogger(config.logLevel);
warnOfUnknownVariables();
const generator = createGenerator(config);
const limits = limitsOf(config.limits, generator);
for (const conflict of limitConflicts(limits)) logger.warn(conflict);
if (Number.isFinite(limits.DAILY_DOLLARS) && !generator.mostDollars) {
  fail('PROOFROOM_DAILY_DOLLARS needs to know what an image costs at most: set PROOFROOM_IMAGE_DOLLARS');
}
const stores = config.redis && (await openStores(config.redis));
const proofroom = createProofroom({ ...config, generator, logger, ...(stores && { stores }) });
const { server, close } = createNodeServer(proofroom);

/** Every connection fails while there are no file descriptors, which is told once a minute. */
const acceptFailures = new TokenBucket(1, 1 / 60, systemClock);
const onListenFailure = (error: Error) => fail(listenFailure(error, config));
server.once('error', onListenFailure);
server.listen(config.port, config.host, () => {
  server.off('error', onListenFailure);
  // A connection that could not be accepted, for want of file descriptors say, ends nothing else (rule R8).
  server.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (acceptFailures.take()) logger.error({ code }, 'connections can’t be accepted');
  });
  console.log(`Proofroom is ready on ${urlOf(server.address() as AddressInfo)}`);
  console.log(describeGenerator(config));
  void warnOfGeneratorProblem();
});

let stoppingSince: number | undefined;
async function stop(): Promise<void> {
  if (stoppingSince !== undefined) {
    if (Date.now() - stoppingSince > SECOND_SIGNAL_MS) process.exit(1);
    return;
  }
  stoppingSince = Date.now();
  logger.info('draining');
  // It goes on listening meanwhile: newcomers get 503, and `/readyz` tells a proxy to look elsewhere.
  await proofroom.drain();
  await close();
  process.exit(0);
}
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop());
