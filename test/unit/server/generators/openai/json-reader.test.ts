import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodedText } from '../../../../../server/generators/base64-decoder.ts';
import { JsonReader } from '../../../../../server/generators/openai/json-reader.ts';

const MAX_BYTES = 1_000_000;

/** The value in a text that arrives in pieces of the given lengths, and then in one last piece. */
function read(json: string, lengths: readonly number[] = []): unknown {
  const reader = new JsonReader(MAX_BYTES);
  const bytes = Buffer.from(json);
  let start = 0;
  for (const length of lengths) {
    reader.write(bytes.subarray(start, start + length));
    start += length;
  }
  reader.write(bytes.subarray(start));
  return shown(reader.end());
}

/** The value with each image as its bytes in base64. */
function shown(value: unknown): unknown {
  if (value instanceof DecodedText) {
    const bytes = value.read();
    if (typeof bytes === 'string') return `no image: ${bytes}`;
    expect(value.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    return `image: ${bytes.toString('base64')}`;
  }
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shown(one)]));
}

const image = randomBytes(500).toString('base64');

describe('a value is read with its images decoded', () => {
  test.each([
    ['in each of the fields', { result: image, list: [{ b64_json: image, url: image }], partial_image_b64: image }],
    ['among other texts', { name: 'result', quote: '"result": "', '\\"result': '\\', last: image, result: image }],
    ['with lines', { result: image.replace(/.{76}/g, '$&\r\n') }],
    ['as a data: address', { b64_json: `data:image/png;base64,${image}` }],
  ])('%s', (_, value) => {
    const all = JSON.stringify(value);
    const expected = JSON.parse(all, (key, one) =>
      ['result', 'b64_json', 'url', 'partial_image_b64'].includes(key) ? `image: ${image}` : one,
    );
    for (const json of [all, JSON.stringify(value, null, 2)]) expect(read(json)).toEqual(expected);
  });

  test.each([
    ['+ and / as escape sequences', image.replaceAll('+', '\\u002b').replaceAll('/', '\\/')],
    ['every character as one', [...image].map((one) => `\\u00${one.charCodeAt(0).toString(16)}`).join('')],
  ])('with %s', (_, text) => {
    expect(read(`{"result":"${text}"}`)).toEqual({ result: `image: ${image}` });
    expect(read(`{"result":"${text}"}`, Array<number>(text.length).fill(1))).toEqual({ result: `image: ${image}` });
  });

  test('in a field whose name is written with an escape sequence, or far from its value', () => {
    expect(read(`{"\\u0072esult":"${image}","url"${' '.repeat(99)}:"${image}"}`)).toEqual({
      result: `image: ${image}`,
      url: `image: ${image}`,
    });
  });

  test.each([
    ['an empty text', '""', null],
    ['null', 'null', null],
    ['a number', '7', 7],
    ['a list of texts', '["AAAA"]', ['AAAA']],
    ['a text that is not base64', '"none of this!"', 'no image: not base64'],
    ['a damaged escape sequence', '"AAAA\\u00zz"', 'no image: not base64'],
    ['a backslash', '"AA\\\\AAAA"', 'no image: not base64'],
    ['more bytes than allowed', `"${'A'.repeat(1_333_340)}"`, 'no image: too big'],
  ])('%s in its place is no image', (_, text, expected) => {
    expect(read(`{"result":${text},"rest":1}`)).toEqual({ result: expected, rest: 1 });
  });

  test.each(['', '{', `{"result":"${image}`, `{"result":"${image}"`, `{"result":"${image}"}}`, '{"a":"b\\"}'])(
    'JSON that is damaged is an error: %.20s',
    (json) => {
      expect(() => read(json)).toThrow(SyntaxError);
    },
  );
});

describe('over random values and pieces', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('"', '\\', 'result', ':', ' ', '\n', 'é', '🪁', 'A', '=') }),
    fc.uint8Array({ maxLength: 90 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  );
  const key = fc.constantFrom('result', 'url', 'b64_json', 'partial_image_b64', 'name', '"result"', 'result\\');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.constant(null), tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 4 }),
    object: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  }));
  const indent = fc.constantFrom(undefined, 1, '\t');
  const lengths = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 60 });

  test('the result is that of the whole text, wherever the pieces end', () => {
    fc.assert(
      fc.property(value, indent, lengths, (one, space, pieces) => {
        const json = JSON.stringify(one, null, space);
        expect(read(json, pieces)).toEqual(read(json));
      }),
    );
  });

  test('all but the images is what JSON.parse gives', () => {
    const isImage = (field: string) => /^(result|url|b64_json|partial_image_b64)$/.test(field);
    const withoutImages = (json: string) =>
      JSON.parse(json, (field, one) => (isImage(field) && typeof one === 'string' ? 'an image' : one));
    fc.assert(
      fc.property(value, indent, (one, space) => {
        const json = JSON.stringify(one, null, space);
        const actual = JSON.stringify(read(json), (field, part) =>
          isImage(field) && (part === null || /^(no )?image: /.test(String(part))) ? 'an image' : part,
        );
        const expected = JSON.stringify(withoutImages(json), (field, part) =>
          isImage(field) && part === null ? 'an image' : part,
        );
        expect(actual).toBe(expected);
      }),
    );
  });
});
