import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GenerationFailed } from '../../../../server/generators/generator.ts';
import { decisionsIn } from '../../../../server/session/record.ts';
import type { Answer } from '../../../../server/session/rejections.ts';
import { type RecordingSubscriber, settled, TestCore, type TestMember } from '../../../support/core.ts';
import { type CommandInput, discardedIds, imageIds } from '../../../support/machine.ts';
import { imageOf, ScriptedGenerator } from '../../../support/scripted-generator.ts';

const IMAGE_BYTES = 64;
/** A fixed seed: the same storms each time, so that no test depends on luck. */
const SEED = 1;
const RUNS = 120;
/** A rule that has something to say less often is not tested by these storms. */
const MIN_HITS = 20;

type Blow =
  | {
      readonly do: 'command';
      readonly session: number;
      readonly member: 0 | 1;
      readonly choice: number;
      readonly isOld: boolean;
    }
  | { readonly do: 'repeat'; readonly which: number; readonly isChanged: boolean }
  | { readonly do: 'finish' | 'preview' | 'fail'; readonly which: number }
  | { readonly do: 'draft'; readonly session: number; readonly member: 0 | 1 };

const is = <const Name extends Blow['do']>(...names: readonly [Name, ...Name[]]) => fc.constantFrom(...names);
const choice = fc.nat({ max: 1_000 });
const which = choice;
const member = fc.constantFrom<0 | 1>(0, 1);
const session = fc.constantFrom(0, 0, 1, 1, 2);
const isOld = fc.constantFrom(false, false, false, true);

const blow: fc.Arbitrary<Blow> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: is('command'), session, member, choice, isOld }) },
  { weight: 2, arbitrary: fc.record({ do: is('repeat'), which, isChanged: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ do: is('finish', 'finish', 'preview', 'fail'), which }) },
  { weight: 1, arbitrary: fc.record({ do: is('draft'), session, member }) },
);
/** The blows of one volley come at the same moment, as from many tabs at once. */
const volleys = fc.array(fc.array(blow, { minLength: 1, maxLength: 4 }), { minLength: 5, maxLength: 35, size: 'max' });

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The choice of a `generate` with two candidates. */
const GENERATE_TWO = 22;

interface Sent {
  readonly member: TestMember;
  readonly command: CommandInput;
  readonly commandId: string;
  readonly answer: Promise<Answer>;
}

interface Repeat {
  readonly first: Promise<Answer>;
  readonly answer: Promise<Answer>;
  /** Whether the content was another one. */
  readonly isChanged: boolean;
}

const limits = {
  UPSTREAM_IMAGE_BYTES: IMAGE_BYTES,
  IMAGE_MEMORY_BYTES: 4 * IMAGE_BYTES,
  CONCURRENT_CANDIDATES: 2,
  QUEUED_CANDIDATES: 3,
  COMMAND_BURST: 10_000,
  DRAFTS_PER_SECOND: 2,
};

/**
 * Three sessions on one queue, and a generator that answers even after an abort. Two members are in each of the first two sessions. The
 * third one has two attempts and no connections, so that the others evict it.
 */
async function createStorm(): Promise<Storm> {
  const core = new TestCore({ generator: new ScriptedGenerator({ ignoresAbort: true }), limits });
  const creators = [await core.create('Ana'), await core.create('Ana'), await core.create('Ana')];
  const members = await Promise.all(creators.map(async (creator) => [creator, await creator.bring('Bo')]));
  const storm = new Storm(core, creators, members);
  await storm.run([
    [{ do: 'command', session: 2, member: 0, choice: GENERATE_TWO, isOld: false }],
    [
      { do: 'finish', which: 0 },
      { do: 'finish', which: 1 },
    ],
  ]);
  return storm;
}

