/**
 * How long the final image takes from the service to every tab, and what that costs the server: a stream of 10 MB with two previews and the
 * final twice, as the Responses API sends it. The yardstick is a process that only drains such a stream, and broadcasts as many bytes.
 *
 * `npx node test/bench/upstream.ts [rounds] [folder …]`. The folders hold other versions of this project, to be compared with this one.
 *
 * - last byte: from the moment when the first whole copy of the final was handed to the system, until the last tab has all of it
 * - CPU: of the server, for one stream and its tabs
 * - stall: the longest time for which the server's event loop did nothing else, with 8 streams at once
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { noisePng } from '../faults/noise-png.ts';

/** In base64 a quarter of 10 MB. */
const IMAGE_BYTES = 1_875_000;
const BASE64_BYTES = (IMAGE_BYTES * 4) / 3;
const STREAMS_AT_ONCE = 8;
const PARTIAL_PAUSE_MS = 150;
const START = '{"type":"image"';

/** Milliseconds on a clock that all processes share. */
const now = () => Number(process.hrtime.bigint() / 1_000n) / 1_000;
const report = (message: object) => process.send?.(message);
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

function streamOf(base64s: readonly string[]) {
  const event = (type: string, fields: object) =>
    Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
  const [first, second, final] = base64s;
  const item = { id: 'ig_1', type: 'image_generation_call', status: 'completed', result: final };
  const partial = (data: string | undefined, index: number) =>
    event('response.image_generation_call.partial_image', { partial_image_index: index, partial_image_b64: data });
  const tokens = { input_tokens: 17, output_tokens: 1_056, total_tokens: 1_073 };
  const response = { id: 'resp_1', status: 'completed', output: [item], tool_usage: { image_gen: tokens } };
  return {
    begin: event('response.image_generation_call.generating', { item_id: 'ig_1' }),
    partials: [partial(first, 0), partial(second, 1)],
    first: event('response.output_item.done', { output_index: 0, item }),
    rest: event('response.completed', { response }),
  };
}

/** Sends streams of images that differ by their end. */
function runUpstream(): void {
  let isBurst = false;
  let stream = streamOf([]);
  const prepare = () => {
    stream = streamOf([1, 2, 3].map(() => Buffer.from(noisePng(IMAGE_BYTES).bytes).toString('base64')));
  };
  const written = (response: ServerResponse, bytes: Buffer) =>
    new Promise<void>((resolve) => response.write(bytes, () => resolve()));
  const answer = async (response: ServerResponse) => {
    const { begin, partials, first, rest } = stream;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    await written(response, begin);
    for (const partial of partials) {
      await written(response, partial);
      if (!isBurst) await wait(PARTIAL_PAUSE_MS);
    }
    const sent = written(response, first);
    response.end(rest);
    await sent;
    report({ sentAt: now() });
  };
  const server = createServer((incoming, response) => void incoming.resume().on('end', () => void answer(response)));
  server.listen(0, '127.0.0.1', () => report({ port: portOf(server) }));
  process.on('message', (order: { isBurst: boolean }) => {
    isBurst = order.isBurst;
    prepare();
    report({ isPrepared: true });
  });
}

/** Drains streams, and broadcasts as many bytes as an image takes for each of the three different images that have come. */
function runDrain(upstreamPort: number): void {
  watchLoop();
  const tabs = new Set<Socket>();
  const server = createTcpServer((socket) => {
    tabs.add(socket.on('error', () => undefined).on('close', () => tabs.delete(socket)));
    socket.once('data', () => socket.write('\r\n\r\n'));
  });
  server.listen(0, '127.0.0.1', () => report({ port: portOf(server) }));
  const frames = ['partial', 'partial', 'final'].map((kind) => frameOf(kind));
  const drain = () => {
    const post = request({ port: upstreamPort, host: '127.0.0.1', method: 'POST' }, (response) => {
      let bytes = 0;
      let images = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        for (; bytes >= (images + 1) * BASE64_BYTES; images += 1) {
          const frame = frames[images];
          if (frame) for (const tab of tabs) tab.write(frame);
        }
      });
      response.on('end', () => report({ isDrained: true }));
    });
    post.end('{}');
  };
  process.on('message', ({ streams = 0 }: { streams?: number }) => {
    for (let count = 0; count < streams; count += 1) drain();
  });
}

