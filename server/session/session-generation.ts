/**
 * The generation that runs in a session, as one server follows it: how it starts, what this server draws of it, what it takes over from
 * servers that have stopped, and how it ends.
 */
import type { Attempt, Generation, GenerationError } from '../../shared/model.ts';
import { failureOf } from '../generators/failure-sentences.ts';
import type { GenerateRequest, GenerateResult } from '../generators/generator.ts';
import { isoTime } from '../platform/clock.ts';
import { allAttempts, findAttempt } from './attempts.ts';
import { whenAvailable } from './availability.ts';
import type { ResultListener } from './candidate-drawing.ts';
import { type GenerationContext, type GenerationListener, GenerationRun } from './generation-run.ts';
import { type Job, type JobId, type JobRun, jobName, type Shortage } from './job-queue.ts';
import { type Rejection, reject } from './rejections.ts';
import type { SessionDocument } from './session-document.ts';
import type { StoredImage } from './session-images.ts';
import type { SessionParts } from './session-parts.ts';
import { parseResult, resultKey } from './signal-values.ts';
import type { SpentForImage } from './spending.ts';
import type { State } from './state.ts';
import type { Step } from './steps.ts';
import { cleanText } from './text-check.ts';
import type { CandidateEvent, GeneratedEvent, ReportedEvent } from './transition.ts';
import type { Requester } from './turn-order.ts';

/** The session that it belongs to. */
export interface GeneratingSession extends GenerationListener {
  /** Hears again what other servers have told. */
  catchUp(): void;
  /** A generation has begun or ended on this server's account. */
  generationChanged(before: string | undefined, now: string | undefined): void;
}

export class SessionGeneration {
  readonly #session: GeneratingSession;
  readonly #context: SessionParts;
  readonly #runContext: GenerationContext;
  #run: GenerationRun | undefined;
  /** By the name of the job. */
  readonly #draws = new Map<string, Promise<void>>();

  constructor(session: GeneratingSession, context: SessionParts) {
    this.#session = session;
    this.#context = context;
    this.#runContext = { ...context, ...context.stores };
  }

  /** Undefined while none runs. */
  get run(): GenerationRun | undefined {
    return this.#run;
  }

