import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GenerationFailed } from '../../server/generators/generator.ts';
import type { Answer } from '../../server/session/answers.ts';
import type { Session } from '../../server/session/session.ts';
import type { Command } from '../../shared/protocol.ts';
import { type Ask, discardedIds, imageIds } from '../support/machine.ts';
import { oftenEnough } from '../support/often-enough.ts';
import { imageOf, ScriptedGenerator } from '../support/scripted-generator.ts';
import { ana, bo, Onlooker, Studio, settled } from '../support/core.ts';

const IMAGE_BYTES = 64;
const RUNS = 150;
/** Far more than it takes, for machines that are busy with other things. */
const TIMEOUT_MS = 60_000;
const failed = () => new GenerationFailed('network', 'The line was cut.', { retryable: true });

type Blow =
  | {
      readonly do: 'ask';
      readonly session: number;
      readonly ask: number;
      readonly actor: 0 | 1;
      readonly isOld: boolean;
    }
  | { readonly do: 'repeat'; readonly which: number; readonly changed: boolean }
  | { readonly do: 'draw' | 'preview' | 'fail'; readonly which: number }
  | { readonly do: 'draft'; readonly session: number; readonly actor: 0 | 1 };

const nat = fc.nat({ max: 1_000 });
const actor = fc.constantFrom<0 | 1>(0, 1);
const session = fc.constantFrom(0, 1);
const blow: fc.Arbitrary<Blow> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      session,
      ask: nat,
      actor,
      isOld: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('repeat' as const), which: nat, changed: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('draw' as const, 'draw' as const, 'preview' as const, 'fail' as const),
      which: nat,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('draft' as const), session, actor }) },
);
/** Blows of one volley fall at the same moment, as from many tabs at once. */
const storm = fc.array(fc.array(blow, { minLength: 1, maxLength: 4 }), { minLength: 5, maxLength: 35, size: 'max' });

interface Sent {
  readonly session: Session;
  readonly command: Command;
  readonly answer: Promise<Answer>;
}

/** Two sessions with two tabs each, on one queue, with a generator that answers even after it was aborted. */
class Storm {
  readonly generator = new ScriptedGenerator({ isStubborn: true });
  readonly studio = new Studio(
    {
      UPSTREAM_IMAGE_BYTES: IMAGE_BYTES,
      IMAGE_MEMORY_BYTES: 5 * IMAGE_BYTES,
      CONCURRENT_CANDIDATES: 2,
      QUEUED_CANDIDATES: 3,
    },
    this.generator,
  );
  readonly sessions = [this.studio.sessions.create(), this.studio.sessions.create()] as const;
  readonly tabs = this.sessions.map((one) => [new Onlooker(one, 'a'), new Onlooker(one, 'b')] as const);
  readonly sent: Sent[] = [];
  /** Each answer, checked against what it must be. */
  readonly repeats: { readonly first: Promise<Answer>; readonly answer: Promise<Answer>; readonly changed: boolean }[] =
    [];
  readonly busy = new Set<string>();
  lateResults = 0;
  contested = 0;
  #count = 0;
  readonly #settledDrawings = new Set<number>();

  constructor() {
    for (const [index, one] of this.sessions.entries()) for (const tab of this.tabs[index] ?? []) one.attach(tab);
  }

  async volley(blows: readonly Blow[]): Promise<void> {
    const already = this.sent.length;
    for (const one of blows) this.#strike(one);
    await settled();
    const asked = this.sent.slice(already);
    if (asked.length > 1) this.contested += 1;
    for (const {
      command,
      answer,
      session: { id },
    } of asked) {
      const result = await answer;
      if (!result.accepted && result.code === 'server_busy') this.busy.add(`${id} ${command.commandId}`);
    }
  }

  async run(volleys: readonly (readonly Blow[])[], check: () => void = () => {}): Promise<void> {
    for (const blows of volleys) {
      await this.volley(blows);
      check();
    }
  }

