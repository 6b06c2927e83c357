import { describe, expect, test } from 'vitest';
import { GenerationFailed } from '../../../../../server/generators/generator.ts';
import { ResponseReader } from '../../../../../server/generators/openai/response-stream.ts';
import { responsesService } from '../../../../../server/generators/openai/service.ts';
import { defaultLimits } from '../../../../../server/platform/limits.ts';

const service = responsesService({ model: 'm', imageModel: 'i' });

/** The header of a PNG of 64 by 48 pixels. */
const PNG = Buffer.from('89504e470d0a1a0a0000000d4948445200000040000000300802000000ffffffff', 'hex').toString('base64');
const call = (fields: object) => ({ type: 'image_generation_call', result: PNG, ...fields });
const item = (fields: object) => ({ type: 'response.output_item.done', item: call(fields) });
const completed = (response: unknown) => ({ type: 'response.completed', response });
const failed = (error: unknown) => ({ type: 'response.failed', response: { error } });

function readerOf(...events: readonly unknown[]): ResponseReader {
  const reader = new ResponseReader(() => undefined, service, defaultLimits, undefined);
  for (const event of events) reader.read(event);
  return reader;
}

const resultOf = (...events: readonly unknown[]) => readerOf(...events).finish();

describe('R10: an image that has arrived is kept, since it is billed', () => {
  test.each([
    ['a rewritten prompt that is no text', [item({ revised_prompt: { text: 'x' } })]],
    ['a text as an error beside it', [item({ error: 'none' })]],
    ['an error with a number as its code beside it', [item({ error: { code: 0, message: [] } })]],
    [
      'nothing but the last event, among other items',
      [completed({ output: [7, null, { type: 'message' }, call({ revised_prompt: 5, error: 'none' })] })],
    ],
    ['a tool error before it', [item({ result: null, error: 'no' }), completed({ output: [call({})] })]],
    ['a last event without a response', [item({}), completed(undefined)]],
    ['a last event whose response is a text', [item({}), completed('done')]],
    ['a usage of another form', [item({}), completed({ output: 'none', tool_usage: 'little' })]],
    [
      'a usage whose numbers can be no counts',
      [item({}), completed({ tool_usage: { image_gen: { input_tokens: 1e308, output_tokens: 1, total_tokens: 1 } } })],
    ],
  ])('R10: with %s', (_, events) => {
    expect(resultOf(...events)).toEqual({ image: expect.objectContaining({ width: 64, height: 48 }) });
  });

  test('R10: when the stream breaks afterwards', () => {
    const broken = new GenerationFailed('network', 'Cut.', { retryable: true, transient: {} });
    expect(readerOf(item({})).finish(broken)).toMatchObject({ image: { width: 64 } });
    expect(() => readerOf().finish(broken)).toThrow(broken);
  });
});

describe('a response ends with a result or with a failure, never with both', () => {
  test('an image that the service takes back is not a result', () => {
    const reader = readerOf(item({}));
    expect(() => reader.read(failed({ code: 'image_content_policy_violation' }))).toThrow(GenerationFailed);
    expect(() => reader.finish()).toThrow(expect.objectContaining({ code: 'moderation_blocked' }));
  });

  test('what the stream said counts, not how it broke afterwards', () => {
    const reader = readerOf(item({ result: null, error: { code: 'moderation_blocked' } }));
    const broken = new GenerationFailed('network', 'Cut.', { retryable: true, transient: {} });
    expect(() => reader.finish(broken)).toThrow(expect.objectContaining({ code: 'moderation_blocked' }));
  });
});

test('S4: an image beyond the limits fails as too big, and such a preview is ignored', () => {
  const bomb = Buffer.from(PNG, 'base64');
  bomb.writeUInt32BE(2_000_000, 16);
  const preview = { type: 'response.image_generation_call.partial_image', partial_image_b64: bomb.toString('base64') };
  expect(() => resultOf(preview, item({ result: bomb.toString('base64') }))).toThrow(
    'OpenAI sent an image of more bytes or pixels than this server takes. Ask for a smaller one.',
  );
  expect(resultOf(preview, item({}))).toMatchObject({ image: { width: 64 } });
});

describe('a reported failure is recognised, however damaged its event is', () => {
  test.each([
    ['failed with a text', failed('overloaded'), 'provider_error'],
    ['failed with a status as the code', failed({ code: 429 }), 'rate_limited'],
    ['failed without a response', { type: 'response.failed' }, 'provider_error'],
    ['failed with a response of another type', { type: 'response.failed', response: 'no' }, 'provider_error'],
    ['incomplete without details', { type: 'response.incomplete' }, 'no_image'],
    [
      'incomplete for a reason that is no text',
      { type: 'response.incomplete', response: { incomplete_details: 'x' } },
      'no_image',
    ],
    ['an error event with a status as the code', { type: 'error', code: 401, message: 'no' }, 'invalid_api_key'],
    ['an error event whose message is no text', { type: 'error', code: 'server_error', message: {} }, 'provider_error'],
    ['a tool error that is a text', item({ result: null, error: 'no' }), 'provider_error'],
    ['a tool error with a status as the code', item({ result: null, error: { code: 429 } }), 'rate_limited'],
    ['completed without a response', completed(undefined), 'no_image'],
    ['no last event', { type: 'response.created' }, 'network'],
  ])('%s', (_, event, code) => {
    expect(() => resultOf(event)).toThrow(expect.objectContaining({ code }));
  });
});