  get #document(): SessionDocument {
    return this.#context.latest.current;
  }

  /** A generation starts if there are places and the means for it (rule S9). Rejects with `StoreUnavailable`. */
  async start(step: Step, before: SessionDocument, generation: Generation, address: string): Promise<Step> {
    const { sessionId, stores, spending, generator } = this.#context;
    const { candidates } = generation;
    const requester = { sessionId, address };
    const jobs = jobsOf(generation, requester);
    const shortage = await stores.jobs.reserve(jobs);
    if (shortage) return { answer: tooBusy(shortage) };
    const request = await this.#requestOf(generation, before.requestedImages);
    const spent = await spending.spend(requester, candidates, generator.mostDollars?.(request) ?? 0);
    if ('code' in spent) {
      this.#withdraw(jobs);
      return { answer: spent };
    }
    const requestedImages = before.requestedImages + candidates;
    return {
      ...step,
      ...(step.document && { document: { ...step.document, requestedImages, drawing: { requester, spent } } }),
      done: () => {
        step.done?.();
        // Only now, so that the snapshot of a generation goes out before its first progress.
        this.#addJobs(jobs);
      },
      undo: () => this.#withdraw(jobs, spent),
    };
  }

  /**
   * The session has another document: the generation in it is the one that this server follows.
   * @param isOwn whether this server has made the step
   */
  follow(before: SessionDocument, isOwn: boolean): void {
    const { state } = this.#document;
    const generation = state.stage === 'generating' ? state.generation : undefined;
    if (this.#run?.generation.generationId !== generation?.generationId) this.end(isOwn, before);
    if (!generation || state.stage !== 'generating') return;
    if (!this.#run) {
      this.#run = new GenerationRun(this.#context.sessionId, generation, this.#runContext, this.#session);
      this.#session.generationChanged(undefined, generation.generationId);
      // Their places in line may have been told before this server knew of the generation.
      const inLine = this.#run.waiting.filter((candidate) => this.#run?.isInLine(candidate));
      for (const candidate of inLine) this.#session.progressChanged(candidate);
    }
    for (const { image } of state.attempts) {
      if (image.generationId === generation.generationId) this.#run.imageShown(image.candidate, isOwn);
    }
    for (const candidate of state.settled) this.#run.ended(candidate, isOwn);
  }

  /** The generation has ended by itself, or ends now. @param isOwn whether this server has ended it */
  end(isOwn: boolean, { state, drawing }: SessionDocument = this.#document): void {
    const run = this.#run;
    if (!run) return;
    this.#run = undefined;
    const { candidates, generation } = run;
    if (candidates.length > 0) run.abort(isOwn);
    else run.complete(state.stage === 'generating' && hasAllImages(generation, this.#document.state));
    if (isOwn && drawing && candidates.length > 0) {
      const jobs = jobsOf(generation, drawing.requester).filter(({ candidate }) => candidates.includes(candidate));
      this.#withdraw(jobs, drawing.spent);
    }
    this.#session.generationChanged(generation.generationId, undefined);
  }

  /** Adds the jobs of the generation that are missing: the server that should have added them may have stopped. */
  ensureJobs(): void {
    const { drawing } = this.#document;
    if (!this.#run || !drawing) return;
    this.#addJobs(jobsOf(this.#run.generation, drawing.requester).filter((job) => this.isWanted(job)));
  }

  /** Whether the latest document that this server knows asks for the candidate. */
  isWanted({ generationId, candidate }: JobId): boolean {
    const { state } = this.#document;
    if (state.stage !== 'generating' || state.generation.generationId !== generationId) return false;
    return !state.settled.includes(candidate);
  }

  /**
   * Draws a candidate here, unless that is not wanted any more, or has been done. Resolves when the session has taken in what became of it.
   */
  async draw(job: JobId, run: JobRun): Promise<void> {
    const name = jobName(job);
    // This server may have lost the job while it drew, and be the one that takes it over: its image may be stored by then.
    await this.#draws.get(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#draws.set(name, promise);
    try {
      await this.#drawJob(job, run);
    } finally {
      this.#draws.delete(name);
      resolve();
    }
  }

  async #drawJob(job: JobId, { signal, takeovers }: JobRun): Promise<void> {
    const { stores, clock, spending, latest } = this.#context;
    const isOver = () => signal.aborted || latest.isClosed;
    // Another server may have ended it a moment ago.
    if (stores.sharing) await whenAvailable(() => latest.refresh(), clock, isOver);
    if (!this.isWanted(job)) return;
    const isBegun = takeovers > 0 || this.#shownBy(job) !== undefined;
    if (isBegun && (await this.#takeOver(job, takeovers))) return;
    const request = await whenAvailable(() => this.#request(job), clock, isOver);
    const { drawing } = this.#document;
    if (!request || !drawing || isOver() || !this.isWanted(job)) return;
    const expense = spending.expense(drawing.spent);
    if (isBegun) {
      const mayTry = await whenAvailable(() => expense.retry(true), clock, isOver);
      // The try that was paid for is not made.
      if (isOver() || !this.isWanted(job)) return expense.fail(false);
      if (!mayTry) return this.#fail(job, failureOf('no_budget'));
    }
    await this.#run?.draw(job.candidate, { request, expense, signal, results: this.#resultsOf(job) }, isBegun);
    // Another server has taken it over. What that one told meanwhile was not heard.
    if (this.isWanted(job)) this.#session.catchUp();
    else void this.#session.publish(resultKey(job.candidate), undefined);
  }

  /** What was spent for jobs that no server has begun is given back: the queue knows which they are. */
  #withdraw(jobs: readonly Job[], spent?: SpentForImage): void {
    const { stores, clock, spending } = this.#context;
    const withdraw = async () => {
      const unbegun = await stores.jobs.withdraw(jobs);
      if (spent) spending.giveBack(spent, unbegun.length);
    };
    void whenAvailable(withdraw, clock, () => false);
  }

  /** Jobs that are there already are not added again. */
  #addJobs(jobs: readonly Job[]): void {
    const { stores, clock, latest } = this.#context;
    const [first] = jobs;
    void whenAvailable(
      () => stores.jobs.add(jobs),
      clock,
      () => !first || latest.isClosed || !this.isWanted(first),
    );
  }

  /** The request to the generator for a candidate of the running generation. */
  async #request({ candidate }: JobId): Promise<GenerateRequest | undefined> {
    const { state, requestedImages } = this.#document;
    if (state.stage !== 'generating') return undefined;
    return this.#requestOf(state.generation, requestedImages - state.generation.candidates + candidate);
  }

  async #requestOf({ prompt, feedback, parent = '', options }: Generation, attempt: number): Promise<GenerateRequest> {
    const { images } = this.#context;
    const reference =
      feedback === undefined ? undefined : findAttempt(allAttempts(this.#document.state), parent)?.image;
    const source = reference && (await images.load(reference));
    return {
      prompt,
      options,
      attempt,
      ...(feedback !== undefined && { feedback }),
      ...(source && { parent: { bytes: source.bytes, mediaType: source.reference.mediaType } }),
    };
  }

  /**
   * The server that drew a candidate has stopped. If it had stored the image, that one is taken; if another server had taken over before,
   * the candidate fails, so that no service is asked a third time.
   * @returns whether nothing is left to draw
   */
  async #takeOver(job: JobId, takeovers: number): Promise<boolean> {
    const { generationId, candidate } = job;
    const shown = this.#shownBy(job);
    if (shown) {
      const { imageId } = shown.image;
      await this.#take([], { type: 'reported', generationId, candidate, imageId, ...this.#told({}) });
      return true;
    }
    const result = await this.#storedResult(job);
    if (result) {
      await this.#take(result.images, result.event);
      return true;
    }
    if (takeovers === 1) return false;
    await this.#fail(job, failureOf('servers_stopped'));
    return true;
  }

  /** The attempt that a candidate shows already, while it goes on. */
  #shownBy({ generationId, candidate }: JobId): Attempt | undefined {
    const { attempts } = this.#document.state;
    return attempts.find(({ image }) => image.generationId === generationId && image.candidate === candidate);
  }

  async #storedResult({ generationId, candidate }: JobId) {
    const { sessionId, stores, clock, latest, images } = this.#context;
    const isOver = () => latest.isClosed;
    const signals = (await whenAvailable(() => stores.signals.read(sessionId), clock, isOver)) ?? [];
    const event = parseResult(signals.find(({ key }) => key === resultKey(candidate))?.value);
    if (event?.generationId !== generationId) return undefined;
    const references = [event.image, ...(event.more ?? [])];
    const load = () => Promise.all(references.map((reference) => images.load(reference)));
    const loaded = ((await whenAvailable(load, clock, isOver)) ?? []).filter((image) => image !== undefined);
    return loaded.length === references.length ? { event, images: loaded } : undefined;
  }

  #resultsOf(job: JobId): ResultListener {
    const { generationId, candidate } = job;
    return {
      storing: (image, report) => this.#publishResult(job, [image], report),
      shown: (image, revisedPrompt) => {
        const told = this.#told({ ...(revisedPrompt !== undefined && { revisedPrompt }) });
        const event = { type: 'generated', generationId, candidate, isProvisional: true } as const;
        return this.#take([image], { ...event, image: image.reference, ...told });
      },
      reported: ({ reference: { imageId } }, extras, result) => {
        const event = { type: 'reported', generationId, candidate, imageId, more: extras.map(referenceOf) } as const;
        return this.#take(extras, { ...event, ...this.#told(result) });
      },
      generated: ([image, ...more], result) => {
        if (more.length > 0) this.#publishResult(job, [image, ...more], result);
        const event = { type: 'generated', generationId, candidate, image: image.reference } as const;
        return this.#take([image, ...more], { ...event, more: more.map(referenceOf), ...this.#told(result) });
      },
      failed: (error) => this.#fail(job, error),
      aborted: (images) => this.#discardLate(job, images),
    };
  }

  #fail({ generationId, candidate }: JobId, error: GenerationError): Promise<void> {
    return this.#apply({ type: 'failed', generationId, candidate, error });
  }

  #apply(event: CandidateEvent, images: readonly StoredImage[] = []): Promise<void> {
    const { settle, machineStep } = this.#context;
    return settle((before) => ({ ...machineStep(before, event), images }));
  }

  /** Takes in a result with its images. The machine ignores one that is no longer current (rule M4): then the images go. */
  async #take(images: readonly StoredImage[], event: GeneratedEvent | ReportedEvent): Promise<void> {
    await this.#apply(event, images);
    this.#discard(images);
  }

  /** The latest document says whether another server has taken them in for this one. */
  async #discardLate(job: JobId, images: readonly StoredImage[]): Promise<void> {
    const { stores, clock, latest } = this.#context;
    const refresh = () => latest.refresh();
    if (stores.sharing) await whenAvailable(refresh, clock, () => latest.isClosed);
    this.#discard(images, this.isWanted(job));
  }

  /**
   * Drops those that have not become the session's. Where another server goes on with the candidate, or with a session that is closed here,
   * it may yet take them in, so they stay in the store, and expire with the session.
   */
  #discard(images: readonly StoredImage[], isWanted = false): void {
    const { stores, latest, images: kept } = this.#context;
    const mayBeTaken = isWanted || (latest.isClosed && stores.sharing !== undefined);
    const isKept = (imageId: string) => findAttempt(allAttempts(this.#document.state), imageId) !== undefined;
    kept.discard(images, (imageId) => mayBeTaken || isKept(imageId));
  }

  /** For whoever takes the candidate over: before the images are stored, so that none is there that nobody knows of. */
  #publishResult(
    { generationId, candidate }: JobId,
    [image, ...more]: readonly [StoredImage, ...StoredImage[]],
    report: Omit<GenerateResult, 'image'>,
  ): void {
    const event = { type: 'generated', generationId, candidate, image: image.reference, more: more.map(referenceOf) };
    void this.#session.publish(resultKey(candidate), { ...event, ...this.#told(report) });
  }

  /** The generator's report on an image, as the machine takes it in. */
  #told({ usage, estimatedCost, revisedPrompt: given }: Omit<GenerateResult, 'image'>) {
    const { clock, limits } = this.#context;
    // It stands in every snapshot, as a person's own prompt does.
    const revisedPrompt = given && cleanText(given.slice(0, limits.PROMPT_CHARACTERS));
    return {
      at: isoTime(clock),
      ...(revisedPrompt && { revisedPrompt }),
      ...(usage && { usage }),
      ...(estimatedCost && { estimatedCost }),
    };
  }
}

const referenceOf = ({ reference }: StoredImage) => reference;

/** Whether each candidate of the generation has brought an image. */
function hasAllImages({ generationId, candidates }: Generation, state: State): boolean {
  const images = allAttempts(state).map(({ image }) => image);
  const own = images.filter((image) => image.generationId === generationId && image.candidate < candidates);
  return own.length === candidates;
}

const jobsOf = ({ generationId, candidates }: Generation, requester: Requester): Job[] =>
  Array.from({ length: candidates }, (_, candidate) => ({ generationId, candidate, requester }));

function tooBusy(shortage: Shortage): Rejection {
  if (shortage === 'server') return reject('server_busy');
  const sentence = { detail: 'too_many_waiting', params: { where: shortage } } as const;
  return reject('server_busy', shortages[shortage], sentence);
}

const shortages: Record<Exclude<Shortage, 'server'>, string> = {
  address: 'Too many pictures already wait for people at your address. Ask again when some of them are done.',
  session: 'Too many pictures already wait in this session. Ask again when some of them are done.',
};
