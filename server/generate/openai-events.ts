/** The few events of OpenAI's stream that matter, parsed: what a compatible server sends need not be what the SDK's types say. */
import * as v from 'valibot';
import { ImageTokens } from './usage.ts';

const text = v.nullish(v.string());

const Refused = v.object({ code: text, type: text, message: text });

const ImageCall = v.object({
  type: v.literal('image_generation_call'),
  /** The image in base64. The call's `status` may still say `generating` when it is here. */
  result: text,
  revised_prompt: text,
  error: v.nullish(Refused),
});
export type ImageCall = v.InferOutput<typeof ImageCall>;

const Completed = v.pipe(
  v.object({
    output: v.fallback(v.array(v.unknown()), []),
    tool_usage: v.optional(v.fallback(v.optional(v.object({ image_gen: ImageTokens })), undefined)),
  }),
  // Among the output stand the model's own messages, of which nothing is known here.
  v.transform(({ output, tool_usage }) => ({ call: output.find((item) => v.is(ImageCall, item)), tool_usage })),
);

const StreamEvent = v.variant('type', [
  v.object({ type: v.literal('response.image_generation_call.in_progress') }),
  v.object({ type: v.literal('response.image_generation_call.generating') }),
  v.object({ type: v.literal('response.image_generation_call.partial_image'), partial_image_b64: v.string() }),
  v.object({ type: v.literal('response.output_item.done'), item: ImageCall }),
  v.object({ type: v.literal('response.completed'), response: Completed }),
  v.object({ type: v.literal('response.failed'), response: v.object({ error: v.nullish(Refused) }) }),
  v.object({
    type: v.literal('response.incomplete'),
    response: v.object({ incomplete_details: v.nullish(v.object({ reason: text })) }),
  }),
  v.object({ type: v.literal('error'), code: text, message: text }),
]);
export type StreamEvent = v.InferOutput<typeof StreamEvent>;

/** Nothing for an event that does not matter here, or that is damaged. */
export function parseStreamEvent(data: unknown): StreamEvent | undefined {
  const parsed = v.safeParse(StreamEvent, data);
  return parsed.success ? parsed.output : undefined;
}
