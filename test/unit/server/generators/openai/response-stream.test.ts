import { describe, expect, test } from 'vitest';
import { GenerationFailed, type GeneratorProgress } from '../../../../../server/generators/generator.ts';
import { ResponseReader } from '../../../../../server/generators/openai/response-stream.ts';
import { responsesService } from '../../../../../server/generators/openai/service.ts';
import { defaultLimits } from '../../../../../server/platform/limits.ts';
import { pngOfSize } from '../../../../support/image-files.ts';
import { arrived } from '../../../../support/json-answers.ts';

const service = responsesService({ model: 'm', imageModel: 'i' });

const base64Of = (width: number) => pngOfSize(width, 48).toString('base64');
const PNG = base64Of(64);
const call = (fields: object) => ({ type: 'image_generation_call', result: PNG, ...fields });
const item = (fields: object) => ({ type: 'response.output_item.done', item: call(fields) });
const completed = (response: unknown) => ({ type: 'response.completed', response });
const failed = (error: unknown) => ({ type: 'response.failed', response: { error } });
const incomplete = (reason: string) => ({ type: 'response.incomplete', response: { incomplete_details: { reason } } });
const MODERATION = { code: 'moderation_blocked', message: 'x', type: 'image_generation_user_error', param: null };
const refusalMessage = {
  type: 'message',
  role: 'assistant',
  content: [null, { type: 'refusal', refusal: 'I will not.' }],
};

