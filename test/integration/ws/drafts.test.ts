import { expect, test } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';
import { startSession } from '../../support/server.ts';
import type { WsClient } from '../../support/ws-client.ts';

test('W8 W9: a draft goes to every other connection, to its author only with a draftId, and changes no revision', async () => {
  const { ana, ben, client, sessionId } = await startSession();
  const eve = client();
  await eve.join({ sessionId });
  const { participantId } = ana.last('welcome');
  ana.send({ type: 'draft', text: 'a cat' });
  const update = { type: 'draft', text: 'a cat', by: 'Ana', participantId };
  for (const other of [ben, eve]) expect(await other.until('draft')).toEqual(update);
  await ana.roundTrip();
  expect(ana.of('draft')).toEqual([]);

  ana.send({ type: 'draft', text: 'a cat', draftId: 'one' });
  expect(await ana.until('draft')).toEqual({ ...update, draftId: 'one' });
  for (const other of [ben, eve]) {
    await other.roundTrip();
    expect(other.of('draft')).toEqual([update, update]);
    expect(other.of('snapshot')).toHaveLength(1);
  }
  const late = client();
  await late.join({ sessionId });
  expect(late.last('snapshot')).toMatchObject({ revision: 0, turn: 0, draft: 'a cat' });
});

test('W8: however drafts and commands cross, the last text that each tab receives is the one that is set', async () => {
  const { ana, ben, client, sessionId } = await startSession({
    limits: { DRAFTS_PER_SECOND: 1_000, COMMAND_BURST: 1_000 },
  });
  for (let round = 0; round < 20; round += 1) {
    const [first, second] = round % 2 === 0 ? [ben, ana] : [ana, ben];
    const draftId = `${round}`;
    first.send({ type: 'draft', text: `first ${round}`, draftId });
    second.send({ type: 'draft', text: `second ${round}`, draftId });
    if (round % 10 === 0) first.send({ type: 'generate', commandId: `go ${round}`, prompt: `prompt ${round}` });
    if (round % 10 === 5) second.send({ type: 'cancel', commandId: `stop ${round}` });
    for (const tab of [ana, ben]) await tab.until('draft', (draft) => draft.draftId === draftId);
    // Twice: the first one may be handled before the other tab's draft is.
    for (const tab of [ana, ben, ana, ben]) await tab.roundTrip();
    const late = client();
    await late.join({ sessionId });
    const { draft } = late.last('snapshot');
    expect([lastText(ana), lastText(ben)]).toEqual([draft, draft]);
    await late.leave();
  }
});

function lastText({ received }: WsClient): string | undefined {
  const message = received.findLast(({ type }) => type === 'draft' || type === 'snapshot');
  if (message?.type === 'draft') return message.text;
  return message?.type === 'snapshot' ? message.draft : undefined;
}

test('W8: of drafts that come too fast the last is set: before the next command, or when its author leaves', async () => {
  const { ana, ben } = await startSession({ clock: new FakeClock(), limits: { DRAFTS_PER_SECOND: 1 } });
  for (const draftId of ['1', '2', '3']) ana.send({ type: 'draft', text: `draft ${draftId}`, draftId });
  ana.send({ type: 'generate', commandId: 'go', prompt: 'the prompt' });
  await ana.answer('go');
  const texts = ana.received.flatMap((message) => {
    if (message.type === 'draft') return message.text;
    return message.type === 'snapshot' ? `snapshot: ${message.draft}` : [];
  });
  expect(texts).toEqual(['snapshot: ', 'draft 1', 'draft 3', 'snapshot: the prompt']);

  for (const text of ['draft 4', 'draft 5']) ana.send({ type: 'draft', text });
  await ana.roundTrip();
  await ana.leave();
  await ben.until('draft', ({ text }) => text === 'draft 5');
});