  #strike(one: Blow): void {
    switch (one.do) {
      case 'ask': {
        const target = this.sessions[one.session] ?? this.sessions[0];
        return this.#send(target, this.#ask(target, one.ask, one.isOld), one.actor === 0 ? ana : bo);
      }
      case 'repeat': {
        const first = this.sent[one.which % Math.max(1, this.sent.length)];
        if (!first || this.busy.has(`${first.session.id} ${first.command.commandId}`)) return;
        const command = one.changed ? { ...first.command, turn: 777 } : first.command;
        this.repeats.push({ first: first.answer, answer: first.session.decide(command, bo), changed: one.changed });
        return;
      }
      case 'draft':
        return (this.sessions[one.session] ?? this.sessions[0]).setDraft(
          `draft ${this.#count++}`,
          one.actor === 0 ? ana : bo,
        );
      default:
        return this.#answer(one.do, one.which);
    }
  }

  #answer(what: 'draw' | 'preview' | 'fail', which: number): void {
    const { drawings } = this.generator;
    const index = which % Math.max(1, drawings.length);
    const drawing = drawings[drawings.length - 1 - index];
    if (!drawing) return;
    if (drawing.signal.aborted) this.lateResults += 1;
    // Every picture says whose it is: its bytes follow from its prompt.
    const image = imageOf(`${drawing.request.prompt} ${this.#count++}`, IMAGE_BYTES);
    if (what === 'preview') return void drawing.preview(image);
    this.#settledDrawings.add(drawings.length - 1 - index);
    this.bytesOf.set(createHash('sha256').update(image.bytes).digest('hex'), drawing.request.prompt);
    if (what === 'draw') drawing.finish(image);
    else drawing.fail(failed());
  }

  /** By digest: the prompt that each picture was drawn for. */
  readonly bytesOf = new Map<string, string>();

  /** What is being drawn: neither answered nor aborted. */
  get openDrawings(): readonly string[] {
    return this.generator.drawings
      .filter(({ signal }, index) => !signal.aborted && !this.#settledDrawings.has(index))
      .map(({ request }) => request.prompt);
  }

  #send(target: Session, ask: Ask, who: typeof ana): void {
    const command: Command = { ...ask, commandId: `c${this.#count++}` };
    this.sent.push({ session: target, command, answer: target.decide(command, who) });
  }

  #ask(target: Session, choice: number, isOld: boolean): Ask {
    const { state } = target;
    const turn = isOld ? { turn: Math.max(0, state.turn - 1) } : choice % 2 === 0 ? { turn: state.turn } : {};
    const prompt = `${target.id} ${this.#count++}`;
    const options = { candidates: 1 + (choice % 3) };
    const attempt = state.attempts[choice % Math.max(1, state.attempts.length)];
    const { imageId, sha256 } = attempt?.image ?? { imageId: 'none', sha256: 'none' };
    const aside = state.discarded[choice % Math.max(1, state.discarded.length)]?.image.imageId ?? imageId;
    const asks: readonly Ask[] = [
      { type: 'generate', prompt, options, ...turn },
      { type: 'regenerate', prompt, options, ...turn },
      { type: 'regenerate', imageId, prompt, ...turn },
      { type: 'refine', imageId, feedback: 'darker', ...turn },
      { type: 'approve', imageId, sha256, ...turn },
      { type: 'cancel', ...turn },
      { type: 'cancel', reason: prompt, ...turn },
      { type: 'start_over', ...turn },
      { type: 'discard', imageId, ...turn },
      { type: 'restore', imageId: aside, ...turn },
    ];
    return asks[choice % asks.length] ?? { type: 'cancel' };
  }
}

/** `check` asserts the rule, and returns how often it had something to say. */
function rule(title: string, check: (storm: Storm, volleys: readonly (readonly Blow[])[]) => Promise<number>): void {
  test(
    title,
    () =>
      oftenEnough(async () => {
        let hits = 0;
        const property = fc.asyncProperty(storm, async (volleys) => {
          hits += await check(new Storm(), volleys);
        });
        await fc.assert(property, { numRuns: RUNS });
        return hits;
      }),
    TIMEOUT_MS,
  );
}

