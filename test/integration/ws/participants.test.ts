import { expect, test } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';
import { drawAttempts, startServer, startSession } from '../../support/server.ts';
import type { WsClient } from '../../support/ws-client.ts';

/** What proves that a later connection belongs to the same participant. */
function credentialsOf(client: WsClient) {
  const { participantId, participantSecret } = client.last('welcome');
  return { id: participantId, secret: participantSecret };
}

test('a participant is the same over a second connection and after a reconnect, in any role', async () => {
  const { ana, client, sessionId, key } = await startSession();
  const participant = credentialsOf(ana);
  const second = client();
  const welcome = await second.join({ sessionId, key, participant });
  expect(credentialsOf(second)).toEqual(participant);
  expect(welcome.connectionId).not.toBe(ana.last('welcome').connectionId);
  ana.socket.terminate();
  await second.leave();
  const watching = client();
  expect((await watching.join({ sessionId, participant })).role).toBe('watcher');
  expect(credentialsOf(watching)).toEqual(participant);
});

test('S3: without credentials, or with a secret that does not belong to the id, the server makes a new participant', async () => {
  const { ana, ben, client, sessionId } = await startSession();
  const elsewhere = client();
  await elsewhere.join();
  const ids = new Set([ana, ben, elsewhere].map((one) => credentialsOf(one).id));
  const { id } = credentialsOf(ana);
  for (const participant of [
    undefined,
    { id, secret: '' },
    { id, secret: credentialsOf(ben).secret },
    credentialsOf(elsewhere),
  ]) {
    const one = client();
    await one.join({ sessionId, ...(participant && { participant }) });
    expect(ids).not.toContain(credentialsOf(one).id);
    ids.add(credentialsOf(one).id);
  }
});

test('a secret is sent to nobody but its own participant', async () => {
  const { ana, ben, client, sessionId } = await startSession();
  const eve = client();
  await eve.join({ sessionId });
  ana.send({ type: 'generate', commandId: 'go', prompt: 'a cat' });
  const everybody = [ana, ben, eve];
  for (const one of everybody) await one.stage('generating');
  for (const one of everybody) {
    const others = everybody.filter((other) => other !== one).flatMap(({ frames }) => frames);
    expect(others.join()).not.toContain(credentialsOf(one).secret);
  }
});

test('everything that names who acted carries the participantId, so that people are told apart whatever their names', async () => {
  const { client, generator } = await startServer();
  const [ana, other] = [client(), client()] as const;
  const { sessionId, key = '', participantId: first } = await ana.join({ name: 'Ana' });
  const { participantId: second } = await other.join({ sessionId, key, name: 'Ana' });
  const [one = '', two = ''] = await drawAttempts(ana, generator, ['one', 'two']);
  expect(ana.last('snapshot').lastAction).toMatchObject({ by: 'Ana', participantId: first });

  other.send({ type: 'draft', text: 'a dog' });
  expect(await ana.until('draft')).toMatchObject({ by: 'Ana 2', participantId: second });
  other.send({ type: 'discard', commandId: 'discard', imageId: two });
  const { discarded } = await ana.until('snapshot', (snapshot) => snapshot.discarded !== undefined);
  expect(discarded?.[0]?.discarded).toMatchObject({ by: 'Ana 2', participantId: second });
  other.send({ type: 'approve', commandId: 'approve', imageId: one });
  const { decisions, lastAction } = await ana.stage('final');
  expect(decisions).toMatchObject([{ by: 'Ana 2', participantId: second }]);
  expect(lastAction).toMatchObject({ by: 'Ana 2', participantId: second });
  ana.send({ type: 'regenerate', commandId: 'late' });
  expect(await ana.answer('late')).toMatchObject({ code: 'wrong_stage', lastAction: { participantId: second } });
});

test('S4 M7: commands and want are rate-limited per participant, over all their connections', async () => {
  const clock = new FakeClock();
  const { ana, ben, client, sessionId, key } = await startSession({ clock });
  const second = client();
  await second.join({ sessionId, key, participant: credentialsOf(ana) });
  for (let count = 0; count < 10; count += 1) {
    ana.send({ type: 'cancel', commandId: `a${count}` });
    second.send({ type: 'cancel', commandId: `b${count}` });
  }
  for (const answer of [await ana.answer('a9'), await second.answer('b9')]) {
    expect(answer).toMatchObject({ code: 'wrong_stage' });
  }
  for (const one of [ana, second]) {
    one.send({ type: 'cancel', commandId: 'over' });
    expect(await one.answer('over')).toMatchObject({ code: 'rate_limited' });
    one.send({ type: 'want', imageIds: ['x'] });
    await one.until('reject', ({ code, commandId }) => code === 'rate_limited' && commandId === undefined);
  }
  await ben.roundTrip();

  clock.advance(100);
  second.send({ type: 'cancel', commandId: 'over' });
  await second.until('reject', ({ code, commandId }) => code === 'wrong_stage' && commandId === 'over');
});
