/**
 * The configuration, read from the environment. Every variable that the server reads is named here. The `openai` package reads a few
 * more by itself; the README names the useful ones.
 */
import * as v from 'valibot';
import { MOST_APPROVALS } from '../shared/model.ts';
import { type DownloadPolicy, downloads, LONGEST_TOKEN } from '../shared/protocol.ts';
import type { DemoGeneratorOptions } from './generators/demo/demo-generator.ts';
import type { ImagesApiOptions } from './generators/openai/images-generator.ts';
import { DEFAULT_IMAGE_MODEL, DEFAULT_MODEL } from './generators/openai/models.ts';
import type { ProxySettings } from './generators/openai/proxy.ts';
import type { OpenAIOptions } from './generators/openai/responses-generator.ts';
import { isLoopback } from './platform/addresses.ts';
import { defaultLimits, type LimitName, type Limits, messageBytes } from './platform/limits.ts';
import { type LogLevel, logLevels } from './platform/logger.ts';
import { parseRedisUrl, type RedisAddress } from './redis/redis-url.ts';

/** OpenAI or a compatible server, through one of its two APIs. */
export type OpenAIConfig = { readonly generator: 'openai' } & (
  | ({ readonly api: 'responses' } & Omit<OpenAIOptions, 'limits' | 'clock'>)
  | ({ readonly api: 'images' } & Omit<ImagesApiOptions, 'limits' | 'clock'>)
);

/** Where sessions are kept that several servers share. */
export interface RedisConfig {
  readonly address: RedisAddress;
  /** Begins every key and channel. */
  readonly prefix: string;
  /** Whether images may be on the disk of Redis (rule R12). */
  readonly mayPersist: boolean;
}

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly generator: OpenAIConfig | ({ readonly generator: 'demo' } & Pick<DemoGeneratorOptions, 'sizes'>);
  readonly accessToken?: string;
  readonly metricsToken?: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly trustProxy: boolean;
  readonly download: DownloadPolicy;
  readonly logLevel: LogLevel;
  /** Absent: sessions are in the memory of this process alone. */
  readonly redis?: RedisConfig;
  /** Those that were set. */
  readonly limits: Partial<Limits>;
}

/** Variables that can't be used. The message has a line for each, which names it and says what it must be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const flag = v.pipe(
  v.picklist(['0', '1'], 'must be 1 or 0'),
  v.transform((text) => text === '1'),
);
const list = v.pipe(
  v.string(),
  v.transform((text) => text.split(/[\s,]+/).filter((entry) => entry !== '')),
);
const origin = v.pipe(
  v.string(),
  v.check(
    (text) => URL.canParse(text) && new URL(text).origin === text,
    'must list origins such as https://example.org',
  ),
);

/** A host as the `Host` header has it, without its port. Anything else would never match. */
const host = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.check(
    (text) => URL.parse(`http://${text}`)?.hostname === text && !text.includes('*'),
    'must list names such as proofroom.example, without scheme, port or *',
  ),
);

/** Node listens on an IPv6 address without the brackets that it has in a URL. */
const listenHost = v.pipe(
  v.string(),
  v.transform((text) => text.replace(/^\[(.*)\]$/, '$1')),
);

const size = v.pipe(v.string(), v.regex(/^[1-9]\d{1,3}x[1-9]\d{1,3}$/, 'must list sizes such as 1536x1024'));
const modelName = v.pipe(v.string(), v.maxLength(100, 'must list names of 100 characters or less'));
const tokenPrices = v.pipe(
  list,
  v.check(
    (entries) => entries.length === 3 && entries.every((entry) => /^\d{1,6}(\.\d{1,6})?$/.test(entry)),
    'must be three prices such as 5,8,30: a million tokens of text, of images that go in, and of those that come out',
  ),
  v.transform(([textInput, imageInput, imageOutput]) => ({
    textInput: Number(textInput),
    imageInput: Number(imageInput),
    imageOutput: Number(imageOutput),
  })),
);

const dollars = v.pipe(
  v.string(),
  v.regex(/^\d{1,4}(\.\d{1,6})?$/, 'must be a price in US dollars such as 0.25'),
  v.transform(Number),
);

const token = v.pipe(
  v.string(),
  v.minLength(32, 'must have 32 characters or more'),
  v.maxLength(LONGEST_TOKEN, `must have ${LONGEST_TOKEN} characters or less`),
  // A token read from a file may end with a line break, which nobody can type into the page.
  v.check((text) => text === text.trim() && !/\p{Cc}/u.test(text), 'must have no line break, and no space at its ends'),
);

