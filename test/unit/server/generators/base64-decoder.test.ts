import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Base64Decoder } from '../../../../server/generators/base64-decoder.ts';

function decode(pieces: readonly string[], maxBytes = 10_000) {
  const decoder = new Base64Decoder(maxBytes);
  for (const piece of pieces) decoder.write(piece);
  return decoder.end();
}

/** The text in pieces of the given lengths, and the rest in one. */
function cut(text: string, lengths: readonly number[]): string[] {
  let rest = text;
  const pieces = lengths.map((length) => {
    const piece = rest.slice(0, length);
    rest = rest.slice(length);
    return piece;
  });
  return [...pieces, rest];
}

const bytes = fc.uint8Array({ maxLength: 900 }).map((array) => Buffer.from(array));
const lengths = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 });
const blanks = fc.constantFrom('', ' ', '\r\n', '\n\n  ');
const address = fc.constantFrom('', 'data:image/png;base64,', 'DATA:text/plain;name="a.png";BASE64,');

test('W4: base64 in any spelling and in any pieces gives its bytes', () => {
  fc.assert(
    fc.property(bytes, lengths, blanks, address, fc.boolean(), (expected, pieces, blank, start, isForUrls) => {
      const base64 = expected.toString(isForUrls ? 'base64url' : 'base64').replace(/.{60}/g, `$&${blank}`);
      const decoded = decode(cut(`${blank}${start}${base64}${blank}`, pieces));
      expect(decoded.read()).toEqual(expected);
    }),
  );
});

test('S6: a text is rejected or decoded alike, wherever its pieces end', () => {
  const text = fc.string({ unit: fc.constantFrom('A', 'b', '=', '!', ' ', ',', 'data:', ';base64,'), maxLength: 400 });
  fc.assert(
    fc.property(text, lengths, (one, pieces) => {
      const [whole, inPieces] = [decode([one]), decode(cut(one, pieces))];
      expect(inPieces.start).toBe(whole.start);
      expect(inPieces.read()).toEqual(whole.read());
    }),
    { numRuns: 1_000 },
  );
});

test('S6: a text that goes on after its padding is not base64', () => {
  const long = 'A'.repeat(400);
  expect(decode([long, 'AA==', '\n']).read()).toHaveLength(301);
  expect(decode([long, 'AA==', 'AAAA']).read()).toBe('not base64');
});

test('S4: exactly as many bytes as allowed are decoded', () => {
  fc.assert(
    fc.property(bytes, lengths, blanks, (expected, pieces, blank) => {
      const text = expected.toString('base64').replace(/.{60}/g, `$&${blank}`);
      expect(decode(cut(text, pieces), expected.length).read()).toEqual(expected);
      if (expected.length > 0) expect(decode(cut(text, pieces), expected.length - 1).read()).toBe('too big');
    }),
  );
});

test('a text says how it begins, and whether there is any', () => {
  expect(decode([' ', ' https://', '127.0.0.1/'])).toMatchObject({ start: 'https://127.0.0.1/', isEmpty: false });
  expect(decode(['', ''])).toMatchObject({ start: '', isEmpty: true });
  expect(decode(['A'.repeat(1_000)]).start).toHaveLength(256);
});
