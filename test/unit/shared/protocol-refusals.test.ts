/** What the protocol's parsers refuse. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type Parsed, parseClientMessage, parseServerMessage } from '../../../shared/protocol.ts';
import { clientMessages, serverMessages, snapshots } from '../../support/messages.ts';

// Machines that are busy with other things are slow.
vi.setConfig({ testTimeout: 60_000 });

const parsers: readonly (readonly [string, (text: string) => Parsed<unknown>])[] = [
  ['client', parseClientMessage],
  ['server', parseServerMessage],
];
const accepts = (message: unknown) => parseClientMessage(JSON.stringify(message)).ok;

describe.each(parsers)('as a message of the %s', (side, parse) => {
  const noMessages = ['', ' ', '{', 'null', '1', '"join"', '[]', '[{"type":"cancel"}]', '{"type":"join"}x', '\u0000'];

  test.each(noMessages)('%j is refused', (text) => {
    expect(parse(text).ok).toBe(false);
  });

  test.each(['', 'JOIN', 'join ', 'toString', '__proto__', 'constructor', 1, null, undefined, ['join']])(
    'the type %j is refused',
    (type) => {
      expect(parse(JSON.stringify({ type })).ok).toBe(false);
    },
  );

  test('the messages of the other side are refused', () => {
    const { draft: _draft, ...others } = side === 'client' ? { ...serverMessages, ...snapshots } : clientMessages;
    for (const message of Object.values(others)) expect(parse(JSON.stringify(message)).ok).toBe(false);
  });

  test('R8: no text makes the parser throw, and none is quoted in the problem', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify({ type: 'join', key: value })),
      fc.jsonValue().map((value) => JSON.stringify({ type: 'welcome', key: value })),
    );
    fc.assert(
      fc.property(text, (noise) => {
        const result = parse(noise);
        if (result.ok) return;
        expect(result.problem).toMatch(/^The (field "[\w.]+" is missing or wrong|message is not .+)\.$/);
      }),
      { numRuns: 500 },
    );
  });
});

test('S7: a refusal quotes no value of the message', () => {
  const secret = 'sesame-open';
  const message = { type: 'join', key: { [secret]: secret }, token: secret, name: 1 };
  expect(JSON.stringify(parseClientMessage(JSON.stringify(message)))).not.toContain(secret);
});

test.each([
  ['a command', '{"type":"approve","commandId":"c1"}', { type: 'approve', commandId: 'c1' }],
  ['a command with too long an id', `{"type":"cancel","commandId":"${'c'.repeat(65)}"}`, { type: 'cancel' }],
  ['a command with an empty id', '{"type":"cancel","commandId":""}', { type: 'cancel' }],
  ['an unknown type', '{"type":"newer"}', { type: 'newer' }],
  ['no type', '{"commandId":"c1"}', { commandId: 'c1' }],
])('a refusal of %s names its type and id, as far as they can be read', (_what, text, named) => {
  expect(parseClientMessage(text)).toEqual({ ok: false, problem: expect.any(String), ...named });
});

describe('hostile JSON', () => {
  const depth = 32 * 1024 - 10;
  const nested = '['.repeat(depth) + ']'.repeat(depth);

  test.each([
    ['alone', nested, false],
    ['in a field', `{"type":"join","have":${nested.slice(20, -20)}}`, false],
    ['in an unknown field', `{"type":"draft","text":"x","y":${nested.slice(20, -20)}}`, true],
  ])('R8: nesting as deep as a message can be, %s, is no crash', (_where, text, ok) => {
    expect(parseClientMessage(text).ok).toBe(ok);
  });

  test('R8: a long list of ids is parsed; its length is checked by the limits', () => {
    const message = { type: 'want', imageIds: Array.from({ length: 10_000 }, () => '') };
    expect(parseClientMessage(JSON.stringify(message))).toEqual({ ok: true, message });
  });

  test('R8: __proto__ and constructor are unknown fields', () => {
    const pollution = '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}';
    const result = parseClientMessage(`{"type":"draft","text":"x",${pollution}}`);
    expect(result).toStrictEqual({ ok: true, message: { type: 'draft', text: 'x' } });
    expect('polluted' in {}).toBe(false);
    expect(parseClientMessage('{"__proto__":{"type":"draft","text":"x"}}').ok).toBe(false);
  });

  test('lone surrogates are kept as they are', () => {
    const text = '{"type":"draft","text":"a \\ud83e kite \\udc00"}';
    expect(parseClientMessage(text)).toEqual({ ok: true, message: { type: 'draft', text: 'a \ud83e kite \udc00' } });
  });
});

describe('values', () => {
  test.each([
    ['commandId', 64, (text: string) => ({ type: 'cancel', commandId: text })],
    ['draftId', 64, (text: string) => ({ type: 'draft', text: '', draftId: text })],
    ['sessionId', 256, (text: string) => ({ type: 'join', sessionId: text })],
    ['key', 256, (text: string) => ({ type: 'join', key: text })],
    ['token', 512, (text: string) => ({ type: 'join', token: text })],
    ['participant.id', 256, (text: string) => ({ type: 'join', participant: { id: text, secret: '' } })],
    ['participant.secret', 256, (text: string) => ({ type: 'join', participant: { id: '', secret: text } })],
    ['have', 256, (text: string) => ({ type: 'join', have: [text] })],
    ['imageIds', 256, (text: string) => ({ type: 'want', imageIds: [text] })],
    ['imageId of regenerate', 256, (text: string) => ({ ...clientMessages.regenerate, imageId: text })],
    ['imageId of refine', 256, (text: string) => ({ ...clientMessages.refine, imageId: text })],
    ['imageId of approve', 256, (text: string) => ({ ...clientMessages.approve, imageId: text })],
    ['sha256', 256, (text: string) => ({ ...clientMessages.approve, sha256: text })],
    ['imageId of discard', 256, (text: string) => ({ ...clientMessages.discard, imageId: text })],
    ['imageId of restore', 256, (text: string) => ({ ...clientMessages.restore, imageId: text })],
  ])('S4: %s has %i characters at most', (_name, most, message) => {
    expect([accepts(message('x'.repeat(most))), accepts(message('x'.repeat(most + 1)))]).toEqual([true, false]);
  });

  const turn = (value: unknown) => ({ ...clientMessages.cancel, turn: value });
  const option = (name: string) => (value: unknown) => ({ ...clientMessages.generate, options: { [name]: value } });
  test.each<[string, (value: unknown) => unknown, unknown[], unknown[]]>([
    ['commandId', (commandId) => ({ type: 'cancel', commandId }), ['c'], ['']],
    ['turn', turn, [0, 1, Number.MAX_SAFE_INTEGER], [-1, 0.5, '1', true]],
    [
      'the option size',
      option('size'),
      ['auto', '1024x1024', '1536x1024'],
      ['', '1024', '1024x', '0x0', '-1x1', '1024X1024', '1024x1024 ', '99999x1', 'big'],
    ],
    ['the option quality', option('quality'), ['auto', 'low', 'medium', 'high', 'xhigh', 'max'], ['best', '', 1]],
    ['the option background', option('background'), ['auto', 'opaque', 'transparent'], ['white', '']],
    ['the option format', option('format'), ['png', 'jpeg', 'webp'], ['gif', 'svg', 'PNG']],
    ['the option compression', option('compression'), [0, 100], [-1, 101, 0.5, '1']],
    ['the option partialImages', option('partialImages'), [0, 3], [-1, 4, 1.5]],
    ['the option candidates', option('candidates'), [1, 4], [0, 5, 1.5, -1, '1']],
  ])('%s takes its values and no others', (_name, message, right, wrong) => {
    for (const value of right) expect({ value, ok: accepts(message(value)) }).toEqual({ value, ok: true });
    for (const value of wrong) expect({ value, ok: accepts(message(value)) }).toEqual({ value, ok: false });
  });

  const { image, lastAction } = snapshots.approved;
  test.each([
    ['a digest in upper case', { image: { ...image, sha256: image.sha256.toUpperCase() } }],
    ['a digest that is too short', { image: { ...image, sha256: image.sha256.slice(1) } }],
    ['a time that is not ISO 8601', { lastAction: { ...lastAction, at: 'yesterday' } }],
  ])('a snapshot with %s is refused', (_what, change) => {
    expect(parseServerMessage(JSON.stringify({ ...snapshots.approved, ...change })).ok).toBe(false);
  });
});
