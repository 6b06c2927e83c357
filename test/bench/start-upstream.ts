/** The stand-in for OpenAI (`stand-ins/upstream.ts`). */
import { startNode } from './processes.ts';
import type { Bench } from './row.ts';

export interface UpstreamOptions {
  readonly imageBytes: number;
  /** From the request until the final image begins to come. */
  readonly modelMs: number;
}

export interface Upstream {
  readonly baseURL: string;
  /** The moment when the first copy of the last final image began to be sent: a process that has sent it all hears of it too late. */
  sentAt(): Promise<number>;
}

export async function startUpstream(bench: Bench, { imageBytes, modelMs }: UpstreamOptions): Promise<Upstream> {
  const env = { IMAGE_BYTES: String(imageBytes), MODEL_MS: String(modelMs) };
  const process = startNode(bench, 'test/bench/stand-ins/upstream.ts', { env });
  return { baseURL: await process.call<string>('baseURL'), sentAt: () => process.call<number>('sentAt') };
}
