/**
 * A review that goes round its loop by itself, over several tabs: draft, generate, progress, picture, regenerate, approve, start over.
 * Everything that its tabs are shown goes into a ledger; `settle` compares them.
 */
import { type CommandResult, SessionClient, type SessionState } from '../../client/session/session-client.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import { isOnline, stateOf } from '../faults/mass-reconnect.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { Ledger } from './ledger.ts';
import { sha256, type Upstream } from './upstream.ts';

/** Whatever happens to the servers, nothing takes longer. */
const DEADLINE_MS = 60_000;
/** Of the 24 that a session keeps. */
const MANY_ATTEMPTS = 18;
/** A cancelled candidate may have been asked for at the same moment. */
const CANCEL_MS = 10_000;

export interface BusyReviewOptions {
  readonly server: string;
  /** Begins all of its prompts; no other review has it. */
  readonly name: string;
  readonly random: SeededRandom;
  readonly upstream: Upstream;
  /** Called at each change of any tab. */
  readonly onChange?: () => void;
}

/** What was asked for, and what became of it. */
export interface Asked {
  readonly prompt: string;
  readonly candidates: number;
  /** By `performance.now()`. */
  cancelledAt?: number;
}

export class BusyReview {
  /** Two reviewers and a watcher. */
  readonly tabs: readonly SessionClient[];
  readonly ledger = new Ledger();
  readonly asked: Asked[] = [];
  /** How long each tab was away, each time, in milliseconds. */
  readonly awayMs: number[] = [];
  /** The codes of rejected commands, in order. */
  readonly rejections: string[] = [];
  readonly counts = { generate: 0, regenerate: 0, cancel: 0, approve: 0, start_over: 0 };
  readonly #options: BusyReviewOptions;
  readonly #reviewers: readonly [SessionClient, ...SessionClient[]];
  /** The images whose approval was acked. */
  readonly #approved: string[] = [];
  readonly #undos: (() => void)[];
  #isStopping = false;

  private constructor(
    options: BusyReviewOptions,
    reviewers: readonly [SessionClient, ...SessionClient[]],
    watcher: SessionClient,
  ) {
    this.#options = options;
    this.#reviewers = reviewers;
    this.tabs = [...reviewers, watcher];
    this.#undos = this.tabs.map((tab) => this.#follow(tab));
  }

  static async open(options: BusyReviewOptions): Promise<BusyReview> {
    const { server } = options;
    const ana = await connected(new SessionClient({ server, name: 'Ana' }));
    const { sessionId = '', sessionKey = '' } = ana.state;
    const [bo, cy] = await Promise.all([
      connected(new SessionClient({ server, sessionId, sessionKey, name: 'Bo' })),
      connected(new SessionClient({ server, sessionId, name: 'Cy' })),
    ]);
    return new BusyReview(options, [ana, bo], cy);
  }

  get id(): string {
    return this.tabs[0]?.state.sessionId ?? '';
  }

  /** Its next prompt. */
  get prompt(): string {
    return `${this.#options.name} ${this.asked.length + this.rejections.length + 1}`;
  }

  /** Whether anybody was told that a server stopped that drew this prompt. */
  tookOver(prompt: string): boolean {
    return this.ledger.takenOver.has(prompt);
  }

  /** Resolves when none of these prompts is being drawn any more. */
  async ended(prompts: readonly string[]): Promise<void> {
    const [tab] = this.#reviewers;
    const isDrawing = ({ snapshot }: SessionState) =>
      snapshot?.stage === 'generating' && prompts.includes(snapshot.generation.prompt);
    await until(tab, (state) => !isDrawing(state), `the end of ${prompts.join()}`);
  }