/** A WebSocket message like that of an image. */
function frameOf(kind: string): Buffer {
  const payload = Buffer.concat([Buffer.from(`${START},"kind":"${kind}","data":"`), Buffer.alloc(BASE64_BYTES, 'A')]);
  const head = Buffer.alloc(10);
  head.writeUInt16BE(0x817f);
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

/** Opens raw sockets, and reports when each of them has received the whole of a final image. */
function runTabs(): void {
  let sockets: Socket[] = [];
  let waiting = 0;
  const hasFinal = () => {
    waiting -= 1;
    if (waiting === 0) report({ receivedAt: now() });
  };
  const open = ({ port, count, greeting }: { port: number; count: number; greeting: readonly string[] }) => {
    let isOpening = count;
    sockets = Array.from({ length: count }, () => {
      const socket = connect(port, '127.0.0.1', () => {
        for (const part of greeting) socket.write(part, 'latin1');
      });
      const reader = new FrameReader(hasFinal, () => {
        isOpening -= 1;
        if (isOpening === 0) report({ areOpen: true });
      });
      return socket.on('data', (chunk) => reader.read(chunk)).on('error', () => undefined);
    });
  };
  process.on('message', (order: { port: number; count: number; greeting: readonly string[] } | { arm: true }) => {
    if ('arm' in order) {
      waiting = sockets.length;
      report({ areArmed: true });
      return;
    }
    for (const socket of sockets) socket.destroy();
    open(order);
  });
}

/** Tells final images from the other messages of one connection without joining their bytes. */
class FrameReader {
  readonly #onFinal: () => void;
  readonly #onOpen: () => void;
  #isOpen = false;
  #begun: Buffer = Buffer.alloc(0);
  /** Of the message that is being received. */
  #missing = 0;
  #isFinal = false;

  constructor(onFinal: () => void, onOpen: () => void) {
    this.#onFinal = onFinal;
    this.#onOpen = onOpen;
  }

  read(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#missing > 0) {
        const taken = Math.min(this.#missing, rest.length);
        rest = rest.subarray(taken);
        this.#missing -= taken;
        if (this.#missing === 0 && this.#isFinal) this.#onFinal();
        continue;
      }
      const bytes = Buffer.concat([this.#begun, rest]);
      const message = this.#isOpen ? messageIn(bytes) : this.#greeting(bytes);
      this.#begun = message ? Buffer.alloc(0) : bytes;
      if (!message) return;
      rest = bytes.subarray(message.start);
      this.#missing = message.length;
      this.#isFinal = message.isFinal;
    }
  }

  #greeting(bytes: Buffer) {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    this.#isOpen = true;
    this.#onOpen();
    return { start: end + 4, length: 0, isFinal: false };
  }
}

/** The message that begins here; undefined until enough of it has come to tell its kind. */
function messageIn(bytes: Buffer): { start: number; length: number; isFinal: boolean } | undefined {
  if (bytes.length < 10) return undefined;
  const short = (bytes[1] ?? 0) & 0x7f;
  const [start, length] =
    short < 126 ? [2, short] : short === 126 ? [4, bytes.readUInt16BE(2)] : [10, Number(bytes.readBigUInt64BE(2))];
  if (bytes.length < start + Math.min(length, 1_000)) return undefined;
  const text = bytes.toString('latin1', start, start + 1_000);
  return { start, length, isFinal: text.startsWith(START) && text.includes('"kind":"final"') };
}

/** Loaded into the server: reports, when it is asked, the longest time since the last question in which no timer ran. */
function watchLoop(): void {
  let before = performance.now();
  let longest = 0;
  setInterval(() => {
    const at = performance.now();
    longest = Math.max(longest, at - before);
    before = at;
  }, 1).unref();
  process.on('message', (message: { stall?: true }) => {
    if (!message.stall) return;
    report({ stallMs: longest, cpuMs: cpuMs() });
    longest = 0;
    before = performance.now();
  });
  process.channel?.unref();
}

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

// What follows is the bench itself.

/** Waits for the child's next message that has the field, and returns its value. */
async function answerOf<Name extends string>(child: ChildProcess, name: Name): Promise<number> {
  for (;;) {
    const [message] = await once(child, 'message');
    if (name in message) return Number(message[name]);
  }
}

interface Subject {
  readonly name: string;
  readonly child: ChildProcess;
  readonly port: number;
  /** Starts streams; resolves with what waits until they are over. */
  start(streams: number): Promise<() => Promise<void>>;
  /** What a tab sends, so that it sees the image of the next single stream. */
  greeting(): Promise<readonly string[]>;
}

const self = import.meta.filename;
const spawn = (role: string, ...args: string[]) => fork(self, [role, ...args]);

async function drainer(upstreamPort: number): Promise<Subject> {
  const child = spawn('drain', String(upstreamPort));
  const port = await answerOf(child, 'port');
  return {
    name: 'drains and broadcasts',
    child,
    port,
    greeting: async () => ['hello'],
    start: async (streams) => {
      let open = streams;
      const over = Promise.withResolvers<void>();
      const onMessage = (message: { isDrained?: true }) => {
        if (message.isDrained) open -= 1;
        if (open === 0) over.resolve();
      };
      child.on('message', onMessage);
      child.send({ streams });
      return () => over.promise.finally(() => child.off('message', onMessage));
    },
  };
}

async function proofroom(name: string, folder: string, upstreamPort: number): Promise<Subject> {
  const probe = fork(self, ['port']);
  const port = await answerOf(probe, 'port');
  const child = fork(join(folder, 'server/main.ts'), {
    execArgv: ['--import', import.meta.url],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      PORT: String(port),
      OPENAI_API_KEY: 'sk-bench',
      OPENAI_BASE_URL: `http://127.0.0.1:${upstreamPort}/v1`,
      PROOFROOM_LOG_LEVEL: 'error',
      PROOFROOM_CONCURRENT_CANDIDATES: String(STREAMS_AT_ONCE),
      PROOFROOM_SESSION_BURST_PER_ADDRESS: '10000',
      PROOFROOM_CONNECTIONS_PER_ADDRESS: '10000',
    },
  });
  for (let isUp = false; !isUp; await wait(50)) {
    isUp = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
  const reviewers: Reviewer[] = [];
  for (let count = 0; count < STREAMS_AT_ONCE; count += 1) reviewers.push(await Reviewer.join(port));
  return {
    name,
    child,
    port,
    greeting: async () => [
      `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
        'Sec-WebSocket-Protocol: proofroom.v1\r\n\r\n',
      textFrame({ type: 'join', sessionId: reviewers[0]?.sessionId }),
    ],
    start: async (streams) => {
      const ends = await Promise.all(reviewers.slice(0, streams).map((reviewer) => reviewer.ask()));
      return async () => void (await Promise.all(ends.map((end) => end())));
    },
  };
}

/** A client's text frame under 126 bytes, masked with zeros. */
function textFrame(message: object): string {
  const payload = JSON.stringify(message);
  return String.fromCharCode(0x81, 0x80 + payload.length, 0, 0, 0, 0) + payload;
}

/** A reviewer who doesn't receive the images. */
class Reviewer {
  sessionId = '';
  #turn = 0;
  #stage = '';
  #count = 0;
  #onStage: () => void = () => undefined;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message.type === 'welcome') this.sessionId = message.sessionId;
      if (message.type !== 'snapshot') return;
      this.#turn = message.turn;
      this.#stage = message.stage;
      this.#onStage();
    });
  }

  static async join(port: number): Promise<Reviewer> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'proofroom.v1');
    const reviewer = new Reviewer(socket);
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'join', images: 'url' }));
    await reviewer.#until('initial_input');
    return reviewer;
  }

  /** Asks for a picture from the start, so that no session keeps more than one. */
  async ask(): Promise<() => Promise<void>> {
    if (this.#stage === 'user_feedback') await this.#command('start_over', 'initial_input');
    await this.#command('generate', 'generating', { prompt: 'bench' });
    return () => this.#until('user_feedback');
  }

  async #command(type: string, stage: string, fields = {}): Promise<void> {
    this.#count += 1;
    this.#socket.send(JSON.stringify({ type, commandId: `c${this.#count}`, turn: this.#turn, ...fields }));
    await this.#until(stage);
  }

  async #until(stage: string): Promise<void> {
    while (this.#stage !== stage) {
      await new Promise<void>((resolve) => {
        this.#onStage = resolve;
      });
    }
  }
}

const ask = async (child: ChildProcess): Promise<{ stallMs: number; cpuMs: number }> => {
  child.send({ stall: true });
  for (;;) {
    const [message] = await once(child, 'message');
    if ('stallMs' in message) return message;
  }
};

async function measure(subject: Subject, upstream: ChildProcess, tabs: ChildProcess, count: number) {
  const prepared = answerOf(upstream, 'isPrepared');
  upstream.send({ isBurst: false });
  await prepared;
  const open = answerOf(tabs, 'areOpen');
  tabs.send({ port: subject.port, count, greeting: await subject.greeting() });
  await open;
  await wait(50);
  const before = await ask(subject.child);
  const [sentAt, receivedAt] = [answerOf(upstream, 'sentAt'), answerOf(tabs, 'receivedAt')];
  const armed = answerOf(tabs, 'areArmed');
  tabs.send({ arm: true });
  await armed;
  const isOver = await subject.start(1);
  const lastByteMs = (await receivedAt) - (await sentAt);
  await isOver();
  await wait(20);
  const after = await ask(subject.child);
  return { lastByteMs, cpuMs: after.cpuMs - before.cpuMs };
}

async function measureStall(subject: Subject, upstream: ChildProcess): Promise<number> {
  const prepared = answerOf(upstream, 'isPrepared');
  upstream.send({ isBurst: true });
  await prepared;
  await ask(subject.child);
  await (await subject.start(STREAMS_AT_ONCE))();
  await wait(20);
  return (await ask(subject.child)).stallMs;
}

const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b);
const median = (values: readonly number[]) => sorted(values)[Math.floor(values.length / 2)] ?? Number.NaN;
const spread = (values: readonly number[]) =>
  `${median(values).toFixed(1).padStart(6)} (${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)})`;

async function bench(rounds: number, folders: readonly string[]): Promise<void> {
  const upstream = spawn('upstream');
  const upstreamPort = await answerOf(upstream, 'port');
  const tabs = spawn('tabs');
  const here = join(import.meta.dirname, '../..');
  const subjects = [
    await drainer(upstreamPort),
    await proofroom('this version', here, upstreamPort),
    ...(await Promise.all(folders.map((folder) => proofroom(folder, folder, upstreamPort)))),
  ];
  /** By figure, for each subject, for each round. */
  const figures = new Map<string, number[][]>();
  const note = (subject: Subject, figure: string, value: number) => {
    const values = figures.get(figure) ?? subjects.map(() => []);
    values[subjects.indexOf(subject)]?.push(value);
    figures.set(figure, values);
  };
  // The first round warms up.
  for (let round = -1; round < rounds; round += 1) {
    for (const count of [1, 10, 100]) {
      for (const subject of subjects) {
        const { lastByteMs, cpuMs } = await measure(subject, upstream, tabs, count);
        if (round < 0) continue;
        note(subject, `last byte at ${count} tabs, ms`, lastByteMs);
        note(subject, `CPU with ${count} tabs, ms`, cpuMs);
      }
    }
    for (const subject of subjects) {
      const stallMs = await measureStall(subject, upstream);
      if (round >= 0) note(subject, `stall with ${STREAMS_AT_ONCE} streams, ms`, stallMs);
    }
  }
  for (const [figure, values] of figures) {
    console.log(`${figure}, median of ${rounds} (spread)`);
    const [yardstick = []] = values;
    for (const [index, subject] of subjects.entries()) {
      const own = values[index] ?? [];
      const ratios = own.map((value, round) => value / (yardstick[round] ?? Number.NaN));
      console.log(`  ${subject.name.padEnd(24)} ${spread(own).padEnd(28)} ratio ${spread(ratios)}`);
    }
  }
  for (const child of [upstream, tabs, ...subjects.map((subject) => subject.child)]) child.kill();
  process.exit(0);
}

const [, script, role, ...args] = process.argv;
if (script !== self) watchLoop();
else if (role === 'upstream') runUpstream();
else if (role === 'drain') runDrain(Number(args[0]));
else if (role === 'tabs') runTabs();
else if (role === 'port') {
  const server = createTcpServer().listen(0, '127.0.0.1', () => {
    report({ port: portOf(server) });
    server.close(() => process.disconnect());
  });
} else await bench(Number(role ?? 7), args);
