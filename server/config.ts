/**
 * What the environment says, checked. Every variable that the server reads is named here; the `openai` package reads a few of its
 * own besides, of which the README names the useful ones.
 */
import * as v from 'valibot';
import { LONGEST_TOKEN } from '../shared/protocol.ts';
import type { DemoGeneratorOptions } from './generators/demo/demo-generator.ts';
import type { ImagesApiOptions } from './generators/openai/images-generator.ts';
import { DEFAULT_IMAGE_MODEL, DEFAULT_MODEL, type OpenAIOptions } from './generators/openai/responses-generator.ts';
import { isLoopback } from './platform/hosts.ts';
import { defaultLimits, type Limits } from './platform/limits.ts';
import { readLimits, wholeNumber } from './read-limits.ts';

/** OpenAI, or a server that speaks like it: through which of its two APIs images are drawn. */
export type OpenAIConfig = { readonly generator: 'openai' } & (
  | ({ readonly api: 'responses' } & Omit<OpenAIOptions, 'limits' | 'clock'>)
  | ({ readonly api: 'images' } & Omit<ImagesApiOptions, 'limits' | 'clock'>)
);

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly generator: OpenAIConfig | ({ readonly generator: 'demo' } & Pick<DemoGeneratorOptions, 'sizes'>);
  /** Whoever creates a session must know it (rule S2). */
  readonly accessToken?: string;
  /** Hosts, besides IP literals and `localhost`, that the server answers to (rule S1). */
  readonly allowedHosts: readonly string[];
  /** Origins, besides its own, whose pages may connect (rule S1). */
  readonly allowedOrigins: readonly string[];
  /** Whether `X-Forwarded-For` is believed (rule S8). */
  readonly trustProxy: boolean;
  readonly logLevel: string;
  readonly limits: Limits;
}

/** One or more variables can't be used; the message says which and how, in one line each. */
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

/** As a `Host` header names it, without its port: anything else would never be seen there. */
const host = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.check(
    (text) => URL.parse(`http://${text}`)?.hostname === text && !text.includes('*'),
    'must list names such as proofroom.example, without scheme, port or *',
  ),
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

const accessToken = v.pipe(
  v.string(),
  v.minLength(32, 'must have 32 characters or more'),
  v.maxLength(LONGEST_TOKEN, `must have ${LONGEST_TOKEN} characters or less`),
  // From a file with a line break at its end, say: no field of a page could ever hold it.
  v.check((text) => text === text.trim() && !/\p{Cc}/u.test(text), 'must have no line break, and no space at its ends'),
);

const httpUrl = v.pipe(
  v.string(),
  v.check(
    (text) => ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? ''),
    'must be a URL such as https://api.openai.com/v1',
  ),
);

const Environment = v.object({
  HOST: v.optional(v.string(), '127.0.0.1'),
  PORT: v.optional(wholeNumber(0, 65_535), '3000'),
  OPENAI_API_KEY: v.optional(v.string()),
  OPENAI_BASE_URL: v.optional(httpUrl),
  PROOFROOM_GENERATOR: v.optional(v.picklist(['openai', 'demo'], 'must be openai or demo')),
  PROOFROOM_API: v.optional(v.picklist(['responses', 'images'], 'must be responses or images'), 'responses'),
  PROOFROOM_MODEL: v.optional(v.string(), DEFAULT_MODEL),
  PROOFROOM_IMAGE_MODEL: v.optional(v.string()),
  PROOFROOM_IMAGE_MODELS: v.optional(v.pipe(list, v.array(modelName)), ''),
  PROOFROOM_SIZES: v.optional(v.pipe(list, v.array(size))),
  PROOFROOM_REFINE: v.optional(flag, '1'),
  PROOFROOM_TOKEN_PRICES: v.optional(tokenPrices),
  PROOFROOM_PARTIAL_IMAGES: v.optional(wholeNumber(1, 3), '2'),
  PROOFROOM_ACCESS_TOKEN: v.optional(accessToken),
  PROOFROOM_ALLOW_ANONYMOUS: v.optional(flag, '0'),
  PROOFROOM_ALLOWED_HOSTS: v.optional(v.pipe(list, v.array(host)), ''),
  PROOFROOM_ALLOWED_ORIGINS: v.optional(v.pipe(list, v.array(origin)), ''),
  PROOFROOM_TRUST_PROXY: v.optional(flag, '0'),
  PROOFROOM_LOG_LEVEL: v.optional(
    v.picklist(['silent', 'error', 'warn', 'info', 'debug'], 'must be silent, error, warn, info or debug'),
    'info',
  ),
});
type Environment = v.InferOutput<typeof Environment>;