  /** Goes round until `stop`. */
  async run(): Promise<void> {
    while (!this.#isStopping) await this.step();
  }

  stop(): void {
    this.#isStopping = true;
  }

  /** One of the reviewers does what the stage asks for. */
  async step(): Promise<void> {
    const { random } = this.#options;
    const tab = random.pick(this.#reviewers);
    const { revision } = this.ledger;
    const { snapshot } = await until(
      tab,
      (state) => (state.snapshot?.revision ?? -1) >= revision,
      `revision ${revision}`,
    );
    switch (snapshot?.stage) {
      case 'initial_input':
        return this.ask(undefined, tab);
      case 'generating':
        return this.#watch(tab, snapshot);
      case 'user_feedback':
        if (!random.oneIn(3) && snapshot.attempts.length < MANY_ATTEMPTS) return this.#regenerate(tab);
        await this.approve(tab);
        return;
      case 'final':
        await this.#command('start_over', tab.startOver());
    }
  }

  /** A reviewer types a text, which all see before it becomes the prompt. */
  async ask(candidates?: number, tab: SessionClient = this.#reviewers[0]): Promise<void> {
    const { prompt } = this;
    tab.setDraft(prompt);
    await Promise.all(this.tabs.map((each) => until(each, ({ draft }) => draft === prompt, `the draft ${prompt}`)));
    await this.#ask('generate', prompt, (options) => tab.generate(prompt, options), candidates);
  }

  /** A reviewer approves one of the pictures. */
  async approve(tab: SessionClient = this.#reviewers[0]): Promise<CommandResult> {
    const [first, ...others] = tab.state.snapshot?.attempts ?? [];
    if (!first) throw new Error('There is no picture.');
    const { image } = this.#options.random.pick([first, ...others]);
    const answer = await this.#command('approve', tab.approve(image));
    if (answer.accepted) this.#approved.push(image.imageId);
    return answer;
  }

  /** Resolves when nothing is drawn any more and all tabs agree; then everything that was shown and acked is checked. */
  async settle(): Promise<void> {
    await Promise.all(
      this.tabs.map((tab) => until(tab, (state) => isOnline(state) && isDrawn(state), 'the end of what is drawn')),
    );
    const revision = Math.max(...this.tabs.map(({ state }) => state.snapshot?.revision ?? 0));
    await Promise.all(this.tabs.map((tab) => this.#agree(tab, revision)));
    // The draft of a snapshot is the one of its time.
    const shownBy = ({ state: { snapshot, record, draft } }: SessionClient) =>
      JSON.stringify({ snapshot: { ...snapshot, draft: '' }, record, draft });
    const texts = new Set(this.tabs.map(shownBy));
    if (texts.size > 1) this.ledger.problems.push(`the tabs differ:\n${[...texts].join('\n')}`);
    this.ledger.checkAttempts();
    await Promise.all(this.tabs.map((tab) => this.#checkPictures(tab)));
    this.#checkRecord();
    this.#checkAsked();
  }

  close(): void {
    for (const undo of this.#undos) undo();
    for (const tab of this.tabs) tab.close();
  }

  async #regenerate(tab: SessionClient): Promise<void> {
    const { prompt } = this;
    await this.#ask('regenerate', prompt, (options) => tab.regenerate({ prompt, options }));
  }

  async #ask(
    name: 'generate' | 'regenerate',
    prompt: string,
    ask: (options: { candidates: number }) => Promise<CommandResult>,
    candidates = this.#options.random.between(1, 4),
  ): Promise<void> {
    if ((await this.#command(name, ask({ candidates }))).accepted) this.asked.push({ prompt, candidates });
  }

  async #watch(
    tab: SessionClient,
    { generation: { prompt } }: SnapshotMessage & { stage: 'generating' },
  ): Promise<void> {
    const { random } = this.#options;
    if (random.oneIn(6)) {
      await until(tab, (state) => state.progress.size > 0 || isDrawn(state), 'progress');
      const asked = this.asked.find((one) => one.prompt === prompt);
      const { accepted } = await this.#command('cancel', tab.cancel());
      if (accepted && asked) asked.cancelledAt = performance.now();
      return;
    }
    await until(tab, isDrawn, `the end of ${prompt}`);
  }

  async #command(name: keyof BusyReview['counts'], result: Promise<CommandResult>): Promise<CommandResult> {
    const answer = await within(result, () => `no answer to ${name}: ${this.#describe()}`);
    this.counts[name] += 1;
    if (answer.accepted) return answer;
    const { code, message } = answer.rejection;
    this.rejections.push(code);
    // A cancel may come when the last picture has just come.
    const isExpected = code === 'server_busy' || (name === 'cancel' && (code === 'stale' || code === 'wrong_stage'));
    if (!isExpected) this.ledger.problems.push(`${name} was rejected with ${code}: ${message}`);
    return answer;
  }

  async #agree(tab: SessionClient, revision: number): Promise<void> {
    const { snapshot } = await until(
      tab,
      (state) => isOnline(state) && (state.snapshot?.revision ?? 0) >= revision,
      `revision ${revision}`,
    );
    const imageIds = (snapshot?.attempts ?? []).map(({ image }) => image.imageId);
    tab.want(imageIds);
    await until(
      tab,
      ({ images, record, snapshot: now }) =>
        imageIds.every((id) => images.has(id)) && record.length === (now?.recordLength ?? 0),
      'all pictures, and the record',
    );
  }

  /** The bytes of each picture are those that were sent for its prompt (rules R11 and W4). */
  async #checkPictures({ state: { snapshot, images } }: SessionClient): Promise<void> {
    for (const { prompt, image } of snapshot?.attempts ?? []) {
      const blob = images.get(image.imageId)?.blob;
      const digest = blob && sha256(new Uint8Array(await blob.arrayBuffer()));
      const sent = this.#options.upstream.of(prompt).map((drawing) => drawing.sha256);
      if (digest !== image.sha256 || !sent.includes(digest))
        this.ledger.problems.push(`a picture of ${prompt} is not its own`);
    }
  }

  #checkRecord(): void {
    const record = this.tabs[0]?.state.record ?? [];
    const decided = record.flatMap((entry) => (entry.kind === 'approved' && 'imageId' in entry ? [entry.imageId] : []));
    const lost = this.#approved.filter((imageId) => !decided.includes(imageId));
    if (lost.length > 0) this.ledger.problems.push(`${lost.length} approvals are not on record`);
    if (new Set(decided).size < decided.length) this.ledger.problems.push('a picture was approved twice');
    if (decided.length > this.counts.approve) this.ledger.problems.push('there are approvals that nobody gave');
  }

  #checkAsked(): void {
    const { upstream, name } = this.#options;
    for (const { prompt, candidates, cancelledAt } of this.asked) {
      const drawings = upstream.of(prompt);
      const failures = [...(this.ledger.failures.get(prompt)?.values() ?? [])];
      const other = failures.find((detail) => detail !== 'servers_stopped');
      if (other !== undefined) this.ledger.problems.push(`${prompt} failed: ${other}`);
      const ended = (this.ledger.shown.get(prompt)?.size ?? 0) + failures.length;
      if (cancelledAt === undefined) {
        if (ended !== candidates) this.ledger.problems.push(`${prompt} has ${ended} results of ${candidates}`);
      } else if (drawings.some(({ askedAt }) => askedAt > cancelledAt + CANCEL_MS)) {
        this.ledger.problems.push(`${prompt} was drawn after it had been cancelled`);
      }
    }
    for (const [prompt, digests] of this.ledger.shown) {
      const sent = new Set(upstream.of(prompt).map((drawing) => drawing.sha256));
      const foreign = [...digests].filter((digest) => !sent.has(digest));
      if (!prompt.startsWith(`${name} `) || foreign.length > 0)
        this.ledger.problems.push(`a picture of ${prompt} in ${name}`);
    }
  }

  #follow(tab: SessionClient): () => void {
    let awaySince: number | undefined;
    const observe = (state: SessionState) => {
      this.ledger.observe(tab, state);
      if (!isOnline(state)) awaySince ??= performance.now();
      else if (awaySince !== undefined) {
        this.awayMs.push(performance.now() - awaySince);
        awaySince = undefined;
      }
      this.#options.onChange?.();
    };
    observe(tab.state);
    return tab.subscribe(observe);
  }

