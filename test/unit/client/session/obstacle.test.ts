/** What the client finds out about the way to its server when no connection comes about. */
import { expect, test } from 'vitest';
import { settled } from '../../../support/client-environment.ts';
import { answerJoin, newClient } from '../../../support/joined-client.ts';

/** A client whose first tries have all failed, without a word from the server. */
async function clientAfter(tries: number, options: Parameters<typeof newClient>[0] = {}) {
  const tested = newClient(options);
  for (let failed = 0; failed < tries; failed += 1) {
    if (failed > 0) tested.page.pass(10_000);
    tested.page.socket.closedByServer(1006);
  }
  await settled();
  return tested;
}

type Tested = Awaited<ReturnType<typeof clientAfter>>;

const obstacleOf = ({ client }: Tested) =>
  client.state.connection.status === 'reconnecting' ? client.state.connection.obstacle : undefined;

test('R5: after three tries in vain the server is asked over HTTP, while the tries go on', async () => {
  const tested = await clientAfter(2);
  const { page } = tested;
  expect(page.requests).toEqual([]);
  page.pass(10_000);
  page.socket.closedByServer(1006);
  await settled();
  expect(page.requests.map(({ url }) => url)).toEqual(['http://127.0.0.1:3000/readyz']);
  expect(page.requests[0]?.options).toMatchObject({
    redirect: 'manual',
    credentials: 'same-origin',
    cache: 'no-store',
  });
  page.requests[0]?.answer(502);
  await settled();
  expect(obstacleOf(tested)).toBe('server_away');
  const { length } = page.sockets;
  page.pass(10_000);
  expect(page.sockets).toHaveLength(length + 1);
  expect(obstacleOf(tested)).toBe('server_away');
});

test.each([
  [200, '{"status":"ready"}', 'no_websocket'],
  [200, '<!doctype html><title>Sign in</title>', 'another_site'],
  [200, '{"error":"none"}', 'another_site'],
  [404, 'Not Found', 'another_site'],
  [302, '', 'sign_in'],
  [307, '', 'sign_in'],
  [401, '', 'sign_in'],
  [403, '', 'sign_in'],
  [511, '', 'sign_in'],
  [429, '', 'server_away'],
  [500, '', 'server_away'],
  [502, '', 'server_away'],
  [503, '{"status":"draining"}', 'server_away'],
  [504, '', 'server_away'],
])('an answer of %i %s means %s', async (status, body, obstacle) => {
  const tested = await clientAfter(3);
  tested.page.requests[0]?.answer(status, body);
  await settled();
  expect(obstacleOf(tested)).toBe(obstacle);
});

test('the server is asked where it lives, path included', async () => {
  const { page } = await clientAfter(3, { server: 'https://example.org/proofroom?x#y' });
  expect(page.requests[0]?.url).toBe('https://example.org/proofroom/readyz');
});

test('an answer that the page may not read is told from none', async () => {
  for (const [isAnswered, obstacle] of [
    [true, 'foreign_page'],
    [false, 'unreachable'],
  ] as const) {
    const tested = await clientAfter(3);
    tested.page.requests[0]?.fail();
    await settled();
    expect(tested.page.requests[1]?.options).toMatchObject({ mode: 'no-cors' });
    if (isAnswered) tested.page.requests[1]?.answer(200);
    else tested.page.requests[1]?.fail();
    await settled();
    expect(obstacleOf(tested)).toBe(obstacle);
  }
});

test('no answer within 10 s is none', async () => {
  const tested = await clientAfter(3);
  const { page } = tested;
  for (let request = 0; request < 2; request += 1) {
    page.pass(10_000);
    await settled();
    expect(page.requests[request]?.isAborted).toBe(true);
  }
  await settled();
  expect(obstacleOf(tested)).toBe('unreachable');
});

test('the obstacle changes with the answer, is asked for once at a time, and is gone with the first word of the server', async () => {
  const tested = await clientAfter(3);
  const { client, page } = tested;
  page.pass(5_000);
  page.socket.closedByServer(1006);
  await settled();
  expect(page.requests).toHaveLength(1);
  page.requests[0]?.answer(503);
  await settled();
  expect(obstacleOf(tested)).toBe('server_away');
  page.pass(10_000);
  page.socket.closedByServer(1006);
  await settled();
  page.requests[1]?.answer(302);
  await settled();
  expect(obstacleOf(tested)).toBe('sign_in');
  page.pass(10_000);
  answerJoin(page);
  expect(client.state.connection).toEqual({ status: 'online' });
  page.socket.closedByServer(1006);
  expect(client.state.connection).not.toHaveProperty('obstacle');
});

test('an answer that comes after the connection says nothing any more', async () => {
  const { client, page } = await clientAfter(3);
  page.pass(10_000);
  answerJoin(page);
  page.requests[0]?.answer(503);
  await settled();
  expect(client.state.connection).toEqual({ status: 'online' });
});

test('a connection that opens and says nothing is a try in vain, too', async () => {
  const { page } = newClient();
  for (let tries = 1; tries <= 3; tries += 1) {
    expect(page.requests).toEqual([]);
    page.socket.open();
    // After 10 s it is given up, and the next try begins within 2 s.
    page.pass(12_000);
    expect(page.sockets).toHaveLength(tries + 1);
  }
  expect(page.requests).toHaveLength(1);
});

test('a server that turns the client away is no obstacle', async () => {
  const { client, page } = newClient();
  for (const code of [4429, 1012, 1011, 4408] as const) {
    page.socket.open();
    page.socket.closedByServer(code);
    const { connection } = client.state;
    page.pass((connection.status === 'reconnecting' && connection.nextTryAt ? connection.nextTryAt : 0) - page.now());
  }
  await settled();
  expect(page.requests).toEqual([]);
  expect(client.state.connection.status).toBe('reconnecting');
});

test('closing the client ends the search', async () => {
  const { client, page } = await clientAfter(3, undefined);
  client.close();
  page.requests[0]?.fail();
  await settled();
  page.requests[1]?.fail();
  await settled();
  expect(client.state.connection).toEqual({ status: 'left' });
  expect(page.leftovers).toBe(0);
});