describe('storms on two sessions with one queue', () => {
  rule('M2 R11 each session draws for one generation at most, and for its own', async (it, volleys) => {
    await it.run(volleys, () => {
      for (const { state, id, runningCandidates } of it.sessions) {
        const open = it.openDrawings.filter((prompt) => prompt.startsWith(`${id} `));
        const own = state.stage === 'generating' ? [state.generation.prompt] : [];
        expect(own).toEqual(expect.arrayContaining([...new Set(open)]));
        expect(runningCandidates.length > 0).toBe(state.stage === 'generating');
      }
    });
    return it.contested;
  });

  rule('M3 W4 R11 what is kept and approved are the bytes that were drawn for this session', async (it, volleys) => {
    await it.run(volleys);
    let approvals = 0;
    for (const one of it.sessions) {
      const keptIds = ({ state }: Session) => [...imageIds(state), ...discardedIds(state)];
      expect(it.sessions.every((other) => other === one || keptIds(other).every((id) => !one.image(id)))).toBe(true);
      for (const { image, prompt } of [...one.state.attempts, ...one.state.discarded]) {
        const bytes = one.image(image.imageId)?.bytes ?? new Uint8Array();
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(image.sha256);
        expect(it.bytesOf.get(image.sha256)).toBe(prompt);
        expect(prompt.startsWith(`${one.id} `)).toBe(true);
      }
      for (const { sha256 } of one.state.decisions) {
        expect(it.bytesOf.get(sha256)?.startsWith(`${one.id} `)).toBe(true);
        approvals += 1;
      }
    }
    return approvals + it.sessions.flatMap(({ state }) => state.attempts).length;
  });

  rule('M4 a result that comes late, or twice, changes nothing', async (it, volleys) => {
    await it.run(volleys);
    const before = it.sessions.map(({ state, snapshotFrame }) => ({ state, snapshotFrame }));
    const heard = it.tabs.map(([tab]) => tab.heard.length);
    let late = 0;
    for (const drawing of it.generator.drawings) {
      if (!drawing.signal.aborted) continue;
      drawing.preview();
      drawing.finish(imageOf('late', IMAGE_BYTES));
      late += 1;
    }
    await settled();
    expect(it.sessions.map(({ state, snapshotFrame }) => ({ state, snapshotFrame }))).toEqual(before);
    expect(it.tabs.map(([tab]) => tab.heard.length)).toEqual(heard);
    return late;
  });

  rule('M6 all tabs are told the same revisions, each one once and in order', async (it, volleys) => {
    await it.run(volleys);
    let changes = 0;
    for (const [index, one] of it.sessions.entries()) {
      const [left, right] = it.tabs[index] ?? [];
      expect(left?.snapshots).toEqual(right?.snapshots);
      const revisions = left?.snapshots.map((text) => Number(JSON.parse(text).revision)) ?? [];
      expect(revisions).toEqual(Array.from({ length: one.state.revision }, (_, n) => n + 1));
      changes += revisions.length;
    }
    return changes;
  });

  rule('M7 a command sent again gets its first answer, and with other content invalid_message', async (it, volleys) => {
    await it.run(volleys);
    let repeats = 0;
    for (const { first, answer, changed } of it.repeats) {
      const original = await first;
      if (!original.accepted && original.code === 'server_busy') continue;
      expect(await answer).toEqual(changed ? { accepted: false, code: 'invalid_message' } : original);
      repeats += 1;
    }
    return repeats;
  });

  rule('M6 an ack names the revision that its command made, and no two commands share one', async (it, volleys) => {
    await it.run(volleys);
    const seen = new Set<string>();
    let acks = 0;
    for (const { session: one, command, answer } of it.sent) {
      const result = await answer;
      if (!result.accepted) continue;
      const isRepeatable = command.type === 'approve';
      const key = `${one.id} ${result.revision}`;
      if (!isRepeatable) expect(seen).not.toContain(key);
      seen.add(key);
      acks += 1;
    }
    return acks;
  });

  rule('R7 memory stays under its budget, and all of it comes back', async (it, volleys) => {
    let tight = 0;
    await it.run(volleys, () => {
      expect(it.studio.memory.usedBytes).toBeLessThanOrEqual(it.studio.limits.IMAGE_MEMORY_BYTES);
      if (!it.studio.memory.hasRoom(2 * IMAGE_BYTES)) tight += 1;
    });
    it.studio.sessions.closeAll();
    await settled();
    expect(it.studio.memory.usedBytes).toBe(0);
    expect([it.studio.queue.running, it.studio.queue.waiting]).toEqual([0, 0]);
    return tight;
  });

  rule('R7 what takes memory are the attempts and what was put aside, and nothing else', async (it, volleys) => {
    let aside = 0;
    await it.run(volleys, () => {
      for (const { state, imageBytes } of it.sessions) {
        expect(imageBytes).toBe((state.attempts.length + state.discarded.length) * IMAGE_BYTES);
        aside += state.discarded.length;
      }
    });
    return aside;
  });

  rule('R8 whatever comes, nothing is a fault of ours', async (it, volleys) => {
    await it.run(volleys);
    expect(it.studio.faults).toEqual([]);
    return it.lateResults;
  });
});