function readerOf(...events: readonly unknown[]): ResponseReader {
  const reader = new ResponseReader(() => undefined, service, defaultLimits, undefined);
  for (const event of events) reader.read(arrived(event));
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
    ['a damaged copy before it', [item({ result: PNG.slice(0, 80) }), completed({ output: [call({})] })]],
    ['line breaks in it', [item({ result: PNG.replace(/.{40}/g, '$&\n') }), completed({ output: [] })]],
    ['a data: address around it', [item({ result: `data:image/png;base64,${PNG}` })]],
    ['a failed response after it', [item({}), failed({ code: 'server_error' })]],
    ['a failed response around it', [{ type: 'response.failed', response: { output: [call({})], error: null } }]],
    ['an incomplete response after it', [item({}), incomplete('max_output_tokens')]],
    ['an error event after it', [item({}), { type: 'error', code: 'rate_limit_exceeded' }]],
    ['a nested error event after it', [item({}), { type: 'error', error: { type: 'server_error' } }]],
    ['what moderation says of another one', [item({ id: 'a' }), item({ id: 'b', result: null, error: MODERATION })]],
    ['a last event without a response', [item({}), completed(undefined)]],
    ['a last event whose response is a text', [item({}), completed('done')]],
    ['a usage of another form', [item({}), completed({ output: 'none', tool_usage: 'little' })]],
    [
      'a usage whose numbers can be no counts',
      [item({}), completed({ tool_usage: { image_gen: { input_tokens: 9e15, output_tokens: 1, total_tokens: 1 } } })],
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

test('R10: a second image is not lost, and one that comes twice is one', () => {
  const both = { output: [call({}), call({ result: base64Of(32) }), call({ result: base64Of(16) })] };
  const { image, moreImages } = resultOf(item({}), item({ result: base64Of(32) }), completed(both));
  expect([image, ...(moreImages ?? [])].map(({ width }) => width)).toEqual([64, 32, 16]);
});

describe('a response that stands in place of its stream is read like its last event', () => {
  test('completed', () => {
    const tokens = { input_tokens: 1, output_tokens: 2, total_tokens: 3 };
    const answer = { object: 'response', status: 'completed', output: [call({})], tool_usage: { image_gen: tokens } };
    expect(resultOf(answer)).toEqual({
      image: expect.objectContaining({ width: 64 }),
      usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
    });
  });

  test.each([
    ['failed', { status: 'failed', output: [], error: { code: 'server_error' } }, 'provider_error'],
    [
      'incomplete',
      { status: 'incomplete', output: [], incomplete_details: { reason: 'content_filter' } },
      'moderation_blocked',
    ],
    ['without an image', { status: 'completed', output: [], error: null }, 'no_image'],
    ['an error alone', { error: { code: 'rate_limit_exceeded' } }, 'rate_limited'],
    ['an error that is a text', { error: 'server_error' }, 'provider_error'],
    ['a detail, as of FastAPI', { detail: 'no' }, 'provider_error'],
  ])('%s', (_, answer, code) => {
    expect(() => resultOf(answer)).toThrow(expect.objectContaining({ code }));
  });
});

describe('R10: an image is shown when its first copy is whole', () => {
  const progressOf = (...events: readonly unknown[]) => {
    const progress: GeneratorProgress[] = [];
    const reader = new ResponseReader((update) => progress.push(update), service, defaultLimits, undefined);
    for (const event of events) reader.read(arrived(event));
    return { reader, shown: progress.flatMap((update) => (update.phase === 'finished' ? [update] : [])) };
  };
  const usage = { tool_usage: { image_gen: { input_tokens: 1, output_tokens: 2, total_tokens: 3 } } };

  test('once, and the result is the same image with its usage', () => {
    const first = item({ id: 'a', revised_prompt: 'at length' });
    const last = completed({ output: [call({ id: 'a' })], ...usage });
    const { reader, shown } = progressOf(first, item({ result: base64Of(32) }), last);
    expect(shown).toEqual([{ phase: 'finished', image: expect.anything(), revisedPrompt: 'at length' }]);
    const result = reader.finish();
    expect(result.image).toBe(shown[0]?.image);
    expect(result.usage).toEqual({ inputTokens: 1, outputTokens: 2, totalTokens: 3 });
  });

  test('not when the last event has the first copy, since nothing follows', () => {
    expect(progressOf(completed({ output: [call({})] })).shown).toEqual([]);
    expect(progressOf(item({ result: PNG.slice(0, 80) })).shown).toEqual([]);
  });

  test('and is the failure if moderation refuses it, whatever else has come', () => {
    const refused = completed({ output: [call({ id: 'a', result: null, error: MODERATION })] });
    const { reader, shown } = progressOf(item({ id: 'a' }), item({ id: 'b', result: base64Of(32) }), refused);
    expect(shown).toHaveLength(1);
    expect(() => reader.finish()).toThrow(expect.objectContaining({ code: 'moderation_blocked' }));
  });
});

describe('moderation takes a picture back, however it is written', () => {
  test.each([
    ['a failed response', failed({ code: 'image_content_policy_violation' })],
    ['a failed response that says it in a sentence', failed({ message: 'Rejected by our safety system.' })],
    ['an error event', { type: 'error', error: MODERATION }],
    ['an incomplete response', incomplete('content_filter')],
    ['the model’s refusal', { type: 'response.output_item.done', item: refusalMessage }],
    ['the model’s refusal in the last event', completed({ output: [call({}), refusalMessage] })],
    ['the same item, without its image', completed({ output: [call({ id: 'a', result: null, error: MODERATION })] })],
  ])('%s', (_, event) => {
    expect(() => resultOf(item({ id: 'a' }), event)).toThrow(
      expect.objectContaining({
        code: 'moderation_blocked',
        message: expect.stringMatching(/^The picture was refused/),
      }),
    );
  });
});

describe('the first reason that is known stays', () => {
  test.each([
    [
      'moderation told in the item',
      [item({ result: null, error: MODERATION }), completed({ output: [] })],
      'moderation_blocked',
    ],
    [
      '… and an item without it in the last event',
      [item({ result: null, error: MODERATION }), completed({ output: [call({ result: null, error: {} })] })],
      'moderation_blocked',
    ],
    [
      '… and a failed response',
      [item({ result: null, error: MODERATION }), failed({ code: 'server_error' })],
      'moderation_blocked',
    ],
    [
      'the model’s refusal',
      [{ type: 'response.output_item.done', item: refusalMessage }, completed({ output: [] })],
      'moderation_blocked',
    ],
    [
      'the model’s refusal in an event of its own',
      [{ type: 'response.refusal.done', refusal: 'no' }, completed({})],
      'moderation_blocked',
    ],
    [
      'an error event, then a failed response',
      [{ type: 'error', code: 'rate_limit_exceeded' }, failed({ code: 'server_error' })],
      'rate_limited',
    ],
    [
      'an unknown error, then a known one',
      [{ type: 'error', code: null }, failed({ code: 'rate_limit_exceeded' })],
      'rate_limited',
    ],
    [
      'a known error, then moderation',
      [item({ result: null, error: { code: 'server_error' } }), failed(MODERATION)],
      'moderation_blocked',
    ],
    [
      'an unknown error, then no image',
      [item({ result: null, error: 'no' }), completed({ output: [] })],
      'provider_error',
    ],
  ])('%s', (_, events, code) => {
    expect(() => resultOf(...events)).toThrow(expect.objectContaining({ code }));
  });

  test('whether it was the prompt is told, if the service tells it', () => {
    const error = { ...MODERATION, moderation_details: { moderation_stage: 'input', categories: [] } };
    for (const last of [completed({ output: [] }), failed(MODERATION)]) {
      expect(() => resultOf(item({ result: null, error }), last)).toThrow(/^The prompt was refused/);
    }
  });
});

describe('a stream is over', () => {
  test.each([
    ['after its last event', completed({ output: [] }), true],
    ['after a failed response', failed({}), true],
    ['after an error with a known reason', { type: 'error', code: 'server_error' }, true],
    [
      'not after an error without one, since a failed response may follow with it',
      { type: 'error', message: 'x' },
      false,
    ],
    ['not after an image', item({}), false],
  ])('%s', (_, event, isOver) => {
    expect(readerOf(event).isOver).toBe(isOver);
  });
});

describe('a response ends with a result or with a failure, never with both', () => {
  test('what the stream said counts, not how it broke afterwards', () => {
    const reader = readerOf(item({ result: null, error: { code: 'moderation_blocked' } }));
    const broken = new GenerationFailed('network', 'Cut.', { retryable: true, transient: {} });
    expect(() => reader.finish(broken)).toThrow(expect.objectContaining({ code: 'moderation_blocked' }));
  });
});

test('S4: an image beyond the limits fails as too big, and such a preview is ignored', () => {
  const bomb = pngOfSize(2_000_000, 48);
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
