/** Real server processes, a real Redis, and a proxy that gives each connection to the next server. */
import { expect, onTestFinished, test } from 'vitest';
import { SessionClient, type SessionState } from '../../client/session/session-client.ts';
import { isOnline, nextTryAt, stateOf } from '../faults/mass-reconnect.ts';
import { startCluster } from './cluster.ts';

const isReconnecting = (state: SessionState): boolean => nextTryAt(state) !== undefined;
const isAt = (stage: string) => (state: SessionState) => state.snapshot?.stage === stage;

test('R1: a review goes on over two servers, and the tab of one that is killed is back in it by itself', async () => {
  const cluster = await startCluster({ servers: 2 });
  onTestFinished(() => cluster.stop());
  const open = async (link: Pick<SessionState, 'sessionId' | 'sessionKey'> = {}) => {
    const { sessionId, sessionKey } = link;
    const client = new SessionClient({
      server: cluster.proxy.address,
      ...(sessionId !== undefined && { sessionId }),
      ...(sessionKey !== undefined && { sessionKey }),
    });
    onTestFinished(() => client.close());
    client.connect();
    return { client, state: (await stateOf(client, isOnline)).state };
  };
  const ana = await open();
  const bo = await open(ana.state);

  expect(await ana.client.generate('A fox in the snow')).toMatchObject({ accepted: true });
  const { state } = await stateOf(bo.client, isAt('user_feedback'));
  const [lost, back] = [stateOf(ana.client, isReconnecting), stateOf(ana.client, isAt('final'))];
  await cluster.servers[0]?.kill();
  await lost;
  const picture = state.snapshot?.attempts[0]?.image ?? expect.fail('no picture');
  expect(await bo.client.approve(picture)).toMatchObject({ accepted: true });
  expect((await back).state.sessionId).toBe(bo.client.state.sessionId);
});
