import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventsOf } from '../../../../../server/generators/openai/event-stream.ts';

class TextReader {
  #bytes: readonly Buffer[] = [];

  write(bytes: Buffer): void {
    this.#bytes = [...this.#bytes, bytes];
  }

  get text(): string {
    return Buffer.concat(this.#bytes).toString();
  }
}

async function* chunksOf(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

async function split(text: string, length = text.length * 4): Promise<string[]> {
  const events = await Array.fromAsync(eventsOf(chunksOf(Buffer.from(text), length), () => new TextReader()));
  return events.map(({ name, data }) => `${name}=${data.text}`);
}

const ordinary = 'event: a\ndata: {"x":1}\n\ndata: {"é":"🪁"}\n\n';

describe('events are split', () => {
  test.each([
    ['by their names and data', ordinary, ['a={"x":1}', '={"é":"🪁"}']],
    ['with CRLF as the end of a line', ordinary.replaceAll('\n', '\r\n'), ['a={"x":1}', '={"é":"🪁"}']],
    ['with CR as the end of a line', ordinary.replaceAll('\n', '\r'), ['a={"x":1}', '={"é":"🪁"}']],
    ['without a space after the colon', 'event:a\ndata:1\n\n', ['a=1']],
    ['with data on several lines', 'data: {\ndata:   "x": 1\ndata: }\n\n', ['={\n  "x": 1\n}']],
    ['among comments, ids and unknown fields', ': ping\n\nid: 7\nretry: 9\ndata: 1\nfoo: bar\nbaz\n\n:\n\n', ['=1']],
    ['without an event for a name alone', 'event: ping\n\ndata: 1\n\n', ['=1']],
    ['with data that is empty', 'event: ping\ndata:\n\ndata\n\n', ['ping=', '=']],
    ['with a last event that no empty line ends', 'data: 1\n\nevent: b\ndata: 2', ['=1', 'b=2']],
    ['from a stream without any', '\n\n\n', []],
  ])('%s, wherever the chunks end', async (_, text, expected) => {
    for (let length = 1; length <= text.length; length += 1) {
      expect(await split(text, length), `in chunks of ${length}`).toEqual(expected);
    }
  });

  test('in a time that grows only with the length of an event', async () => {
    const text = `data: ${'A'.repeat(8_000_000)}\n\n`;
    expect(await split(text, 16_384)).toHaveLength(1);
    expect(await split('data: 1\n\n'.repeat(300_000))).toHaveLength(300_000);
  });
});

describe('over random events and chunks', () => {
  const line = fc.oneof(
    fc.constantFrom(
      '',
      '',
      ': ping',
      'id: 1',
      'event',
      'event:a',
      'event: b',
      'data',
      'data:',
      'data: ',
      'dat',
      'datax: 1',
    ),
    fc.string({ unit: fc.constantFrom('é', ' ', '{', ':', '"x"') }).map((text) => `data:${text}`),
  );
  const ending = fc.constantFrom('\n', '\r\n', '\r');
  const lengths = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 80 });

  /** The bytes in chunks of the given lengths, and the rest in one. */
  async function* cut(bytes: Buffer, chunkLengths: readonly number[]): AsyncGenerator<Buffer> {
    let start = 0;
    for (const length of chunkLengths) {
      yield bytes.subarray(start, start + length);
      start += length;
    }
    yield bytes.subarray(start);
  }

  /** What the specification says of a whole stream, line by line. */
  function expected(lines: readonly string[]): string[] {
    const events: string[] = [];
    let name = '';
    let data: string[] = [];
    for (const one of [...lines, '']) {
      const [field = '', value = ''] = one.includes(':') ? (/^([^:]*): ?(.*)$/s.exec(one)?.slice(1) ?? []) : [one];
      if (one === '' && data.length > 0) events.push(`${name}=${data.join('\n')}`);
      if (one === '') [name, data] = ['', []];
      if (field === 'event') name = value;
      if (field === 'data') data.push(value);
    }
    return events;
  }

  test('the events are those of the specification, whatever ends the lines and wherever the chunks end', async () => {
    const lines = fc.array(line, { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(lines, ending, lengths, async (all, end, chunkLengths) => {
        const bytes = Buffer.from(all.map((one) => one + end).join(''));
        const events = await Array.fromAsync(eventsOf(cut(bytes, chunkLengths), () => new TextReader()));
        expect(events.map(({ name, data }) => `${name}=${data.text}`)).toEqual(expected(all));
      }),
      { numRuns: 500 },
    );
  });
});