class Storm {
  readonly core: TestCore;
  /** One member of each session. */
  readonly creators: readonly TestMember[];
  readonly sent: Sent[] = [];
  readonly repeats: Repeat[] = [];
  /** The subscribers of the first two sessions, by session. */
  readonly subscribers: readonly (readonly RecordingSubscriber[])[];
  /** By digest: the prompt that each image was drawn for. */
  readonly promptOf = new Map<string, string>();
  /** How often several commands came at the same moment. */
  contests = 0;
  readonly #members: readonly (readonly TestMember[])[];
  #count = 0;
  readonly #endedDrawings = new Set<number>();

  constructor(core: TestCore, creators: readonly TestMember[], members: readonly (readonly TestMember[])[]) {
    this.core = core;
    this.creators = creators;
    this.#members = members;
    this.subscribers = members.slice(0, 2).map((both) => both.map((one) => one.follow()));
  }

  /** Calls `check` after each volley. */
  async run(all: readonly (readonly Blow[])[], check: () => void = () => {}): Promise<void> {
    for (const blows of all) {
      const before = this.sent.length;
      for (const one of blows) this.#strike(one);
      if (this.sent.length > before + 1) this.contests += 1;
      await settled();
      check();
    }
  }

  /** The prompts of the drawings that were neither answered nor aborted. */
  get openPrompts(): readonly string[] {
    return this.core.generator.drawings
      .filter(({ signal }, index) => !signal.aborted && !this.#endedDrawings.has(index))
      .map(({ request }) => request.prompt);
  }

  #strike(one: Blow): void {
    switch (one.do) {
      case 'command':
        return this.#send(one);
      case 'repeat':
        return this.#repeat(one);
      case 'draft': {
        const { caller } = this.#member(one).joined;
        return void this.core.sessions.setDraft(caller, `draft ${++this.#count}`);
      }
      default:
        return this.#answer(one);
    }
  }

  #member(of: { readonly session: number; readonly member: number }): TestMember {
    return this.#members[of.session]?.[of.member] ?? expect.fail('no such member');
  }

  #send(blow: Extract<Blow, { do: 'command' }>): void {
    const member = this.#member(blow);
    const command = this.#commandOf(member, blow.choice, blow.isOld);
    const commandId = `c${++this.#count}`;
    this.sent.push({ member, command, commandId, answer: member.send(command, commandId) });
  }

  #repeat({ which, isChanged }: Extract<Blow, { do: 'repeat' }>): void {
    const first = this.sent[which % Math.max(1, this.sent.length)];
    if (!first) return;
    const { member, command, commandId } = first;
    const again = isChanged ? { ...command, turn: 777 } : command;
    this.repeats.push({ first: first.answer, answer: member.send(again, commandId), isChanged });
  }

  #answer({ do: how, which }: Extract<Blow, { do: 'finish' | 'preview' | 'fail' }>): void {
    const { drawings } = this.core.generator;
    const index = drawings.length - 1 - (which % Math.max(1, drawings.length));
    const drawing = drawings[index];
    if (!drawing) return;
    const { prompt } = drawing.request;
    const image = imageOf(`${prompt} ${++this.#count}`, IMAGE_BYTES);
    if (how === 'preview') return void drawing.preview(image);
    this.#endedDrawings.add(index);
    this.promptOf.set(digestOf(image.bytes), prompt);
    if (how === 'finish') drawing.finish(image);
    else drawing.fail(new GenerationFailed('network', 'The connection broke.', { retryable: true }));
  }

  #commandOf({ sessionId, state }: TestMember, choice: number, isOld: boolean): CommandInput {
    const turn = isOld ? { turn: Math.max(0, state.turn - 1) } : choice % 2 === 0 ? { turn: state.turn } : {};
    // Every prompt says whose it is.
    const prompt = `${sessionId} ${++this.#count}`;
    const options = { candidates: 1 + (choice % 3) };
    const pick = <Any>(all: readonly Any[]) => all[choice % Math.max(1, all.length)];
    const { imageId, sha256 } = pick(state.attempts)?.image ?? { imageId: 'none', sha256: 'none' };
    const discardedId = pick(state.discarded)?.image.imageId ?? imageId;
    const commands: readonly CommandInput[] = [
      { type: 'generate', prompt, options, ...turn },
      { type: 'regenerate', prompt, options, ...turn },
      { type: 'regenerate', imageId, prompt, ...turn },
      { type: 'refine', imageId, feedback: 'darker', ...turn },
      { type: 'approve', imageId, sha256, ...turn },
      { type: 'approve', imageId },
      { type: 'cancel', ...turn },
      { type: 'cancel', reason: prompt, ...turn },
      { type: 'start_over', ...turn },
      { type: 'discard', imageId, ...turn },
      { type: 'restore', imageId: discardedId, ...turn },
    ];
    return pick(commands) ?? { type: 'cancel' };
  }
}