  #describe(): string {
    return this.tabs.map(describe).join('\n');
  }
}

const isDrawn = ({ snapshot }: SessionState): boolean => snapshot !== undefined && snapshot.stage !== 'generating';

async function connected(client: SessionClient): Promise<SessionClient> {
  client.connect();
  await until(client, isOnline, 'the first connection');
  return client;
}

/** Resolves with the first state that fits, and rejects with what it waited for when that takes too long. */
export async function until(
  client: SessionClient,
  fits: (state: SessionState) => boolean,
  what: string,
): Promise<SessionState> {
  const { state } = await within(stateOf(client, fits), () => `${what} did not come: ${describe(client)}`);
  return state;
}

async function within<Result>(promise: Promise<Result>, message: () => string): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(message())), DEADLINE_MS);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function describe({ state }: SessionClient): string {
  const { connection, snapshot, record, draft, pending, progress, rejection, images, imageProblems } = state;
  const { stage, revision, turn, recordLength = 0 } = snapshot ?? {};
  const missing = snapshot?.attempts.filter(({ image }) => !images.has(image.imageId)).map(({ number }) => number);
  return JSON.stringify({
    connection,
    ...{ stage, revision, turn, draft, pending, rejection, missing },
    problems: [...imageProblems],
    record: `${record.length} of ${recordLength}`,
    progress: [...progress.values()],
  });
}
