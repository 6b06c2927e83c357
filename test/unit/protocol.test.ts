import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { snapshotOf } from '../../server/session/snapshot.ts';
import { closeCodes, closePolicy } from '../../shared/close-codes.ts';
import {
  type Parsed,
  parseClientMessage,
  parseServerMessage,
  RejectCode,
  SnapshotMessage,
} from '../../shared/protocol.ts';
import { GenerationErrorCode } from '../../shared/session.ts';
import { clientMessages, serverMessages, snapshots } from '../support/messages.ts';
import { story } from '../support/stories.ts';

// Far more than it takes, for machines that are busy with other things.
vi.setConfig({ testTimeout: 60_000 });

type Json = Record<string, unknown>;
type Parse = (text: string) => Parsed<unknown>;

interface Case {
  readonly name: string;
  readonly message: Json;
  readonly parse: Parse;
}

const cases: readonly Case[] = [
  ...Object.entries(clientMessages).map(([name, message]) => ({
    name: `client ${name}`,
    message,
    parse: parseClientMessage,
  })),
  ...Object.entries(serverMessages).map(([name, message]) => ({
    name: `server ${name}`,
    message,
    parse: parseServerMessage,
  })),
  ...Object.entries(snapshots).map(([name, message]) => ({
    name: `snapshot ${name}`,
    message,
    parse: parseServerMessage,
  })),
];

/** The fields that a message may leave out, as the design writes them with a question mark. */
const optional: Record<string, readonly string[]> = {
  join: ['sessionId', 'key', 'token', 'name', 'have', 'images'],
  generate: ['turn', 'options'],
  regenerate: ['turn', 'imageId', 'prompt', 'options'],
  refine: ['turn', 'options'],
  approve: ['turn', 'sha256'],
  cancel: ['turn', 'reason'],
  start_over: ['turn'],
  discard: ['turn'],
  restore: ['turn'],
  welcome: ['key'],
  snapshot: ['generation', 'lastGeneration', 'image', 'approved', 'discarded', 'error', 'lastAction'],
  progress: ['expectedMs', 'queuePosition', 'retryInMs', 'reason'],
  image: ['data', 'url'],
  reject: ['commandId', 'imageId', 'lastAction'],
  draft: ['draftId'],
  heartbeat: ['nextBytes'],
  goodbye: ['reconnectInMs'],
};
/** What a stage can't do without, though other stages can. */
const neededInStage: Record<string, readonly string[]> = {
  generating: ['generation'],
  user_feedback: ['image'],
  final: ['image', 'approved'],
};

function isOptional({ type, stage }: Json, field: string): boolean {
  if (neededInStage[String(stage)]?.includes(field)) return false;
  return optional[String(type)]?.includes(field) ?? false;
}

const parsesAs = ({ parse }: Case, message: unknown) => parse(JSON.stringify(message));

describe.each(cases)('$name', (one) => {
  const { message } = one;
  const fields = Object.keys(message);

  test('parses with all its fields, as it is', () => {
    expect(parsesAs(one, message)).toEqual({ ok: true, message });
  });

  test('parses with the required fields alone, and what is absent stays absent', () => {
    const least = Object.fromEntries(Object.entries(message).filter(([field]) => !isOptional(message, field)));
    expect(parsesAs(one, least)).toStrictEqual({ ok: true, message: least });
  });

  test('each field that is missing is missed, or is optional', () => {
    for (const field of fields) {
      const { [field]: _, ...rest } = message;
      expect({ field, ok: parsesAs(one, rest).ok }).toEqual({ field, ok: isOptional(message, field) });
    }
  });

  test('no field takes null, or a value of another type', () => {
    for (const field of fields) {
      for (const wrong of [null, typeof message[field] === 'string' ? 1 : 'x', { x: 1 }, [[1]], -1, 0.5]) {
        // Every option may be left out, and unknown ones are ignored.
        if (field === 'options' && typeof wrong === 'object' && wrong !== null) continue;
        expect({ field, wrong, ok: parsesAs(one, { ...message, [field]: wrong }).ok }).toEqual({
          field,
          wrong,
          ok: false,
        });
      }
    }
  });

  test('unknown fields are ignored', () => {
    expect(parsesAs(one, { ...message, fromTheFuture: { x: 1 } })).toStrictEqual({ ok: true, message });
  });
});