/** A longer timer would fire at once: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const MAX_TIMER_MS = 2 ** 31 - 1;

const wholeNumber = (least: number, most: number) =>
  v.pipe(
    v.string(),
    v.digits(`must be a whole number from ${least} to ${most}`),
    v.transform(Number),
    v.minValue(least, `must be ${least} or more`),
    v.maxValue(most, `must be ${most} or less`),
  );

const httpUrl = v.pipe(
  v.string(),
  v.check(
    (text) => ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? ''),
    'must be a URL such as https://api.openai.com/v1',
  ),
  v.check((text) => {
    const url = URL.parse(text);
    return !url || [url.username, url.password, url.search, url.hash].every((part) => part === '');
  }, 'must be a URL without a user name, a password, ? or #: the only secret that is sent is OPENAI_API_KEY'),
);

/** Many write it without `http://`, and most programs understand that. */
const proxyUrl = v.pipe(
  v.string(),
  v.transform((text) => (text.includes('://') ? text : `http://${text}`)),
  v.check(
    (text) => ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? ''),
    'must be the URL of an HTTP proxy such as http://proxy.example:3128',
  ),
);

const redisUrl = v.pipe(
  v.string(),
  v.transform(parseRedisUrl),
  v.check(
    (address) => address !== undefined,
    'must be a URL such as redis://user:password@host:6379/0, or begin with rediss:, redis+sentinel: or redis+cluster:',
  ),
);

/** Braces would decide where a cluster has the keys, and the parts of a message are divided by spaces. */
const redisPrefix = v.pipe(
  v.string(),
  v.regex(/^[^{}\s]{1,100}$/, 'must have 1 to 100 characters, without spaces and braces'),
);

const Environment = v.object({
  HOST: v.optional(listenHost, '127.0.0.1'),
  PORT: v.optional(wholeNumber(0, 65_535), '3000'),
  OPENAI_API_KEY: v.optional(v.string()),
  OPENAI_BASE_URL: v.optional(httpUrl),
  HTTPS_PROXY: v.optional(v.string()),
  https_proxy: v.optional(v.string()),
  HTTP_PROXY: v.optional(v.string()),
  http_proxy: v.optional(v.string()),
  NO_PROXY: v.optional(v.string()),
  no_proxy: v.optional(v.string()),
  PROOFROOM_GENERATOR: v.optional(v.picklist(['openai', 'demo'], 'must be openai or demo')),
  PROOFROOM_API: v.optional(v.picklist(['responses', 'images'], 'must be responses or images'), 'responses'),
  PROOFROOM_MODEL: v.optional(v.string(), DEFAULT_MODEL),
  PROOFROOM_IMAGE_MODEL: v.optional(v.string()),
  PROOFROOM_IMAGE_MODELS: v.optional(v.pipe(list, v.array(modelName)), ''),
  PROOFROOM_SIZES: v.optional(v.pipe(list, v.array(size))),
  PROOFROOM_REFINE: v.optional(flag, '1'),
  PROOFROOM_TOKEN_PRICES: v.optional(tokenPrices),
  PROOFROOM_IMAGE_DOLLARS: v.optional(dollars),
  PROOFROOM_PARTIAL_IMAGES: v.optional(wholeNumber(1, 3), '2'),
  PROOFROOM_ACCESS_TOKEN: v.optional(token),
  PROOFROOM_METRICS_TOKEN: v.optional(token),
  PROOFROOM_ALLOW_ANONYMOUS: v.optional(flag, '0'),
  PROOFROOM_ALLOWED_HOSTS: v.optional(v.pipe(list, v.array(host)), ''),
  PROOFROOM_ALLOWED_ORIGINS: v.optional(v.pipe(list, v.array(origin)), ''),
  PROOFROOM_TRUST_PROXY: v.optional(flag, '0'),
  PROOFROOM_DOWNLOAD: v.optional(v.picklist(downloads, 'must be always or approved'), 'approved'),
  PROOFROOM_REDIS_URL: v.optional(redisUrl),
  PROOFROOM_REDIS_PREFIX: v.optional(redisPrefix, 'proofroom:'),
  PROOFROOM_REDIS_PERSISTENCE: v.optional(v.picklist(['refuse', 'allow'], 'must be refuse or allow'), 'refuse'),
  PROOFROOM_LOG_LEVEL: v.optional(v.picklist(logLevels, 'must be silent, error, warn, info or debug'), 'info'),
});
type Environment = v.InferOutput<typeof Environment>;

