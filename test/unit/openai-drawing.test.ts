import { describe, expect, test } from 'vitest';
import { OpenAIDrawing } from '../../server/generators/openai/response-reader.ts';
import { openAI } from '../../server/generators/openai/service.ts';
import { defaultLimits } from '../../server/platform/limits.ts';

/** As far as anybody looks into it: 64 by 48 pixels. */
const PNG = Buffer.from('89504e470d0a1a0a0000000d4948445200000040000000300802000000ffffffff', 'hex').toString('base64');
const call = (fields: object) => ({ type: 'image_generation_call', result: PNG, ...fields });
const item = (fields: object) => ({ type: 'response.output_item.done', item: call(fields) });
const completed = (response: unknown) => ({ type: 'response.completed', response });

/** The result of a stream of these events, or what it throws. */
function heard(...events: readonly unknown[]) {
  const drawing = new OpenAIDrawing(
    () => undefined,
    { ...openAI, model: 'm', imageModel: 'i' },
    defaultLimits,
    undefined,
  );
  for (const event of events) drawing.hear(event);
  return drawing.finish();
}

describe('R10 an image that was drawn and is paid for is kept', () => {
  test.each([
    ['a rewritten prompt that is no text', [item({ revised_prompt: { text: 'x' } })]],
    ['an error beside it that is a text', [item({ error: 'none' })]],
    ['an error beside it with a number as code', [item({ error: { code: 0, message: [] } })]],
    [
      'all of it in the last event alone',
      [completed({ output: [7, null, call({ revised_prompt: 5, error: 'none' })] })],
    ],
    ['a last event without a response', [item({}), completed(undefined)]],
    ['a last event whose response is a text', [item({}), completed('done')]],
    ['usage of another form', [item({}), completed({ output: 'none', tool_usage: 'little' })]],
  ])('R10 with %s', (_what, events) => {
    expect(heard(...events)).toEqual({ image: expect.objectContaining({ width: 64, height: 48 }) });
  });
});

test('S4 an image that is too big is called that, and not of an unknown type; as a preview it is passed over', () => {
  const bomb = Buffer.from(PNG, 'base64');
  bomb.writeUInt32BE(2_000_000, 16);
  const preview = { type: 'response.image_generation_call.partial_image', partial_image_b64: bomb.toString('base64') };
  expect(() => heard(preview, item({ result: bomb.toString('base64') }))).toThrow(
    'OpenAI sent an image of more bytes or pixels than this server takes. Ask for a smaller one.',
  );
  expect(heard(preview, item({}))).toMatchObject({ image: { width: 64 } });
});

test('usage that can be no count is not told, nor is a cost made of it', () => {
  const tokens = { input_tokens: 1e308, output_tokens: 1, total_tokens: 1 };
  const usage = completed({ output: [], tool_usage: { image_gen: tokens } });
  expect(heard(item({}), usage)).toEqual({ image: expect.anything() });
});

describe('a failure is told from a cut line, however it is written', () => {
  test.each([
    ['failed with a text', { type: 'response.failed', response: { error: 'overloaded' } }, 'provider_error'],
    ['failed with a status as code', { type: 'response.failed', response: { error: { code: 429 } } }, 'rate_limited'],
    ['failed without a response', { type: 'response.failed' }, 'provider_error'],
    ['failed with a response of another type', { type: 'response.failed', response: 'no' }, 'provider_error'],
    ['incomplete without details', { type: 'response.incomplete' }, 'no_image'],
    [
      'incomplete for a reason that is no text',
      { type: 'response.incomplete', response: { incomplete_details: 'x' } },
      'no_image',
    ],
    ['an error event with a status as code', { type: 'error', code: 401, message: 'no' }, 'invalid_api_key'],
    ['an error event whose message is no text', { type: 'error', code: 'server_error', message: {} }, 'provider_error'],
    ['a tool error that is a text', item({ result: null, error: 'no' }), 'provider_error'],
    ['a tool error with a status as code', item({ result: null, error: { code: 429 } }), 'rate_limited'],
    ['completed without a response', completed(undefined), 'no_image'],
  ])('%s', (_what, event, code) => {
    expect(() => heard(event)).toThrow(expect.objectContaining({ code }));
  });
});