describe('what is no message', () => {
  test.each(['client', 'server'])('unknown types are refused by the %s’s parser', (side) => {
    const parse: Parse = side === 'client' ? parseClientMessage : parseServerMessage;
    for (const type of [
      '',
      'JOIN',
      'join ',
      'toString',
      '__proto__',
      'constructor',
      'hello',
      1,
      null,
      undefined,
      ['join'],
    ]) {
      expect(parse(JSON.stringify({ type })).ok).toBe(false);
    }
  });

  test('the messages of one side are not those of the other', () => {
    for (const type of ['join', 'want', 'generate', 'approve'] as const) {
      expect(parseServerMessage(JSON.stringify(clientMessages[type])).ok).toBe(false);
    }
    for (const type of ['welcome', 'ack', 'image', 'progress'] as const) {
      expect(parseClientMessage(JSON.stringify(serverMessages[type])).ok).toBe(false);
    }
  });

  test.each([
    '',
    ' ',
    '{',
    'null',
    '1',
    '"join"',
    '[]',
    '[{"type":"cancel"}]',
    'undefined',
    '{"type":"join"}x',
    '\u0000',
  ])('refused: %j', (text) => {
    expect(parseClientMessage(text).ok).toBe(false);
    expect(parseServerMessage(text).ok).toBe(false);
  });

  test('R8 whatever the text, parsing never throws, and never quotes it', () => {
    const secret = 'sesame-open';
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify({ type: 'join', key: value })),
    );
    fc.assert(
      fc.property(text, (noise) => {
        for (const parse of [parseClientMessage, parseServerMessage]) {
          const result = parse(noise);
          if (!result.ok)
            expect(result.problem).toMatch(/^The (field "[\w.]+" is missing or wrong|message is not .+)\.$/);
        }
      }),
      { numRuns: 500 },
    );
    const refused = parseClientMessage(
      JSON.stringify({ type: 'join', key: { [secret]: secret }, token: secret, name: 1 }),
    );
    expect(JSON.stringify(refused)).not.toContain(secret);
  });

  test('R8 nesting as deep as a message can be is refused, not a crash', () => {
    const depth = 32 * 1024 - 10;
    const nested = '['.repeat(depth) + ']'.repeat(depth);
    expect(parseClientMessage(nested).ok).toBe(false);
    expect(parseClientMessage(`{"type":"join","have":${nested.slice(20, -20)}}`).ok).toBe(false);
    expect(parseClientMessage(`{"type":"draft","text":"x","y":${nested.slice(20, -20)}}`).ok).toBe(true);
  });

  test('R8 a long list of ids parses; its length is for the limits to judge', () => {
    const imageIds = Array.from({ length: 10_000 }, () => '');
    expect(parseClientMessage(JSON.stringify({ type: 'want', imageIds }))).toEqual({
      ok: true,
      message: { type: 'want', imageIds },
    });
  });

  test('R8 __proto__ and constructor are unknown fields like any other', () => {
    const text =
      '{"type":"draft","text":"x","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    const result = parseClientMessage(text);
    expect(result).toStrictEqual({ ok: true, message: { type: 'draft', text: 'x' } });
    expect('polluted' in {}).toBe(false);
    const smuggled = parseClientMessage('{"__proto__":{"type":"draft","text":"x"}}');
    expect(smuggled.ok).toBe(false);
  });

  test('a refused command keeps its id, so that the client learns which one it was', () => {
    expect(parseClientMessage('{"type":"approve","commandId":"c1"}')).toMatchObject({ ok: false, commandId: 'c1' });
    expect(parseClientMessage(`{"type":"cancel","commandId":"${'c'.repeat(65)}"}`)).not.toHaveProperty('commandId');
    expect(parseClientMessage('{"type":"cancel","commandId":""}')).not.toHaveProperty('commandId');
  });
});