/**
 * Reads the configuration. An empty variable counts as absent.
 * @throws {ConfigError} that names every variable that is wrong
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = v.safeParse(Environment, given);
  const { limits, problems } = readLimits(given);
  if (!parsed.success) throw new ConfigError([...parsed.issues.map(problemOf), ...problems].join('\n'));
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  const values = parsed.output;
  requireTokenWhenReachable(values);
  return {
    host: values.HOST,
    port: values.PORT,
    generator: generatorConfig(values),
    ...(values.PROOFROOM_ACCESS_TOKEN !== undefined && { accessToken: values.PROOFROOM_ACCESS_TOKEN }),
    ...(values.PROOFROOM_METRICS_TOKEN !== undefined && { metricsToken: values.PROOFROOM_METRICS_TOKEN }),
    allowedHosts: values.PROOFROOM_ALLOWED_HOSTS,
    allowedOrigins: values.PROOFROOM_ALLOWED_ORIGINS,
    trustProxy: values.PROOFROOM_TRUST_PROXY,
    download: values.PROOFROOM_DOWNLOAD,
    logLevel: values.PROOFROOM_LOG_LEVEL,
    ...redisConfig(values),
    limits,
  };
}

/** Names the variable and never its value, which may be a secret. */
const problemOf = (issue: v.BaseIssue<unknown>): string => `${String(issue.path?.[0]?.key)} ${issue.message}`;

/** A person who can create a session spends the owner's money (rule S2). A host, an origin or a proxy that is named is one that others use. */
function requireTokenWhenReachable(values: Environment): void {
  if (values.PROOFROOM_ACCESS_TOKEN !== undefined || values.PROOFROOM_ALLOW_ANONYMOUS) return;
  const { HOST, PROOFROOM_ALLOWED_HOSTS: hosts, PROOFROOM_ALLOWED_ORIGINS: origins } = values;
  const reachedBy = [
    !isLoopback(HOST) && 'HOST',
    hosts.some((name) => !isLoopback(name)) && 'PROOFROOM_ALLOWED_HOSTS',
    origins.some((text) => !isLoopback(new URL(text).hostname.replace(/^\[|\]$/g, ''))) && 'PROOFROOM_ALLOWED_ORIGINS',
    values.PROOFROOM_TRUST_PROXY && 'PROOFROOM_TRUST_PROXY',
  ].find((name) => name !== false);
  if (reachedBy === undefined) return;
  throw new ConfigError(
    `${reachedBy} lets others reach the server: set PROOFROOM_ACCESS_TOKEN (32 characters or more), ` +
      'or PROOFROOM_ALLOW_ANONYMOUS=1 if anybody may generate at your cost',
  );
}

function redisConfig(values: Environment): Pick<Config, 'redis'> {
  const {
    PROOFROOM_REDIS_URL: address,
    PROOFROOM_REDIS_PREFIX: prefix,
    PROOFROOM_REDIS_PERSISTENCE: persistence,
  } = values;
  return address ? { redis: { address, prefix, mayPersist: persistence === 'allow' } } : {};
}

/** Many local servers need no key, but the `openai` package always sends one. */
const NO_KEY = 'none';

function generatorConfig(values: Environment): Config['generator'] {
  const { OPENAI_BASE_URL: baseURL, PROOFROOM_API: api } = values;
  const apiKey = values.OPENAI_API_KEY ?? (api === 'images' && baseURL !== undefined ? NO_KEY : undefined);
  const generator = values.PROOFROOM_GENERATOR ?? (apiKey === undefined ? 'demo' : 'openai');
  if (generator === 'demo') return { generator, ...sizesOf(values) };
  if (apiKey === undefined) throw new ConfigError('PROOFROOM_GENERATOR is openai, so OPENAI_API_KEY must be set');
  const access = { apiKey, ...(baseURL !== undefined && { baseURL }), ...proxyConfig(values) };
  return api === 'images'
    ? { generator, api, ...access, ...imagesApiConfig(values) }
    : { generator, api, ...access, ...responsesApiConfig(values) };
}

/** As in other programs, the lower-case names count first. */
function proxyConfig(values: Environment): { readonly proxy?: ProxySettings } {
  const https = values.https_proxy ?? values.HTTPS_PROXY;
  const http = values.http_proxy ?? values.HTTP_PROXY;
  const bypass = values.no_proxy ?? values.NO_PROXY;
  if (https === undefined && http === undefined) return {};
  return {
    proxy: {
      ...(https !== undefined && { https: proxyAddress('HTTPS_PROXY', https) }),
      ...(http !== undefined && { http: proxyAddress('HTTP_PROXY', http) }),
      ...(bypass !== undefined && { bypass }),
    },
  };
}