/** `check` asserts the rule for one storm, and returns how often the rule said something. */
function rule(title: string, check: (storm: Storm, all: readonly (readonly Blow[])[]) => Promise<number>): void {
  test(title, async () => {
    let hits = 0;
    const property = fc.asyncProperty(volleys, async (all) => {
      hits += await check(await createStorm(), all);
    });
    await fc.assert(property, { seed: SEED, numRuns: RUNS });
    expect(hits).toBeGreaterThanOrEqual(MIN_HITS);
  }, 60_000);
}

const keptIds = ({ state }: TestMember) => [...imageIds(state), ...discardedIds(state)];

describe('storms of commands and results over three sessions', () => {
  rule('M2 R11: a session draws for one generation at most, and that is its own', async (storm, all) => {
    await storm.run(all, () => {
      for (const { state, sessionId, session } of storm.creators) {
        const open = new Set(storm.openPrompts.filter((prompt) => prompt.startsWith(`${sessionId} `)));
        const own = state.stage === 'generating' ? [state.generation.prompt] : [];
        expect(own).toEqual(expect.arrayContaining([...open]));
        expect(session.runningCandidates.length > 0).toBe(state.stage === 'generating');
      }
    });
    return storm.contests;
  });

  rule(
    'M3 W4 R11: the bytes of attempts and decisions are those that were drawn for the session',
    async (storm, all) => {
      await storm.run(all);
      let decisions = 0;
      for (const one of storm.creators) {
        const isOwn = (prompt = '') => prompt.startsWith(`${one.sessionId} `);
        const foreignIds = storm.creators.filter((other) => other !== one).flatMap(keptIds);
        expect(foreignIds.filter((imageId) => one.session.image(imageId))).toEqual([]);
        for (const { image, prompt } of [...one.state.attempts, ...one.state.discarded]) {
          expect(storm.promptOf.get(image.sha256)).toBe(prompt);
          expect(isOwn(prompt)).toBe(true);
        }
        for (const { sha256 } of decisionsIn(one.state.record)) {
          expect(isOwn(storm.promptOf.get(sha256))).toBe(true);
          decisions += 1;
        }
      }
      return decisions;
    },
  );

  rule(
    'R7: an attempt always has its bytes, and memory holds only attempts, previews and running candidates',
    async (storm, all) => {
      let evictions = 0;
      await storm.run(all, () => {
        let bytes = 0;
        for (const one of storm.creators) {
          if (!storm.core.sessions.view(one.sessionId)) {
            evictions += 1;
            continue;
          }
          for (const { image } of [...one.state.attempts, ...one.state.discarded]) {
            expect(digestOf(one.session.image(image.imageId)?.bytes ?? new Uint8Array())).toBe(image.sha256);
          }
          expect(one.session.memory.bytes).toBe(keptIds(one).length * IMAGE_BYTES);
          const partials = one.session.runningCandidates.filter((candidate) => one.session.partial(candidate));
          bytes += one.session.memory.bytes + partials.length * IMAGE_BYTES;
        }
        expect(storm.core.memory.usedBytes).toBe(bytes + storm.core.jobs.counts.running * IMAGE_BYTES);
        expect(storm.core.memory.usedBytes).toBeLessThanOrEqual(limits.IMAGE_MEMORY_BYTES);
      });
      return evictions;
    },
  );

  rule('R2 R7: when all sessions have ended, no memory, timer or queued candidate is left', async (storm, all) => {
    await storm.run(all);
    const used = storm.core.memory.usedBytes > 0 ? 1 : 0;
    await storm.core.sessions.closeAll();
    for (const drawing of storm.core.generator.drawings) drawing.finish(imageOf('late', IMAGE_BYTES));
    await settled();
    const { memory, clock, jobs, sessions } = storm.core;
    const { running, waiting } = jobs.counts;
    const left = [memory.usedBytes, clock.timers, running, waiting, sessions.size];
    expect(left).toEqual([0, 0, 0, 0, 0]);
    return used;
  });

  rule('M4: results of aborted generations change nothing, and no subscriber is notified', async (storm, all) => {
    await storm.run(all);
    const frames = () => storm.creators.map(({ state, session }) => ({ state, frame: session.snapshotFrame }));
    const calls = () => storm.subscribers.flat().map((subscriber) => subscriber.calls.length);
    const before = { frames: frames(), calls: calls() };
    const aborted = storm.core.generator.drawings.filter(({ signal }) => signal.aborted);
    for (const drawing of aborted) {
      drawing.preview();
      drawing.finish(imageOf('late', IMAGE_BYTES));
    }
    await settled();
    expect({ frames: frames(), calls: calls() }).toEqual(before);
    return aborted.length;
  });

  rule('M6: all subscribers are notified of the same revisions, each once and in order', async (storm, all) => {
    await storm.run(all);
    let changes = 0;
    for (const [index, [one, other]] of storm.subscribers.entries()) {
      expect(one?.snapshots).toEqual(other?.snapshots);
      const revisions = one?.snapshots.map((text) => Number(JSON.parse(text).revision)) ?? [];
      const last = storm.creators[index]?.state.revision ?? 0;
      expect(revisions).toEqual(Array.from({ length: last }, (_, count) => count + 1));
      changes += last;
    }
    return changes;
  });

  rule('M6: an ack names the revision that its command made, which is no other command’s', async (storm, all) => {
    await storm.run(all);
    const seen = new Set<string>();
    let acks = 0;
    for (const { member, command, answer } of storm.sent) {
      const result = await answer;
      // A repeated approval is accepted without a change.
      if (!result.accepted || command.type === 'approve') continue;
      const key = `${member.sessionId} ${result.revision}`;
      expect(seen).not.toContain(key);
      seen.add(key);
      acks += 1;
    }
    return acks;
  });

  rule('M7: a repeated command gets its first answer, and with other content invalid_message', async (storm, all) => {
    await storm.run(all);
    let repeats = 0;
    for (const { first, answer, isChanged } of storm.repeats) {
      const [original, again] = [await first, await answer];
      if (!original.accepted && original.code === 'server_busy') continue; // It is not remembered.
      if (!again.accepted && again.code === 'session_not_found') continue; // It was evicted in between.
      if (isChanged) expect(again).toMatchObject({ accepted: false, code: 'invalid_message' });
      else expect(again).toEqual(original);
      repeats += 1;
    }
    return repeats;
  });

  rule('R8: there is no fault, and the end of each candidate is reported to telemetry once', async (storm, all) => {
    await storm.run(all);
    await storm.core.sessions.closeAll();
    await settled();
    expect(storm.core.faults).toEqual([]);
    const ended = storm.core.log.filter(({ msg }) => msg === 'candidate ended');
    const keys = ended.map(({ generationId, candidate }) => `${generationId} ${candidate}`);
    expect(new Set(keys).size).toBe(keys.length);
    const generations = new Map<string, number>();
    for (const text of storm.subscribers.flatMap(([one]) => one?.snapshots ?? [])) {
      const { generation } = JSON.parse(text);
      if (generation) generations.set(generation.generationId, generation.candidates);
    }
    for (const [generationId, candidates] of generations) {
      expect(keys.filter((key) => key.startsWith(`${generationId} `))).toHaveLength(candidates);
    }
    return generations.size;
  });
});