/**
 * Reads the configuration. An empty variable counts as absent.
 * @throws {ConfigError} naming every variable that is wrong
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = v.safeParse(Environment, given);
  const { limits, problems } = readLimits(given);
  if (!parsed.success) throw new ConfigError([...parsed.issues.map(problem), ...problems].join('\n'));
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  const values = parsed.output;
  refuseOpenDoors(values);
  return {
    host: values.HOST,
    port: values.PORT,
    generator: generatorOf(values),
    ...(values.PROOFROOM_ACCESS_TOKEN !== undefined && { accessToken: values.PROOFROOM_ACCESS_TOKEN }),
    allowedHosts: values.PROOFROOM_ALLOWED_HOSTS,
    allowedOrigins: values.PROOFROOM_ALLOWED_ORIGINS,
    trustProxy: values.PROOFROOM_TRUST_PROXY,
    logLevel: values.PROOFROOM_LOG_LEVEL,
    limits,
  };
}

/** Who can create a session spends the owner's money (rule S2). */
function refuseOpenDoors(values: Environment): void {
  if (isLoopback(values.HOST) || values.PROOFROOM_ACCESS_TOKEN !== undefined || values.PROOFROOM_ALLOW_ANONYMOUS)
    return;
  throw new ConfigError(
    'HOST lets others reach the server: set PROOFROOM_ACCESS_TOKEN (32 characters or more), ' +
      'or PROOFROOM_ALLOW_ANONYMOUS=1 if anybody may generate at your cost',
  );
}

/** Many local servers ask for no key; the `openai` package sends one always. */
const NO_KEY = 'none';

function generatorOf(values: Environment): Config['generator'] {
  const { OPENAI_BASE_URL: baseURL, PROOFROOM_API: api } = values;
  const apiKey = values.OPENAI_API_KEY ?? (api === 'images' && baseURL !== undefined ? NO_KEY : undefined);
  const wished = values.PROOFROOM_GENERATOR ?? (apiKey === undefined ? 'demo' : 'openai');
  if (wished === 'demo') return { generator: 'demo', ...sizesOf(values) };
  if (apiKey === undefined) throw new ConfigError('PROOFROOM_GENERATOR is openai, so OPENAI_API_KEY must be set');
  const access = { apiKey, ...(baseURL !== undefined && { baseURL }) };
  return api === 'images'
    ? { generator: 'openai', api, ...access, ...imagesOf(values) }
    : { generator: 'openai', api, ...access, ...responsesOf(values) };
}

function responsesOf(values: Environment) {
  const imageModel = values.PROOFROOM_IMAGE_MODEL ?? DEFAULT_IMAGE_MODEL;
  return {
    model: values.PROOFROOM_MODEL,
    imageModel,
    partialImages: values.PROOFROOM_PARTIAL_IMAGES,
    ...choicesOf(values, imageModel),
  };
}

/** A server of somebody's own has models of its own: OpenAI's default is nothing to ask it for. */
function imagesOf(values: Environment) {
  const usual = values.OPENAI_BASE_URL === undefined ? DEFAULT_IMAGE_MODEL : undefined;
  const imageModel = values.PROOFROOM_IMAGE_MODEL ?? usual;
  return {
    ...(imageModel !== undefined && { imageModel }),
    canEdit: values.PROOFROOM_REFINE,
    ...choicesOf(values, imageModel),
  };
}

function choicesOf(values: Environment, model: string | undefined) {
  const { PROOFROOM_IMAGE_MODELS: imageModels, PROOFROOM_TOKEN_PRICES: prices } = values;
  return {
    ...(imageModels.length > 0 && { imageModels }),
    ...sizesOf(values),
    ...(prices !== undefined && { prices: { model, prices } }),
  };
}

function sizesOf({ PROOFROOM_SIZES: sizes }: Environment) {
  return sizes === undefined ? {} : { sizes };
}

/** For `test/`, but often set for a whole shell. */
const CHROMIUM = 'PROOFROOM_CHROMIUM';

/** Names that begin like ours and say nothing to us, sorted: misspelt ones, most likely. An empty variable counts as absent. */
export function unknownVariables(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const limits = Object.keys(defaultLimits).map((name) => `PROOFROOM_${name}`);
  const known = new Set([...Object.keys(Environment.entries), ...limits, CHROMIUM]);
  const names = Object.keys(environment).filter((name) => /^proofroom_/i.test(name) && environment[name]);
  // Kubernetes describes each service to its neighbours: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
  const services = names.filter((name) => name.endsWith('_SERVICE_HOST')).map((name) => name.slice(0, -'HOST'.length));
  const ofService = services.flatMap((start) => [start, start.replace(/SERVICE_$/, 'PORT')]);
  return names.filter((name) => !known.has(name) && !ofService.some((start) => name.startsWith(start))).toSorted();
}

/** Names the variable, never its value: it may be a secret. */
function problem(issue: v.BaseIssue<unknown>): string {
  return `${String(issue.path?.[0]?.key)} ${issue.message}`;
}