describe('values', () => {
  const accepts = (message: unknown) => parseClientMessage(JSON.stringify(message)).ok;

  test('a command id has 1 to 64 characters', () => {
    for (const [length, ok] of [
      [0, false],
      [1, true],
      [64, true],
      [65, false],
    ] as const) {
      expect(accepts({ type: 'cancel', commandId: 'c'.repeat(length) })).toBe(ok);
    }
  });

  test.each([
    ['sessionId', 256, (text: string) => ({ type: 'join', sessionId: text })],
    ['key', 256, (text: string) => ({ type: 'join', key: text })],
    ['token', 512, (text: string) => ({ type: 'join', token: text })],
    ['have', 256, (text: string) => ({ type: 'join', have: [text] })],
    ['imageIds', 256, (text: string) => ({ type: 'want', imageIds: [text] })],
    ['imageId to regenerate', 256, (text: string) => ({ ...clientMessages.regenerate, imageId: text })],
    ['imageId to refine', 256, (text: string) => ({ ...clientMessages.refine, imageId: text })],
    ['imageId to approve', 256, (text: string) => ({ ...clientMessages.approve, imageId: text })],
    ['sha256', 256, (text: string) => ({ ...clientMessages.approve, sha256: text })],
    ['imageId to discard', 256, (text: string) => ({ ...clientMessages.discard, imageId: text })],
    ['imageId to restore', 256, (text: string) => ({ ...clientMessages.restore, imageId: text })],
  ])('S4 %s has %i characters at most', (_name, most, message) => {
    expect([accepts(message('x'.repeat(most))), accepts(message('x'.repeat(most + 1)))]).toEqual([true, false]);
  });

  test('a turn is a natural number', () => {
    for (const turn of [0, 1, Number.MAX_SAFE_INTEGER]) expect(accepts({ ...clientMessages.cancel, turn })).toBe(true);
    for (const turn of [-1, 0.5, '1', true]) expect(accepts({ ...clientMessages.cancel, turn })).toBe(false);
  });

  test.each([
    [
      'size',
      ['auto', '1024x1024', '1536x1024'],
      ['', '1024', '1024x', '0x0', '-1x1', '1024X1024', '1024x1024 ', '99999x1', 'big'],
    ],
    ['quality', ['auto', 'low', 'medium', 'high'], ['best', '', 1]],
    ['background', ['auto', 'opaque', 'transparent'], ['white', '']],
    ['format', ['png', 'jpeg', 'webp'], ['gif', 'svg', 'PNG']],
    ['candidates', [1, 2, 3, 4], [0, 5, 1.5, -1, '1']],
  ])('the option %s', (name, good, bad) => {
    for (const value of good) expect(accepts({ ...clientMessages.generate, options: { [name]: value } })).toBe(true);
    for (const value of bad) expect(accepts({ ...clientMessages.generate, options: { [name]: value } })).toBe(false);
  });

  test('lone surrogates are text like any other', () => {
    const text = '{"type":"draft","text":"a \\ud83e kite \\udc00"}';
    expect(parseClientMessage(text)).toEqual({ ok: true, message: { type: 'draft', text: 'a \ud83e kite \udc00' } });
  });

  test('a digest in a snapshot is 64 lower-case hex digits, and a time is ISO 8601', () => {
    const image = { ...snapshots.final.image, sha256: snapshots.final.image.sha256.toUpperCase() };
    expect(parseServerMessage(JSON.stringify({ ...snapshots.final, image })).ok).toBe(false);
    const lastAction = { ...snapshots.final.lastAction, at: 'yesterday' };
    expect(parseServerMessage(JSON.stringify({ ...snapshots.final, lastAction })).ok).toBe(false);
  });
});

