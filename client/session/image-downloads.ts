/** Fetches over HTTP the images whose addresses come in place of their bytes. */
import type { ImageReference } from '../../shared/model.ts';
import type { ImageUrlMessage } from '../../shared/protocol.ts';
import type { Environment } from './environment.ts';
import { type ImageTools, receiveImage } from './image-bytes.ts';
import { patienceMs } from './liveness.ts';
import { backoffMs } from './reconnecting-socket.ts';
import type { ImageProblem, ReceivedImage } from './session-state.ts';

export interface ImageDownloadsListener {
  downloaded(image: ReceivedImage): void;
  /** Given up, after some tries where they may help. */
  failed(reference: ImageReference, problem: ImageProblem): void;
}

interface Download {
  readonly reference: ImageReference;
  readonly url: string;
  readonly abort: AbortController;
}

type Tools = Pick<Environment, 'fetch' | 'setTimer' | 'random'> & ImageTools;

/** Browsers open six connections to a server, and the server limits the readers from one address. */
const MOST_AT_ONCE = 3;
const TRIES = 4;

export class ImageDownloads {
  readonly #server: string;
  readonly #tools: Tools;
  readonly #listener: ImageDownloadsListener;
  /** By image id, in the order of their start; the first `MOST_AT_ONCE` of them run. */
  readonly #downloads = new Map<string, Download>();
  readonly #running = new Set<Download>();

  /** @param server the server's address, with a slash at its end */
  constructor(server: string, tools: Tools, listener: ImageDownloadsListener) {
    this.#server = server;
    this.#tools = tools;
    this.#listener = listener;
  }

  /** Does nothing for an image that is being downloaded. Of a candidate's previews only the newest is of use. */
  start({ type: _type, url, ...reference }: ImageUrlMessage): void {
    const { imageId } = reference;
    if (this.#downloads.has(imageId)) return;
    for (const other of this.#downloads.values()) if (isEarlierPreview(other.reference, reference)) this.#drop(other);
    this.#downloads.set(imageId, { reference, url: addressOf(url, this.#server), abort: new AbortController() });
    this.#run();
  }

  /** Gives up those that are of no use any more. */
  retain(isWanted: (reference: ImageReference) => boolean): void {
    for (const one of this.#downloads.values()) if (!isWanted(one.reference)) this.#drop(one);
  }

  #drop(download: Download): void {
    download.abort.abort();
    this.#downloads.delete(download.reference.imageId);
  }

  #run(): void {
    for (const download of this.#downloads.values()) {
      if (this.#running.size >= MOST_AT_ONCE) return;
      if (this.#running.has(download)) continue;
      this.#running.add(download);
      void this.#download(download).finally(() => {
        this.#running.delete(download);
        this.#run();
      });
    }
  }

  async #download(download: Download): Promise<void> {
    const { reference, abort } = download;
    const outcome = await this.#outcomeOf(download);
    if (abort.signal.aborted) {
      if (typeof outcome !== 'string') this.#tools.revokeObjectUrl(outcome.url);
      return;
    }
    this.#downloads.delete(reference.imageId);
    if (typeof outcome === 'string') this.#listener.failed(reference, outcome);
    else this.#listener.downloaded(outcome);
  }

  async #outcomeOf(download: Download): Promise<ReceivedImage | ImageProblem> {
    let problem: ImageProblem = 'unreachable';
    for (let tried = 0; tried < TRIES && !download.abort.signal.aborted; tried += 1) {
      if (tried > 0) await this.#wait(backoffMs(tried, this.#tools.random()));
      const answer = await this.#try(download).catch(() => 'unreachable' as const);
      if (typeof answer !== 'string') return answer;
      if (answer === 'refused') return 'unreachable';
      problem = answer;
    }
    return problem;
  }

  async #try({ reference, url, abort }: Download): Promise<ReceivedImage | ImageProblem | 'refused'> {
    const deadline = new AbortController();
    const stopTimer = this.#tools.setTimer(() => deadline.abort(), patienceMs(reference.byteLength));
    try {
      const signal = AbortSignal.any([abort.signal, deadline.signal]);
      // An image that is not approved must not stay in the browser's cache on the disk.
      const response = await this.#tools.fetch(url, { signal, cache: 'no-store', credentials: 'same-origin' });
      if (!response.ok) return mayPass(response.status) ? 'unreachable' : 'refused';
      const bytes = new Uint8Array(await response.arrayBuffer());
      return (await receiveImage(reference, bytes, this.#tools)) ?? 'damaged';
    } finally {
      stopTimer();
    }
  }

  #wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tools.setTimer(resolve, ms);
    return promise;
  }
}

/** Another try may have another outcome. */
const mayPass = (status: number): boolean => status === 408 || status === 429 || status >= 500;

function isEarlierPreview(one: ImageReference, { generationId, candidate, imageId }: ImageReference): boolean {
  const isSameCandidate = one.generationId === generationId && one.candidate === candidate;
  return one.kind === 'partial' && isSameCandidate && one.imageId !== imageId;
}

/**
 * The server names the path as far as it knows it. If it lives under another path than it knows, since a proxy strips the beginning,
 * that beginning is put back.
 */
export function addressOf(url: string, server: string): string {
  const { pathname } = new URL(server);
  const isWhole = !url.startsWith('/') || url.startsWith(pathname);
  return new URL(isWhole ? url : `.${url}`, server).href;
}
