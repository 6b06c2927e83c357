import { expect, test } from 'vitest';
import { drawAttempts, startServer, startSession } from '../../support/server.ts';
import { urlOf, type WsClient } from '../../support/ws-client.ts';

const credentialsOf = (client: WsClient) => {
  const { participantId, participantSecret } = client.last('welcome');
  return { id: participantId, secret: participantSecret };
};

/** Joins and stays; resolves with the code of the rejection, or `in`. */
async function enter(client: WsClient, fields: Parameters<WsClient['join']>[0]): Promise<string> {
  await client.open();
  client.send({ type: 'join', ...fields });
  await Promise.race([client.until('welcome'), client.until('reject')]);
  return client.received[0]?.type === 'reject' ? client.received[0].code : 'in';
}

test.each([
  ['one address', () => '192.0.2.1'],
  ['as many addresses', (index: number) => `198.51.100.${index}`],
])(
  'S4 W5: 200 idle watchers of %s lock out neither the creator, who comes back, nor another reviewer',
  async (_from, addressOf) => {
    const { client } = await startServer({ trustProxy: true });
    const from = (address: string) => client({ 'X-Forwarded-For': address });
    const first = from('203.0.113.1');
    const { sessionId, key = '' } = await first.join({ name: 'Ana' });
    const participant = credentialsOf(first);
    await first.leave();

    const crowd = Array.from({ length: 200 }, (_, index) => from(addressOf(index)));
    const entered = await Promise.all(crowd.map((one) => enter(one, { sessionId })));
    expect(entered.filter((how) => how === 'in')).toHaveLength(160);
    expect(entered.filter((how) => how === 'server_busy')).toHaveLength(40);

    // The creator is behind the same address as a watcher, even as all of them.
    const ana = from(addressOf(0));
    expect(await ana.join({ sessionId, key, participant })).toMatchObject({
      role: 'reviewer',
      ...{ participantId: participant.id },
    });
    expect((await from('203.0.113.2').join({ sessionId, key })).role).toBe('reviewer');

    ana.send({ type: 'replace_link', commandId: 'new', role: 'watcher' });
    expect(await ana.answer('new')).toMatchObject({ type: 'ack' });
    await ana.until('viewers', ({ watchers }) => watchers === 0);
    const { watchKey = '' } = ana.last('links');
    const codes = await Promise.all(crowd.map((one) => one.closed().then(({ code }) => code)));
    expect(codes.filter((code) => code === 4403)).toHaveLength(160);
    expect((await from('203.0.113.3').join({ sessionId, key: watchKey })).role).toBe('watcher');
  },
);

test('S4: a watcher of another address takes the place of one from the address that has most, who is told to come back later', async () => {
  const { client } = await startServer({ trustProxy: true, limits: { CONNECTIONS_PER_SESSION: 5 } });
  const from = (address: string) => client({ 'X-Forwarded-For': address });
  const { sessionId } = await from('203.0.113.1').join();
  const crowd = Array.from({ length: 4 }, () => from('192.0.2.1'));
  for (const one of crowd) expect(await enter(one, { sessionId })).toBe('in');
  expect(await enter(from('192.0.2.1'), { sessionId })).toBe('server_busy');
  expect(await enter(from('192.0.2.2'), { sessionId })).toBe('in');
  const newest = crowd.at(-1);
  expect(await newest?.closed()).toMatchObject({ code: 4429 });
  expect(newest?.last('goodbye').reason).toMatch(/full/);
});

test('S4: a participant whose connection was lost takes its place, though the server has not noticed and the session is full', async () => {
  const { client } = await startServer({ limits: { CONNECTIONS_PER_SESSION: 2 } });
  const [ana, bo] = [client(), client()];
  const { sessionId, key = '' } = await ana.join();
  await bo.join({ sessionId, key });
  expect(await enter(client(), { sessionId, key })).toBe('server_busy');
  expect((await client().join({ sessionId, key, participant: credentialsOf(bo) })).role).toBe('reviewer');
  expect(await bo.closed()).toMatchObject({ code: 4429 });
});

