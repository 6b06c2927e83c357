/** Images over HTTP: when the client asks for their addresses in place of their bytes, and what it does with them. */
import { describe, expect, test } from 'vitest';
import { addressOf } from '../../../../client/session/image-downloads.ts';
import type { ImageUrlMessage, InlineImageMessage } from '../../../../shared/protocol.ts';
import { FakeEnvironment, type FakeSocket, settled } from '../../../support/client-environment.ts';
import { answerJoin, joinedClient, rejoin } from '../../../support/joined-client.ts';
import { generating, image, initialInput, referenceOf, userFeedback } from '../../../support/server-messages.ts';

const first = image('image-1');
const one = referenceOf(first);
const announced = { type: 'heartbeat', nextBytes: 1_871_204 } as const;

/** The message that a server sends in place of `message` to a client that asked for addresses. */
function address({ data: _data, ...rest }: InlineImageMessage): ImageUrlMessage {
  return { ...rest, url: `/api/sessions/session-1/images/${rest.imageId}` };
}

/** Time passes, and the server's heartbeats keep the connection. */
async function pass(page: FakeEnvironment, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 5_000) {
    page.pass(Math.min(left, 5_000));
    page.socket.say({ type: 'heartbeat' });
    await settled();
  }
}

const bytesOf = ({ data }: InlineImageMessage) => Uint8Array.from(Buffer.from(data, 'base64'));
const imagesOf = (socket: FakeSocket) => socket.sentOf('join')[0]?.images;

describe('R3, W7: the client asks for addresses', () => {
  test('after a relay has refused a message as too big (1009), for as long as the client lives', () => {
    const { page, socket } = joinedClient();
    expect(imagesOf(socket)).toBeUndefined();
    socket.closedByServer(1009);
    page.pass(1_000);
    const again = answerJoin(page);
    expect(imagesOf(again)).toBe('url');
    expect(imagesOf(rejoin(page))).toBe('url');
  });

  test('after two connections in a row broke inside an announced message', () => {
    const { page, socket } = joinedClient();
    socket.say(announced);
    expect(imagesOf(rejoin(page))).toBeUndefined();
    page.socket.say(announced);
    expect(imagesOf(rejoin(page))).toBe('url');
  });

  test('after two that fell silent there, too', () => {
    const { page, socket } = joinedClient();
    socket.say(announced);
    page.pass(10_000 + 115_000);
    page.pass(1_000);
    answerJoin(page).say(announced);
    page.pass(10_000 + 115_000);
    page.pass(2_000);
    expect(imagesOf(answerJoin(page))).toBe('url');
  });

  test('not when an image has come through in between, nor when connections break elsewhere', () => {
    const { page, socket } = joinedClient();
    socket.say(announced);
    rejoin(page).say(announced, first, { type: 'heartbeat', nextBytes: 70_000 }, initialInput());
    rejoin(page).say(announced);
    expect(imagesOf(rejoin(page))).toBeUndefined();
    for (let i = 0; i < 5; i += 1) expect(imagesOf(rejoin(page))).toBeUndefined();
  });
});

