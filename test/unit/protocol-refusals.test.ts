import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type Parsed, parseClientMessage, parseServerMessage } from '../../shared/protocol.ts';
import { clientMessages, serverMessages, snapshots } from '../support/messages.ts';

// Far more than it takes, for machines that are busy with other things.
vi.setConfig({ testTimeout: 60_000 });

type Parse = (text: string) => Parsed<unknown>;

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
