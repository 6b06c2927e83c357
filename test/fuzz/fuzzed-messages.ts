/** Messages that fit what a client has seen, and the same ones with their JSON changed at random. */
import type { Options } from '../../shared/options.ts';
import type { ClientMessage, SnapshotMessage } from '../../shared/protocol.ts';
import type { SeededRandom } from '../support/seeded-random.ts';

/** What a client has received so far. */
export interface Knowledge {
  readonly snapshot?: SnapshotMessage;
  readonly sessionId?: string;
  readonly key?: string;
  readonly participant?: { readonly id: string; readonly secret: string };
  /** Command ids that the client has used. */
  readonly commandIds: readonly string[];
}

const prompts = [
  'a red kite',
  'ümlaut 🦊',
  ' ',
  'x'.repeat(4_001),
  '[[moderation]]',
  '[[no_image]]',
  '[[html]]',
] as const;
const names = ['', 'Ana', '<b>Bo</b>', '\u202eEve', 'x'.repeat(41)] as const;

/** A message that is valid by its schema; the server may reject it all the same. */
export function validMessage(random: SeededRandom, knowledge: Knowledge, freshId: () => string): ClientMessage {
  const { snapshot, commandIds } = knowledge;
  const again = commandIds.at(-random.between(1, 20));
  const commandId = again !== undefined && random.oneIn(12) ? again : freshId();
  const turn = Math.max(0, (snapshot?.turn ?? 0) + random.pick([0, 0, 0, 0, -1, 1]));
  const command = { commandId, ...(random.oneIn(2) && { turn }) };
  const imageId = imageIdOf(random, snapshot);
  const about = { imageId, sha256: digestOf(random, snapshot) };
  const prompt = random.oneIn(3) ? random.pick(prompts) : 'a kite';
  const options = random.oneIn(4) ? { options: optionsOf(random) } : {};
  return random.pick<() => ClientMessage>([
    () => ({ type: 'generate', ...command, prompt, ...options }),
    () => ({ type: 'regenerate', ...command, ...(random.oneIn(2) && { imageId }), ...options }),
    () => ({ type: 'refine', ...command, imageId, feedback: prompt, ...options }),
    () => ({ type: 'approve', ...command, imageId, ...(random.oneIn(2) && { sha256: digestOf(random, snapshot) }) }),
    () => ({ type: 'cancel', ...command, ...(random.oneIn(2) && { reason: prompt }) }),
    () => ({ type: 'start_over', ...command }),
    () => ({ type: 'discard', ...command, imageId }),
    () => ({ type: 'restore', ...command, imageId }),
    () => ({ type: random.pick(['request_changes', 'decline']), ...command, ...about, note: prompt }),
    () => ({ type: 'withdraw', ...command, decisionId: snapshot?.decisions.at(-1)?.decisionId ?? 'none' }),
    () => ({ type: 'require_approvals', ...command, approvals: random.between(1, 16) }),
    () => ({ type: 'remove', ...command, imageIds: [imageId, imageIdOf(random, snapshot)] }),
    () => ({ type: 'look', ...(random.oneIn(2) && { imageId }) }),
    () => ({ type: 'draft', text: random.pick(prompts), ...(random.oneIn(2) && { draftId: random.pick(names) }) }),
    () => ({ type: 'want', imageIds: Array.from({ length: random.below(14) }, () => imageIdOf(random, snapshot)) }),
    () => joinOf(random, knowledge),
  ])();
}

function joinOf(random: SeededRandom, { sessionId, key, participant }: Knowledge): ClientMessage {
  return {
    type: 'join',
    ...(sessionId !== undefined && random.oneIn(2) && { sessionId }),
    ...(key !== undefined && random.oneIn(2) && { key }),
    ...(participant &&
      random.oneIn(2) && { participant: random.oneIn(2) ? participant : { ...participant, secret: '' } }),
    ...(random.oneIn(3) && { name: random.pick(names) }),
    ...(random.oneIn(4) && { images: random.pick(['inline', 'url']) }),
    ...(random.oneIn(4) && { have: Array.from({ length: random.below(40) }, () => 'i') }),
  };
}

