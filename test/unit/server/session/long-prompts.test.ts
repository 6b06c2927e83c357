import { describe, expect, test } from 'vitest';
import { LongPrompts as ReceivedPrompts } from '../../../../client/session/long-prompts.ts';
import { LongPrompts } from '../../../../server/session/long-prompts.ts';
import type { Attempt } from '../../../../shared/model.ts';
import { parseServerMessage, type SnapshotMessage } from '../../../../shared/protocol.ts';
import { reference } from '../../../support/machine.ts';
import { snapshots } from '../../../support/messages.ts';

const { promptId: _id, ...generation } = snapshots.generating.generation;
const { generation: _generation, lastGeneration: _last, draftPromptId: _draft, ...base } = snapshots.generating;

/** Of a generation that refines the last of the attempts, which have these prompts. */
function snapshotWith(...prompts: readonly string[]): SnapshotMessage {
  const attempts = prompts.map((prompt, at): Attempt => {
    const [{ promptId: _none, ...attempt }] = base.attempts as [Attempt];
    return { ...attempt, number: at + 1, image: reference(`i${at}`), prompt };
  });
  return { ...base, attempts, discarded: [], generation: { ...generation, prompt: prompts.at(-1) ?? '' } };
}

const long = (name: string) => name.repeat(32_000).slice(0, 32_000);
const [fox, heron] = [long('fox '), long('heron ')];

/** What a client makes of it, which has got the prompts before. */
function received(short: ReturnType<LongPrompts['shorten']>, client = new ReceivedPrompts()): SnapshotMessage {
  for (const [promptId, text] of short.prompts) client.receive({ type: 'prompt', promptId, text });
  const parsed = parseServerMessage(String(short.frame));
  if (!parsed.ok || parsed.message.type !== 'snapshot') throw new Error('no snapshot');
  return client.restore(parsed.message);
}

describe('W12: a client that gets long prompts once', () => {
  test('has the same snapshot as any other', () => {
    const prompts = new LongPrompts();
    for (const snapshot of [snapshotWith('a kite', fox, fox, heron), snapshotWith('a kite'), snapshotWith(heron)]) {
      expect(received(prompts.shorten(snapshot))).toEqual(snapshot);
      const withDraft = { ...snapshot, draft: heron };
      expect(received(prompts.shorten(withDraft))).toEqual(withDraft);
    }
  });

  test('S4: gets each prompt once, and snapshots as short as those of short prompts', () => {
    const all = Array.from({ length: 24 }, (_, at) => long(`heron ${at} `));
    const whole = snapshotWith(...all);
    const short = new LongPrompts().shorten(whole);
    expect(short.prompts.size).toBe(24);
    expect(JSON.stringify(whole).length).toBeGreaterThan(750_000);
    expect(short.frame.length).toBeLessThan(30_000);
    expect(new LongPrompts().shorten(snapshotWith(fox, fox, fox)).prompts.size).toBe(1);
  });

  test('an id is never given to another text', () => {
    const prompts = new LongPrompts();
    const [first] = prompts.shorten(snapshotWith(fox)).prompts.keys();
    prompts.shorten(snapshotWith('a kite'));
    const [second] = prompts.shorten(snapshotWith(heron)).prompts.keys();
    expect(second).not.toBe(first);
  });

  test('keeps what the snapshot says where it has not got the prompt', () => {
    const short = new LongPrompts().shorten(snapshotWith(fox));
    expect(received({ ...short, prompts: new Map() }).attempts[0]).toMatchObject({ prompt: '' });
  });
});
