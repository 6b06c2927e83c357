/** What a request to OpenAI asks for. */
import * as v from 'valibot';
import type { RecordedRequest } from './fake-openai-exchange.ts';

const Body = v.object({
  input: v.array(v.object({ content: v.array(v.record(v.string(), v.string())) })),
  tools: v.array(v.record(v.string(), v.union([v.string(), v.number()]))),
});

/** What the image tool was asked for. */
export const toolOf = (request: RecordedRequest | undefined) => v.parse(Body, request?.body).tools[0];
/** What was said to draw from: an image, words. */
export const contentOf = (request: RecordedRequest) => v.parse(Body, request.body).input[0]?.content;
export const imagePart = (bytes: Buffer | undefined) => ({
  type: 'input_image',
  detail: 'auto',
  image_url: `data:image/png;base64,${bytes?.toString('base64')}`,
});