describe('an image whose address has come', () => {
  test('is fetched from the server, with the credentials of a page of the same origin, and kept like any other', async () => {
    const { client, page, socket } = joinedClient();
    socket.say(address(first), userFeedback([one]));
    await settled();
    expect(client.state.snapshot?.stage).toBe('user_feedback');
    expect(client.state.images.size).toBe(0);
    const [request] = page.requests;
    expect(request?.url).toBe('http://127.0.0.1:3000/api/sessions/session-1/images/image-1');
    expect(request?.options).toMatchObject({ credentials: 'same-origin', cache: 'no-store' });
    request?.answer(200, bytesOf(first));
    await settled();
    const received = client.state.images.get('image-1');
    expect(received?.reference).toEqual(one);
    expect(new Uint8Array((await received?.blob.arrayBuffer()) ?? [])).toEqual(bytesOf(first));
    expect(page.liveUrls.has(received?.url ?? '')).toBe(true);
    expect(socket.sentOf('want')).toEqual([]);
    expect(page.requests).toHaveLength(1);
  });

  test('is fetched once, however often its address comes, and named in `have` afterwards', async () => {
    const { page, socket } = joinedClient();
    socket.say(address(first), userFeedback([one]), address(first));
    await settled();
    const again = rejoin(page, userFeedback([one]));
    again.say(address(first));
    await settled();
    expect(page.requests).toHaveLength(1);
    page.requests[0]?.answer(200, bytesOf(first));
    await settled();
    expect(rejoin(page, userFeedback([one])).sentOf('join')[0]?.have).toEqual(['image-1']);
  });

  test.each([500, 502, 429])('is fetched again after %i, which may pass', async (status) => {
    const { client, page, socket } = joinedClient();
    socket.say(address(first), userFeedback([one]));
    await settled();
    page.requests[0]?.answer(status);
    await settled();
    page.pass(1_000);
    await settled();
    page.requests[1]?.fail();
    await settled();
    page.pass(2_000);
    await settled();
    page.requests[2]?.answer(200, bytesOf(first));
    await settled();
    expect([...client.state.images.keys()]).toEqual(['image-1']);
    expect(client.state.imageProblems.size).toBe(0);
  });

  test('is given up after four tries, until somebody wants it again', async () => {
    const { client, page, socket } = joinedClient();
    socket.say(address(first), userFeedback([one]));
    for (let tries = 1; tries <= 4; tries += 1) {
      await settled();
      expect(page.requests).toHaveLength(tries);
      expect(client.state.imageProblems.size).toBe(0);
      page.requests.at(-1)?.fail();
      await settled();
      await pass(page, 10_000);
    }
    await settled();
    expect(client.state.imageProblems.get('image-1')).toBe('unreachable');
    expect(page.requests).toHaveLength(4);
    client.want(['image-1']);
    expect(client.state.imageProblems.size).toBe(0);
    expect(socket.sentOf('want')).toEqual([{ type: 'want', imageIds: ['image-1'] }]);
    socket.say(address(first));
    await settled();
    page.requests.at(-1)?.answer(200, bytesOf(first));
    await settled();
    expect(client.state.images.has('image-1')).toBe(true);
  });

  test.each([401, 403, 404])('is not fetched again after %i', async (status) => {
    const { client, page, socket } = joinedClient();
    socket.say(address(first), userFeedback([one]));
    await settled();
    page.requests[0]?.answer(status);
    await settled();
    await pass(page, 60_000);
    expect(page.requests).toHaveLength(1);
    expect(client.state.imageProblems.get('image-1')).toBe('unreachable');
  });

  test('is refused when its bytes are others than they should be', async () => {
    const { client, page, socket } = joinedClient();
    socket.say(address(first), userFeedback([one]));
    for (let tries = 1; tries <= 4; tries += 1) {
      await settled();
      page.requests.at(-1)?.answer(200, Uint8Array.from(bytesOf(first)).fill(7));
      await settled();
      await pass(page, 10_000);
    }
    await settled();
    expect(client.state.imageProblems.get('image-1')).toBe('damaged');
    expect(client.state.images.size).toBe(0);
  });

  test('is given up for this try when nothing comes for as long as its bytes may take', async () => {
    const { page, socket } = joinedClient();
    socket.say(address(first), userFeedback([one]));
    await settled();
    await pass(page, 10_001);
    expect(page.requests[0]?.isAborted).toBe(true);
  });

  test('three are fetched at once, and of the previews of one candidate only the newest', async () => {
    const { client, page, socket } = joinedClient(generating('generation-1', { candidates: 4 }));
    const preview = (id: string, candidate: number) => address(image(id, { kind: 'partial', candidate }));
    socket.say(preview('p0', 0), preview('p1', 1), preview('p2', 2), preview('p3', 3), preview('p0-newer', 0));
    await settled();
    const idsOf = () => page.requests.map(({ url }) => url.split('/').at(-1));
    expect(idsOf()).toEqual(['p0', 'p1', 'p2', 'p3']);
    expect(page.requests[0]?.isAborted).toBe(true);
    page.requests[1]?.answer(404);
    await settled();
    expect(idsOf()).toEqual(['p0', 'p1', 'p2', 'p3', 'p0-newer']);
    // A preview may be gone by the time that it is asked for: that concerns nobody.
    expect(client.state.imageProblems.size).toBe(0);
    page.requests[4]?.answer(200, bytesOf(image('p0-newer')));
    await settled();
    expect(client.state.partials.get(0)?.reference.imageId).toBe('p0-newer');
  });

  test('is given up with the session that needs it no more, and with the client', async () => {
    const { client, page, socket } = joinedClient();
    socket.say(address(first), userFeedback([one]));
    await settled();
    socket.say(initialInput({ turn: 5 }));
    await settled();
    expect(page.requests[0]?.isAborted).toBe(true);
    socket.say(address(image('image-2')), userFeedback([referenceOf(image('image-2'))], { turn: 6 }));
    await settled();
    client.close();
    await settled();
    expect(page.requests[1]?.isAborted).toBe(true);
    expect(page.leftovers).toBe(0);
  });

  test('is taken without a digest where the page can compute none', async () => {
    const { client, page, socket } = joinedClient(undefined, {}, new FakeEnvironment({ isSecure: false }));
    socket.say(address(first), userFeedback([one]));
    await settled();
    page.requests[0]?.answer(200, bytesOf(first));
    await settled();
    expect(client.state.images.has('image-1')).toBe(true);
  });
});

test.each([
  ['/api/sessions/s/images/i', 'https://a.example/', 'https://a.example/api/sessions/s/images/i'],
  ['/proofroom/api/x', 'https://a.example/proofroom/', 'https://a.example/proofroom/api/x'],
  ['/api/x', 'https://a.example/proofroom/', 'https://a.example/proofroom/api/x'],
  ['https://images.example/x', 'https://a.example/proofroom/', 'https://images.example/x'],
])('the address %s of a server at %s is %s', (url, server, expected) => {
  expect(addressOf(url, server)).toBe(expected);
});
