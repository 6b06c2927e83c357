/** The image service behind a cluster: a fake OpenAI that knows which server asked it for which prompt, and when. */
import { createHash } from 'node:crypto';
import { type FakeOpenAI, startFakeOpenAI } from '../support/fake-openai.ts';
import { promptOf, type SentImages } from '../support/fake-openai-exchange.ts';

/** One request for an image. */
export class Drawing {
  readonly prompt: string;
  /** The index of the server that asked. */
  readonly server: number;
  /** By `performance.now()`, as `closedAt`. */
  readonly askedAt = performance.now();
  /** When the server closed the connection, if it did before it had the whole answer. */
  closedAt: number | undefined;
  readonly #sent: () => SentImages | undefined;

  constructor(prompt: string, server: number, sent: () => SentImages | undefined) {
    this.prompt = prompt;
    this.server = server;
    this.#sent = sent;
  }

  /** Of the finished image, once it was sent. */
  get sha256(): string | undefined {
    const final = this.#sent()?.final;
    return final && sha256(final);
  }
}

export class Upstream {
  readonly fake: FakeOpenAI;
  /** In the order in which they came. */
  readonly drawings: Drawing[] = [];

  private constructor(fake: FakeOpenAI) {
    this.fake = fake;
    void this.#follow();
  }

  /** @param stepMs how long one step of a drawing takes; it has about five */
  static async start(stepMs: number): Promise<Upstream> {
    return new Upstream(await startFakeOpenAI({ stepMs }));
  }

  /** What server number `index` needs in its environment. */
  environmentOf(index: number): Readonly<Record<string, string>> {
    return { OPENAI_BASE_URL: this.fake.baseURL, OPENAI_API_KEY: `${KEY}${index}` };
  }

  of(prompt: string): readonly Drawing[] {
    return this.drawings.filter((drawing) => drawing.prompt === prompt);
  }

  async #follow(): Promise<void> {
    let images = 0;
    for (let count = 1; ; count += 1) {
      const { method, headers, body, closedEarly } = await this.fake.request(count);
      if (method !== 'POST') continue;
      const position = images;
      images += 1;
      const server = Number(headers.authorization?.split(KEY)[1]);
      const drawing = new Drawing(promptOf(body), server, () => this.fake.sent[position]);
      void closedEarly.then(() => {
        drawing.closedAt = performance.now();
      });
      this.drawings.push(drawing);
    }
  }
}

const KEY = 'sk-server-';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
