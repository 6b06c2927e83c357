/** A server that takes jobs and never ends them, as a process that a test can kill: `node job-server.ts <url> <prefix>`. */
import { systemClock } from '../../server/platform/clock.ts';
import { defaultLimits } from '../../server/platform/limits.ts';
import { RedisDeployment } from '../../server/redis/deployment.ts';
import { RedisJobQueue } from '../../server/redis/redis-job-queue.ts';
import { parseRedisUrl } from '../../server/redis/redis-url.ts';
import { jobName } from '../../server/session/job-queue.ts';
import { quietLog } from './quiet-log.ts';
import { workerClient } from './redis-deployment.ts';

const [url = '', prefix = ''] = process.argv.slice(2);
const address = parseRedisUrl(url);
if (!address) throw new Error('not a URL of Redis');
const deployment = new RedisDeployment({ address, prefix, clock: systemClock, logger: quietLog(() => {}) });
const queue = new RedisJobQueue(deployment, {
  limits: { ...defaultLimits, CONCURRENT_CANDIDATES: 2 },
  clock: systemClock,
  createClient: (overrides) => workerClient(url, overrides),
  onError: () => {},
});
queue.process((job) => {
  console.log(jobName(job));
  return new Promise(() => {});
});