const imageIdOf = (random: SeededRandom, snapshot: SnapshotMessage | undefined): string => {
  const attempts = [...(snapshot?.attempts ?? []), ...(snapshot?.discarded ?? [])];
  const attempt = attempts[random.below(attempts.length || 1)];
  return attempt && !random.oneIn(6) ? attempt.image.imageId : random.pick(['none', '', '__proto__', 'constructor']);
};

const digestOf = (random: SeededRandom, snapshot: SnapshotMessage | undefined): string =>
  random.oneIn(3) ? '0'.repeat(64) : (snapshot?.image?.sha256 ?? '');

function optionsOf(random: SeededRandom): Options {
  return {
    ...(random.oneIn(2) && { size: random.pick(['auto', '64x64', '9999x9999']) }),
    ...(random.oneIn(2) && { format: random.pick(['png', 'jpeg', 'webp']) }),
    ...(random.oneIn(3) && { candidates: random.between(1, 4) }),
    ...(random.oneIn(4) && { partialImages: random.between(0, 3) }),
    ...(random.oneIn(6) && { quality: random.pick(['low', 'max']) }),
    ...(random.oneIn(6) && { compression: random.between(0, 100) }),
    ...(random.oneIn(10) && { model: 'none' }),
  };
}

const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

/** JSON values that replace another value. */
const oddValues = [
  'null',
  'true',
  '-0',
  '-1',
  '1.5',
  '1e308',
  '1e999',
  '-1e999',
  '9007199254740993',
  '5e-324',
  '""',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"\\u0000"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"join"',
  '"approve"',
  '[]',
  '{}',
  '[null]',
  '{"length":4294967295}',
  '{"toString":1,"valueOf":null}',
  '{"__proto__":{"type":"join"}}',
  JSON.stringify('x'.repeat(5_000)),
  JSON.stringify('💥'.repeat(3_000)),
  JSON.stringify(Array.from({ length: 100 }, (_, index) => `i${index}`)),
  nested(500, '[', ']'),
  `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`,
  nested(15_000, '[', ']'),
] as const satisfies readonly [string, ...string[]];

const extraKeys = [
  '"__proto__":{"type":"join","isAdmin":true}',
  '"constructor":{"prototype":{"polluted":true}}',
  '"__proto__":null',
  '"type":"start_over"',
  '"type":null',
  '"commandId":"twice"',
  '"hasOwnProperty":1',
  '"toJSON":"x"',
  '"":0',
] as const satisfies readonly [string, ...string[]];

const notMessages = [
  '',
  ' ',
  'null',
  '0',
  '"join"',
  '[]',
  '[{"type":"join"}]',
  '{"type":"join"}{"type":"join"}',
  '{"type":"join",}',
  "{'type':'join'}",
  'NaN',
  '\ufeff{"type":"join"}',
  nested(30_000, '[', ''),
  nested(20_000, '{"a":', ''),
] as const satisfies readonly [string, ...string[]];

/** The JSON of a message with one to three random changes; some of the results are still valid. */
export function fuzzedText(random: SeededRandom, message: ClientMessage): string {
  if (random.oneIn(8)) return random.pick(notMessages);
  let text = JSON.stringify(message);
  for (let times = random.between(1, 3); times > 0; times -= 1) text = changeOnce(random, text);
  return text;
}

function changeOnce(random: SeededRandom, text: string): string {
  const keys = [...text.matchAll(/"(\w+)":("(?:[^"\\]|\\.)*"|[\w.-]+|\[\]|\{\})/g)];
  const field = keys[random.below(keys.length || 1)];
  if (!field || random.oneIn(4)) return text.replace('{', () => `{${random.pick(extraKeys)},`);
  const [whole, key = '', value = ''] = field;
  const replacement = random.pick<() => string>([
    () => `"${key}":${random.pick(oddValues)}`,
    () => `"${key}":${random.pick(oddValues)}`,
    () => `"${key}":${value},"${key}":${random.pick(oddValues)}`,
    () => `"${key}":[${value}]`,
    () => `"${key.toUpperCase()}":${value}`,
    () => '"nothing":0',
  ])();
  return text.slice(0, field.index) + replacement + text.slice(field.index + whole.length);
}
