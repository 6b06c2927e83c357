/** Reads the parts of a recorded request to OpenAI that tests look at. */
import * as v from 'valibot';
import type { RecordedRequest } from './fake-openai-exchange.ts';

const Body = v.object({
  input: v.array(v.object({ content: v.array(v.record(v.string(), v.string())) })),
  tools: v.array(v.record(v.string(), v.union([v.string(), v.number()]))),
});

/** The image tool and its options. */
export const toolOf = (request: RecordedRequest | undefined) => v.parse(Body, request?.body).tools[0];
/** The content to draw from: an image, a text. */
export const contentOf = (request: RecordedRequest) => v.parse(Body, request.body).input[0]?.content;
/** The content part that holds this PNG. */
export const imagePart = (bytes: Buffer | undefined) => ({
  type: 'input_image',
  detail: 'auto',
  image_url: `data:image/png;base64,${bytes?.toString('base64')}`,
});
