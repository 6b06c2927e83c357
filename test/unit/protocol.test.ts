import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type Parsed, parseClientMessage, parseServerMessage, RejectCode } from '../../shared/protocol.ts';
import { clientMessages, serverMessages, snapshots } from '../support/messages.ts';

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
