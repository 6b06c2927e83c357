/** What the protocol's parsers accept, and that PROTOCOL.md lists the codes that the code has. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { closeCodes, closePolicy } from '../../../shared/close-codes.ts';
import { generationErrorCodes } from '../../../shared/model.ts';
import { type Parsed, parseClientMessage, parseServerMessage, rejectCodes } from '../../../shared/protocol.ts';
import { clientMessages, images, serverMessages, snapshots } from '../../support/messages.ts';

// Machines that are busy with other things are slow.
vi.setConfig({ testTimeout: 60_000 });

type Json = Record<string, unknown>;
type Parse = (text: string) => Parsed<unknown>;

interface Case {
  readonly name: string;
  readonly message: Json;
  readonly parse: Parse;
}

const casesOf = (kind: string, messages: object, parse: Parse): Case[] =>
  Object.entries(messages).map(([name, message]) => ({ name: `${kind} ${name}`, message, parse }));

const cases: readonly Case[] = [
  ...casesOf('client message', clientMessages, parseClientMessage),
  ...casesOf('server message', serverMessages, parseServerMessage),
  ...casesOf('image,', images, parseServerMessage),
  ...casesOf('snapshot in', snapshots, parseServerMessage),
];

/** The fields that PROTOCOL.md marks with a question mark. */
const optional: Record<string, readonly string[]> = {
  join: ['sessionId', 'key', 'token', 'name', 'participant', 'have', 'record', 'images', 'prompts', 'approvals'],
  look: ['imageId'],
  generate: ['turn', 'options'],
  regenerate: ['turn', 'imageId', 'prompt', 'options'],
  refine: ['turn', 'options'],
  approve: ['turn', 'sha256', 'note'],
  request_changes: ['turn'],
  decline: ['turn'],
  withdraw: ['turn'],
  require_approvals: ['turn'],
  remove: ['turn'],
  cancel: ['turn', 'reason'],
  start_over: ['turn'],
  discard: ['turn'],
  restore: ['turn'],
  invite: ['expiresAt'],
  welcome: ['key', 'links', 'invitations', 'invited', 'expiresAt', 'creator', 'counts', 'now', 'keptForMs', 'download'],
  links: ['watchKey', 'reviewKey'],
  snapshot: [
    ...['generation', 'lastGeneration', 'image', 'approved', 'discarded', 'error', 'lastAction'],
    ...['approvalsNeeded', 'recordLength', 'draftPromptId'],
  ],
  viewers: ['people'],
  progress: ['expectedMs', 'queuePosition', 'retryInMs', 'reason'],
  reject: ['commandId', 'imageId', 'lastAction'],
  draft: ['draftId'],
  heartbeat: ['nextBytes'],
  goodbye: ['code', 'reconnectInMs'],
};

/** The fields of a snapshot that are required in one stage or outcome, and absent or optional in the others. */
const requiredInStage: Record<string, readonly string[]> = {
  generating: ['generation'],
  user_feedback: ['image'],
  final: ['image'],
  approved: ['approved'],
};

function isOptional({ type, stage, outcome }: Json, field: string): boolean {
  if ([stage, outcome].some((value) => requiredInStage[String(value)]?.includes(field))) return false;
  return optional[String(type)]?.includes(field) ?? false;
}