function proxyAddress(name: string, value: string): string {
  const parsed = v.safeParse(proxyUrl, value);
  if (!parsed.success) throw new ConfigError(`${name} ${parsed.issues[0].message}`);
  return parsed.output;
}

function responsesApiConfig(values: Environment) {
  const imageModel = values.PROOFROOM_IMAGE_MODEL ?? DEFAULT_IMAGE_MODEL;
  return {
    model: values.PROOFROOM_MODEL,
    imageModel,
    partialImages: values.PROOFROOM_PARTIAL_IMAGES,
    ...modelConfig(values, imageModel),
  };
}

/** A compatible server has models of its own, so OpenAI's default is not asked of it. */
function imagesApiConfig(values: Environment) {
  const defaultModel = values.OPENAI_BASE_URL === undefined ? DEFAULT_IMAGE_MODEL : undefined;
  const imageModel = values.PROOFROOM_IMAGE_MODEL ?? defaultModel;
  return {
    ...(imageModel !== undefined && { imageModel }),
    canEdit: values.PROOFROOM_REFINE,
    ...modelConfig(values, imageModel),
  };
}

function modelConfig(values: Environment, model: string | undefined) {
  const {
    PROOFROOM_IMAGE_MODELS: imageModels,
    PROOFROOM_TOKEN_PRICES: prices,
    PROOFROOM_IMAGE_DOLLARS: imageDollars,
  } = values;
  return {
    ...(imageModels.length > 0 && { imageModels }),
    ...sizesOf(values),
    ...(prices !== undefined && { prices: { model, prices } }),
    ...(imageDollars !== undefined && { imageDollars }),
  };
}

function sizesOf({ PROOFROOM_SIZES: sizes }: Environment) {
  return sizes === undefined ? {} : { sizes };
}

const limitNames = Object.keys(defaultLimits) as LimitName[];

/** `problems` names each limit that can't be used. */
function readLimits(given: Readonly<Record<string, string | undefined>>): {
  readonly limits: Partial<Limits>;
  readonly problems: readonly string[];
} {
  const limits: Partial<Record<LimitName, number>> = {};
  const problems: string[] = [];
  for (const name of limitNames) {
    const text = given[`PROOFROOM_${name}`];
    if (text === undefined) continue;
    const parsed = v.safeParse(wholeNumber(1, mostOf(name)), text);
    if (parsed.success) limits[name] = parsed.output;
    else problems.push(`PROOFROOM_${name} ${parsed.issues[0].message}`);
  }
  return { limits, problems };
}

function mostOf(name: LimitName): number {
  if (name === 'APPROVALS') return MOST_APPROVALS;
  return name.endsWith('_MS') ? MAX_TIMER_MS : Number.MAX_SAFE_INTEGER;
}

/**
 * Limits that keep people from something that another limit allows, in sentences that name both variables. They are used all the same:
 * somebody who tests the server at its limits sets such values.
 */
export function limitConflicts(limits: Limits): readonly string[] {
  const sentences: string[] = [];
  if (limits.IMAGE_MEMORY_BYTES < limits.UPSTREAM_IMAGE_BYTES) {
    sentences.push('PROOFROOM_IMAGE_MEMORY_BYTES is less than PROOFROOM_UPSTREAM_IMAGE_BYTES: no image will have room');
  }
  for (const name of ['PROMPT_CHARACTERS', 'FEEDBACK_CHARACTERS'] as const) {
    const leastBytes = messageBytes(limits[name]);
    if (limits.INBOUND_MESSAGE_BYTES >= leastBytes) continue;
    sentences.push(
      `PROOFROOM_INBOUND_MESSAGE_BYTES is less than ${leastBytes}: not every text that PROOFROOM_${name} allows will fit in`,
    );
  }
  return sentences;
}

/** Read by the tests, but often set for a whole shell. */
const testVariables = ['PROOFROOM_CHROMIUM', 'PROOFROOM_REDIS_SERVER'];

/** Set variables that begin like ours and mean nothing to the server, sorted: most likely misspelt ones. */
export function unknownVariables(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const limits = limitNames.map((name) => `PROOFROOM_${name}`);
  const known = new Set([...Object.keys(Environment.entries), ...limits, ...testVariables]);
  const names = Object.keys(environment).filter((name) => /^proofroom_/i.test(name) && environment[name]);
  // Kubernetes describes each service to its neighbours: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
  const services = names.filter((name) => name.endsWith('_SERVICE_HOST')).map((name) => name.slice(0, -'HOST'.length));
  const ofServices = services.flatMap((start) => [start, start.replace(/SERVICE_$/, 'PORT')]);
  return names.filter((name) => !known.has(name) && !ofServices.some((start) => name.startsWith(start))).toSorted();
}