describe('snapshots', () => {
  /** No value of a snapshot is null; every string of it is short, so no image hides in it. */
  function survey(value: unknown): void {
    expect(value).not.toBeNull();
    if (typeof value === 'string') expect(value.length).toBeLessThan(100);
    if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) survey(part);
  }

  test('W2 of whatever a session has come to: it parses as what it is, without bytes and without null', () => {
    const stages = new Set<string>();
    fc.assert(
      fc.property(story, (moments) => {
        for (const { after } of moments) {
          const snapshot = snapshotOf(after, 'draft');
          stages.add(snapshot.stage);
          survey(snapshot);
          expect(parseServerMessage(JSON.stringify(snapshot))).toStrictEqual({ ok: true, message: snapshot });
          for (const field of ['data', 'url', 'bytes']) expect(JSON.stringify(snapshot)).not.toContain(`"${field}"`);
        }
      }),
      { numRuns: 60 },
    );
    expect([...stages].toSorted()).toEqual(
      SnapshotMessage.options.map(({ entries }) => entries.stage.literal).toSorted(),
    );
  });

  test('image is the newest attempt, approved the approved one, and the error comes with its generation', () => {
    fc.assert(
      fc.property(story, (moments) => {
        for (const { after } of moments) {
          const snapshot = snapshotOf(after, '');
          expect(snapshot.image).toEqual(after.attempts.at(-1)?.image);
          expect('approved' in snapshot).toBe(after.stage === 'final');
          expect('generation' in snapshot).toBe(after.stage === 'generating');
          if (snapshot.error) expect(snapshot.lastGeneration).toBeDefined();
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('generated messages', () => {
  const text = fc.string({ unit: 'binary', maxLength: 50 });
  const count = fc.maxSafeNat();
  const options = fc.record(
    {
      size: fc.constantFrom('auto', '1024x1024'),
      quality: fc.constantFrom('auto', 'low', 'medium', 'high'),
      background: fc.constantFrom('auto', 'opaque', 'transparent'),
      format: fc.constantFrom('png', 'jpeg', 'webp'),
      candidates: fc.integer({ min: 1, max: 4 }),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  const commandId = fc.string({ minLength: 1, maxLength: 64 });
  type Fields = Record<string, fc.Arbitrary<unknown>>;
  const message = (type: string, required: Fields, extra: Fields) => {
    const fields: Fields = { type: fc.constant(type), ...required, ...extra };
    return fc.record(fields, { requiredKeys: ['type', ...Object.keys(required)], noNullPrototype: true });
  };

  const client = fc.oneof(
    message(
      'join',
      {},
      {
        sessionId: text,
        key: text,
        token: text,
        name: text,
        have: fc.array(text),
        images: fc.constantFrom('inline', 'url'),
      },
    ),
    message('want', { imageIds: fc.array(text) }, {}),
    message('draft', { text }, { draftId: commandId }),
    message('generate', { commandId, prompt: text }, { turn: count, options }),
    message('regenerate', { commandId }, { turn: count, options, imageId: text, prompt: text }),
    message('refine', { commandId, imageId: text, feedback: text }, { turn: count, options }),
    message('approve', { commandId, imageId: text }, { turn: count, sha256: text }),
    message('cancel', { commandId }, { turn: count, reason: text }),
    message('start_over', { commandId }, { turn: count }),
    message('discard', { commandId, imageId: text }, { turn: count }),
    message('restore', { commandId, imageId: text }, { turn: count }),
  );
  const server = fc.oneof(
    message('draft', { text, by: text }, { draftId: text }),
    message('viewers', { reviewers: count, watchers: count }, {}),
    message('ack', { commandId: text, revision: count }, {}),
    message(
      'reject',
      { code: fc.constantFrom(...RejectCode.options), message: text },
      { commandId: text, imageId: text },
    ),
    message('heartbeat', {}, { nextBytes: count }),
    message('goodbye', { reason: text }, { reconnectInMs: count }),
    message(
      'progress',
      {
        generationId: text,
        candidate: count,
        phase: fc.constantFrom('queued', 'started', 'drawing', 'retrying'),
        try: count,
        maxTries: count,
        elapsedMs: count,
      },
      { expectedMs: count, queuePosition: count, retryInMs: count, reason: text },
    ),
  );

  test('what is written is what is read, from the client', () => {
    fc.assert(
      fc.property(client, (one) => {
        expect(parseClientMessage(JSON.stringify(one))).toStrictEqual({ ok: true, message: one });
      }),
    );
  });

  test('what is written is what is read, from the server', () => {
    fc.assert(
      fc.property(server, (one) => {
        expect(parseServerMessage(JSON.stringify(one))).toStrictEqual({ ok: true, message: one });
      }),
    );
  });
});

describe('tables', () => {
  test('W7 the close codes', () => {
    const told = Object.entries(closeCodes).map(([code, { meaning, reconnect }]) => [Number(code), meaning, reconnect]);
    expect(told).toEqual([
      [1001, 'going away', false],
      [1008, 'misuse of the protocol', false],
      [1009, 'message too big', false],
      [1012, 'server restarts', true],
      [4403, 'not allowed', false],
      [4404, 'session gone', false],
      [4408, 'join deadline or silence', true],
      [4429, 'limited', true],
    ]);
    expect(closeCodes[4429].waitMs).toBe(60_000);
  });

  test('W7 a line that is lost, or a code that nobody knows, means coming back', () => {
    for (const code of [1000, 1005, 1006, 1011, 4999]) expect(closePolicy(code).reconnect).toBe(true);
    expect(closePolicy(4404)).toBe(closeCodes[4404]);
  });

  test('the reject codes stand in the order in which they are checked', () => {
    expect(RejectCode.options).toEqual([
      'invalid_message',
      'not_joined',
      'session_not_found',
      'rate_limited',
      'not_allowed',
      'prompt_empty',
      'prompt_too_long',
      'stale',
      'wrong_stage',
      'image_not_found',
      'server_busy',
    ]);
  });

  test('the error codes of a generation', () => {
    expect([...GenerationErrorCode.options].toSorted()).toEqual(
      [
        'moderation_blocked',
        'invalid_api_key',
        'not_verified',
        'quota_exceeded',
        'rate_limited',
        'timeout',
        'network',
        'provider_error',
        'no_image',
      ].toSorted(),
    );
  });
});