describe.each(cases)('$name', ({ message, parse }) => {
  const fields = Object.keys(message);
  const parseJson = (value: unknown) => parse(JSON.stringify(value));

  test('with all fields is parsed unchanged, and unknown fields are ignored', () => {
    expect(parseJson({ ...message, fromANewerVersion: { x: 1 } })).toStrictEqual({ ok: true, message });
  });

  test('without its optional fields is parsed unchanged', () => {
    const least = Object.fromEntries(Object.entries(message).filter(([field]) => !isOptional(message, field)));
    expect(parseJson(least)).toStrictEqual({ ok: true, message: least });
  });

  test('without a required field is refused', () => {
    for (const field of fields) {
      const { [field]: _, ...rest } = message;
      expect({ field, ok: parseJson(rest).ok }).toEqual({ field, ok: isOptional(message, field) });
    }
  });

  test('with null or a value of another type in a field is refused', () => {
    for (const field of fields) {
      for (const wrong of [null, typeof message[field] === 'string' ? 1 : 'x', { x: 1 }, [[1]], -1, 0.5]) {
        // Every option is optional, and unknown ones are ignored.
        if (field === 'options' && typeof wrong === 'object' && wrong !== null) continue;
        const { ok } = parseJson({ ...message, [field]: wrong });
        expect({ field, wrong, ok }).toEqual({ field, wrong, ok: false });
      }
    }
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
  const approvals = fc.integer({ min: 1, max: 16 });
  const person = fc.record(
    { participantId: text, name: text, role: fc.constantFrom('reviewer', 'watcher'), lookingAt: text },
    { requiredKeys: ['participantId', 'name', 'role'], noNullPrototype: true },
  );
  const commandId = fc.string({ minLength: 1, maxLength: 64 });
  const participant = fc.record({ id: text, secret: text }, { noNullPrototype: true });
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
        participant,
        have: fc.array(text),
        record: count,
        images: fc.constantFrom('inline', 'url'),
        approvals,
      },
    ),
    message('want', { imageIds: fc.array(text) }, {}),
    message('draft', { text }, { draftId: commandId }),
    message('generate', { commandId, prompt: text }, { turn: count, options }),
    message('regenerate', { commandId }, { turn: count, options, imageId: text, prompt: text }),
    message('refine', { commandId, imageId: text, feedback: text }, { turn: count, options }),
    message('look', {}, { imageId: text }),
    message('approve', { commandId, imageId: text }, { turn: count, sha256: text, note: text }),
    message('request_changes', { commandId, imageId: text, sha256: text, note: text }, { turn: count }),
    message('decline', { commandId, imageId: text, sha256: text, note: text }, { turn: count }),
    message('withdraw', { commandId, decisionId: text }, { turn: count }),
    message('require_approvals', { commandId, approvals }, { turn: count }),
    message('remove', { commandId, imageIds: fc.array(text, { minLength: 1 }) }, { turn: count }),
    message('cancel', { commandId }, { turn: count, reason: text }),
    message('start_over', { commandId }, { turn: count }),
    message('discard', { commandId, imageId: text }, { turn: count }),
    message('restore', { commandId, imageId: text }, { turn: count }),
  );
  const server = fc.oneof(
    message('draft', { text, by: text, participantId: text }, { draftId: text }),
    message('viewers', { reviewers: count, watchers: count }, { people: fc.array(person) }),
    message('record', { from: count, entries: fc.constant(serverMessages.record.entries) }, {}),
    message('ack', { commandId: text, revision: count }, {}),
    message('reject', { code: fc.constantFrom(...rejectCodes), message: text }, { commandId: text, imageId: text }),
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

  test.each([
    ['client', client, parseClientMessage],
    ['server', server, parseServerMessage],
  ] as const)('of the %s are parsed unchanged', (_side, arbitrary, parse) => {
    fc.assert(
      fc.property(arbitrary, (one) => {
        expect(parse(JSON.stringify(one))).toStrictEqual({ ok: true, message: one });
      }),
    );
  });
});

test('the bytes of an image are read as they stand, whatever they are and wherever they stand in the message', () => {
  const image = Object.entries(images.inline).filter(([key]) => key !== 'data');
  const text = fc.string({ unit: fc.constantFrom('A', '"', '\\', ',', ':', '{', '}', 'data') });
  fc.assert(
    fc.property(text, fc.boolean(), (data, isFirst) => {
      const message = Object.fromEntries(isFirst ? [['data', data], ...image] : [...image, ['data', data]]);
      expect(parseServerMessage(JSON.stringify(message))).toStrictEqual({ ok: true, message });
    }),
  );
});

describe('the codes in PROTOCOL.md', () => {
  const protocol = readFileSync(new URL('../../../shared/PROTOCOL.md', import.meta.url), 'utf8');
  const section = (title: string) => protocol.split(`# ${title}\n`)[1]?.split('\n#')[0] ?? '';
  const codesIn = (text: string) => [...text.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code);

  test('W7: the close codes, and whether to reconnect', () => {
    const rows = [...section('Close codes').matchAll(/^\| (\d+) \|.*\| (yes|no)(?:, after (\d+) s)? \|$/gm)];
    expect(rows.map(([, code, reconnect, seconds]) => [Number(code), reconnect === 'yes', seconds])).toEqual(
      Object.keys(closeCodes).map((key) => {
        const { reconnect, waitMs } = closePolicy(Number(key));
        return [Number(key), reconnect, waitMs === undefined ? undefined : String(waitMs / 1_000)];
      }),
    );
  });

  test.each([1000, 1005, 1006, 4999])('W7: close code %i is in no table and means reconnecting', (code) => {
    expect(closePolicy(code).reconnect).toBe(true);
  });

  test('the reject codes, in the order in which they are checked', () => {
    const table = section('`ack` and `reject`').matchAll(/^\| (`.*?) \|/gm);
    expect([...table].flatMap(([, codes = '']) => codesIn(codes))).toEqual(rejectCodes);
  });

  test('the error codes of a generation', () => {
    const sentence = protocol.split('`error.code` is one of')[1]?.split('`error.message`')[0] ?? '';
    expect(codesIn(sentence)).toEqual(generationErrorCodes);
  });
});