test('W5 W6 W7: a watch link that was closed: watchers are told and closed with 4403, and nobody comes in by it', async () => {
  const { ana, ben, client, sessionId, key, logs } = await startSession();
  const eve = client();
  await eve.join({ sessionId });
  expect(ben.last('welcome').links).toEqual({ watch: 'open', review: 'open', manages: ['watcher'] });
  expect(eve.last('welcome')).not.toHaveProperty('links');
  ben.send({ type: 'close_link', commandId: 'close', role: 'watcher' });
  expect(await ben.answer('close')).toMatchObject({ type: 'ack', revision: 0 });
  expect(await eve.closed()).toMatchObject({ code: 4403 });
  expect(eve.last('goodbye')).toEqual({
    type: 'goodbye',
    code: 'link_closed',
    reason: 'This watch link was closed by a reviewer. Ask for a new one.',
  });
  const { code, rejection } = await client().joinRejected({ sessionId, participant: credentialsOf(eve) });
  expect([code, rejection.code]).toEqual([4403, 'link_closed']);
  expect((await ana.until('links')).reviewKey).toBe(key);
  expect([...ben.frames, ...eve.frames].join()).not.toContain(key);
  // The links come before the answer.
  const types = ben.received.map(({ type }) => type);
  expect(types.indexOf('links')).toBeLessThan(types.indexOf('ack'));
  expect(logs.join()).not.toContain(sessionId);
});

test('W5: with the watch link replaced, a picture made since is out of reach of those who were sent away', async () => {
  const { ana, address, client, generator, sessionId } = await startSession();
  const eve = client();
  await eve.join({ sessionId, images: 'url' });
  await drawAttempts(ana, generator, ['before']);
  const known = urlOf(await eve.until('image'));
  ana.send({ type: 'replace_link', commandId: 'new', role: 'watcher' });
  await eve.closed();
  ana.send({ type: 'regenerate', commandId: 'more' });
  (await generator.drawing(1)).finish();
  const { image } = await ana.stage('user_feedback', ({ attempts }) => attempts.length === 2);
  const told = eve.frames.join();
  expect(image.imageId).toMatch(/^[\w-]{22}$/);
  expect(told).not.toContain(image.imageId);
  expect((await fetch(`${address}${known}`)).status).toBe(200);
  expect((await fetch(`${address}${known.replace(/[^/]+$/, 'guess')}`)).status).toBe(404);
});

test('W5: with the review link replaced, the reviewers are let back in by who they are, and newcomers by the new key alone', async () => {
  const { ana, ben, client, sessionId, key } = await startSession();
  ben.send({ type: 'replace_link', commandId: 'no', role: 'reviewer' });
  expect(await ben.answer('no')).toMatchObject({ code: 'not_allowed' });
  ana.send({ type: 'replace_link', commandId: 'new', role: 'reviewer' });
  await ana.answer('new');
  const { reviewKey = '' } = ana.last('links');
  await ben.until('links', ({ review }) => review === 'closed');
  expect((await client().joinRejected({ sessionId, key })).rejection.code).toBe('not_allowed');
  const back = await client().join({ sessionId, key, participant: credentialsOf(ben) });
  expect(back).toMatchObject({ role: 'reviewer', participantId: credentialsOf(ben).id, links: { review: 'closed' } });
  expect((await client().join({ sessionId, key: reviewKey })).role).toBe('reviewer');
  expect(ben.frames.join()).not.toContain(reviewKey);
});

test('R2 R7 W6 W7: a reviewer ends the session: everybody is told and closed with 4404, and its images are gone', async () => {
  const { ana, ben, address, client, generator, sessionId, key, metrics, logged } = await startSession();
  const eve = client();
  await eve.join({ sessionId, images: 'url' });
  await drawAttempts(ana, generator, ['one']);
  const path = urlOf(await eve.until('image'));
  eve.send({ type: 'end_session', commandId: 'no' });
  expect(await eve.answer('no')).toMatchObject({ code: 'not_allowed' });
  ben.send({ type: 'end_session', commandId: 'end' });
  expect(await ben.answer('end')).toMatchObject({ type: 'ack' });
  for (const one of [ana, ben, eve]) {
    expect(await one.closed()).toMatchObject({ code: 4404 });
    expect(one.last('goodbye')).toMatchObject({ code: 'session_ended', reason: 'A reviewer ended this session.' });
  }
  expect((await fetch(`${address}${path}`)).status).toBe(404);
  expect(await metrics()).toMatchObject({
    proofroom_image_bytes: 0,
    'proofroom_sessions_ended_total{reason="reviewer"}': 1,
  });
  expect(logged('session ended')).toMatchObject([{ reason: 'reviewer', participantId: credentialsOf(ben).id }]);
  expect((await client().joinRejected({ sessionId, key })).rejection.code).toBe('session_not_found');
});
