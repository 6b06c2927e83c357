import { describe, expect, test } from 'vitest';
import { valuesOf } from '../../../../../server/generators/openai/answer.ts';
import { responsesService } from '../../../../../server/generators/openai/service.ts';
import { defaultLimits } from '../../../../../server/platform/limits.ts';

const service = responsesService({ model: 'm', imageModel: 'i' });

/** Reads an answer that arrives in chunks of so many bytes. */
function valuesIn(text: string | null, contentType?: string, length = 1_000): Promise<unknown[]> {
  const bytes = new TextEncoder().encode(text ?? '');
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let start = 0; start < bytes.length; start += length) controller.enqueue(bytes.slice(start, start + length));
      controller.close();
    },
  });
  const headers = contentType === undefined ? {} : { 'content-type': contentType };
  return Array.fromAsync(valuesOf(new Response(text === null ? null : body, { headers }), service, defaultLimits));
}

describe('the form of an answer is told from its beginning, not from its content type', () => {
  const json = '{"data": [\n1]}';
  const events = 'data: {"type":"a"}\n\ndata: {"type":"b"}\n\n';

  test.each([undefined, 'application/json', 'text/event-stream', 'text/html', 'application/octet-stream'])(
    'declared as %s',
    async (contentType) => {
      for (const blanks of ['', ' \r\n\t', '\ufeff', '\ufeff\n']) {
        for (const length of [1, 2, 3, 1_000]) {
          expect(await valuesIn(blanks + json, contentType, length)).toEqual([{ data: [1] }]);
          expect(await valuesIn(blanks + events, contentType, length)).toEqual([{ type: 'a' }, { type: 'b' }]);
        }
      }
    },
  );

  test('an empty answer has no value', async () => {
    expect([await valuesIn(null), await valuesIn(''), await valuesIn(' \n\n')]).toEqual([[], [], []]);
  });

  test.each(['<!doctype html><p>data: {}', 'upstream error', '"a text"', 'null', 'error: no'])(
    'S7: %j is not the API, and the log gets only the content type',
    async (text) => {
      const error = { code: 'provider_error', message: expect.stringContaining("not OpenAI's API") };
      await expect(valuesIn(text, 'text/html; charset=utf-8')).rejects.toMatchObject(error);
      await expect(valuesIn(text, 'text/html')).rejects.toMatchObject({
        cause: { message: 'answered with text/html' },
      });
      await expect(valuesIn(text)).rejects.toMatchObject({ cause: { message: 'answered with text' } });
    },
  );

  test('JSON that breaks off is told from another answer', async () => {
    await expect(valuesIn('{"data":[{"b64_json":"iVBOR')).rejects.toThrow(SyntaxError);
  });
});

describe('events that say nothing are passed over', () => {
  test.each([
    ['empty data', 'data:\n\n'],
    ['a ping as data', 'data: ping\n\n'],
    ['a ping by name', 'event: ping\n\n'],
    ['a ping by name with data', 'event: ping\ndata: now\n\n'],
    ['a comment', ': keep-alive\n\n'],
    ['the end mark of another API', 'data: [DONE]\n\n'],
    ['JSON that is damaged', 'data: {"type":"response.output_item.done","item":{"resu\n\n'],
    ['JSON that is cut by the end of the stream', '', 'data: {"type":"response.outp'],
  ])('%s', async (_, text, end = '') => {
    expect(await valuesIn(`data: {"type":"a"}\n\n${text}data: {"type":"b"}\n\n${end}`)).toEqual([
      { type: 'a' },
      { type: 'b' },
    ]);
  });

  test('an event without a type has its name as its type', async () => {
    const text = 'event: a\ndata: {"x":1}\n\nevent: a\ndata: {"type":"b"}\n\nevent: a\ndata: [1]\n\n';
    expect(await valuesIn(text)).toEqual([{ type: 'a', x: 1 }, { type: 'b' }, expect.anything()]);
  });
});
