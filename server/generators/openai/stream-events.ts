/** The few events of OpenAI's stream that matter, parsed: what a compatible server sends need not be what the SDK's types say. */
import * as v from 'valibot';
import { optionalCode, optionalText, refusalOf } from './error-body.ts';
import { ImageTokens } from './usage.ts';

const refusal = v.pipe(
  v.optional(v.unknown()),
  v.transform((error) => (error ? refusalOf(error) : undefined)),
);

const ImageCall = v.object({
  type: v.literal('image_generation_call'),
  /** The image in base64. The call's `status` may still say `generating` when it is here. */
  result: optionalText,
  revised_prompt: optionalText,
  error: v.optional(refusal),
});
export type ImageCall = v.InferOutput<typeof ImageCall>;

const Completed = v.pipe(
  v.object({
    output: v.fallback(v.array(v.unknown()), []),
    tool_usage: v.optional(v.fallback(v.optional(v.object({ image_gen: ImageTokens })), undefined)),
  }),
  // Among the output stand the model's own messages, of which nothing is known here.
  v.transform(({ output, tool_usage }) => ({ call: output.map(imageCallIn).find((call) => call), tool_usage })),
);

function imageCallIn(item: unknown): ImageCall | undefined {
  const parsed = v.safeParse(ImageCall, item);
  return parsed.success ? parsed.output : undefined;
}

const Incomplete = v.object({
  incomplete_details: v.fallback(v.nullish(v.object({ reason: optionalText })), undefined),
});

/** That the stream has come to its end is true however little of its last event can be read. */
const StreamEvent = v.variant('type', [
  v.object({ type: v.literal('response.image_generation_call.in_progress') }),
  v.object({ type: v.literal('response.image_generation_call.generating') }),
  v.object({ type: v.literal('response.image_generation_call.partial_image'), partial_image_b64: v.string() }),
  v.object({ type: v.literal('response.output_item.done'), item: ImageCall }),
  v.object({ type: v.literal('response.completed'), response: v.fallback(v.optional(Completed), undefined) }),
  v.object({
    type: v.literal('response.failed'),
    response: v.fallback(v.optional(v.object({ error: v.optional(refusal) })), undefined),
  }),
  v.object({ type: v.literal('response.incomplete'), response: v.fallback(v.optional(Incomplete), undefined) }),
  v.object({ type: v.literal('error'), code: optionalCode, message: optionalText }),
]);
export type StreamEvent = v.InferOutput<typeof StreamEvent>;

/** Nothing for an event that does not matter here, or that is damaged. */
export function parseStreamEvent(data: unknown): StreamEvent | undefined {
  const parsed = v.safeParse(StreamEvent, data);
  return parsed.success ? parsed.output : undefined;
}
