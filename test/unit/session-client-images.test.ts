import { expect, test } from 'vitest';
import type { SessionClient } from '../../client/session/session-client.ts';
import { FakeEnvironment, type FakeSocket, settled } from '../support/client-environment.ts';
import { joinedClient, rejoin } from '../support/joined-client.ts';
import {
  attempt,
  discarded,
  final,
  generating,
  image,
  initialInput,
  limits,
  referenceOf,
  userFeedback,
  welcome,
} from '../support/server-messages.ts';

const first = image('image-1');
const second = image('image-2', { generationId: 'generation-2' });
const third = image('image-3', { generationId: 'generation-3' });
const partial = (imageId: string, change: Parameters<typeof image>[1] = {}) =>
  image(imageId, { kind: 'partial', ...change });

async function say(socket: FakeSocket, ...messages: Parameters<FakeSocket['say']>[0][]): Promise<void> {
  for (const message of messages) socket.say(message);
  await settled();
}

const imageIds = (client: SessionClient) => [...client.state.images.keys()];
const partialIds = (client: SessionClient) =>
  [...client.state.partials].map(([candidate, { reference }]) => [candidate, reference.imageId]);

test.each([{ isSecure: true }, { isSecure: false }])(
  'W4: an image is here as the very bytes that were sent, under a live object URL (%o)',
  async ({ isSecure }) => {
    const { client, page, socket } = joinedClient(undefined, {}, new FakeEnvironment({ isSecure }));
    await say(socket, first, userFeedback([referenceOf(first)]));
    const received = client.state.images.get('image-1');
    expect(received?.reference).toEqual(referenceOf(first));
    expect(received?.blob.type).toBe('image/png');
    const bytes = (await received?.blob.arrayBuffer()) ?? new ArrayBuffer(0);
    expect(Buffer.from(bytes).toString('base64')).toBe(first.data);
    expect(page.liveUrls.get(received?.url ?? '')).toBe(received?.blob);
  },
);

test('W3: no state shows an image whose bytes are still being checked', async () => {
  const { client, socket } = joinedClient();
  const shownWithoutBytes: string[] = [];
  client.subscribe(({ snapshot, images }) => {
    const imageId = snapshot?.image?.imageId;
    if (imageId !== undefined && !images.has(imageId)) shownWithoutBytes.push(imageId);
  });
  await say(socket, generating('generation-1'), first, userFeedback([referenceOf(first)]));
  expect(client.state.snapshot?.stage).toBe('user_feedback');
  expect(shownWithoutBytes).toEqual([]);
  expect(socket.sentOf('want')).toEqual([]);
});

test('W6: an ack that follows a snapshot behind an image still follows it', async () => {
  const { client, socket } = joinedClient(generating('generation-1'));
  const answer = client.cancel();
  let stageAtAnswer: string | undefined;
  client.subscribe(({ pending, snapshot }) => {
    if (pending.size === 0) stageAtAnswer ??= snapshot?.stage;
  });
  const commandId = socket.sentOf('cancel')[0]?.commandId ?? '';
  await say(socket, first, userFeedback([referenceOf(first)]), { type: 'ack', commandId, revision: 2 });
  await answer;
  expect(stageAtAnswer).toBe('user_feedback');
});

test('R4: a heartbeat that announces a message counts at once, even behind an image that is being checked', async () => {
  const { client, page, socket } = joinedClient(generating('generation-1'));
  socket.say(partial('partial-1'));
  socket.say({ type: 'heartbeat', nextBytes: 16 * 1024 * 10 });
  page.pass(19_999);
  expect(client.state.connection.status).toBe('online');
  await settled();
});

test('a partial is replaced by the next of its candidate, and its URL is released', async () => {
  const { client, page, socket } = joinedClient(generating('generation-1', { candidates: 2 }));
  await say(socket, partial('partial-1'), partial('partial-2', { candidate: 1 }), partial('partial-3', { index: 1 }));
  expect(partialIds(client)).toEqual([
    [0, 'partial-3'],
    [1, 'partial-2'],
  ]);
  expect(page.liveUrls.size).toBe(2);
});

test('partials stay on show until the snapshot after them, and go with it', async () => {
  const { client, page, socket } = joinedClient(generating('generation-1'));
  await say(socket, partial('partial-1'), first);
  expect(partialIds(client)).toEqual([[0, 'partial-1']]);
  await say(socket, userFeedback([referenceOf(first)]));
  expect(partialIds(client)).toEqual([]);
  expect(page.liveUrls.size).toBe(1);
});

test('the partial of a candidate that has settled goes, the other candidate keeps its own', async () => {
  const { client, socket } = joinedClient(generating('generation-1', { candidates: 2 }));
  await say(socket, partial('partial-1'), partial('partial-2', { candidate: 1 }), first);
  await say(socket, generating('generation-1', { candidates: 2, attempts: [attempt(referenceOf(first))] }));
  expect(partialIds(client)).toEqual([[1, 'partial-2']]);
});

test.each([
  ['of a finished generation', userFeedback([referenceOf(first)])],
  ['of a cancelled generation', initialInput()],
  ['of a generation before this one', generating('generation-2')],
])('M4: a late partial %s is dropped', async (_what, snapshot) => {
  const { client, page, socket } = joinedClient(initialInput());
  await say(socket, snapshot);
  await say(socket, partial('partial-1'));
  expect(client.state.partials.size).toBe(0);
  expect(page.liveUrls.size).toBe(0);
});

test('a partial that comes after the final of its candidate is dropped', async () => {
  const { client, socket } = joinedClient(generating('generation-1'));
  await say(socket, first, partial('partial-1'));
  expect(client.state.partials.size).toBe(0);
});

test('the same partial again, as after a reconnect, keeps its URL', async () => {
  const { client, page, socket } = joinedClient(generating('generation-1'));
  await say(socket, partial('partial-1'));
  const url = client.state.partials.get(0)?.url;
  await say(rejoin(page, generating('generation-1')), partial('partial-1'));
  expect(client.state.partials.get(0)?.url).toBe(url);
});

test('the same final again keeps its URL', async () => {
  const { client, page, socket } = joinedClient(generating('generation-1'));
  await say(socket, first);
  const url = client.state.images.get('image-1')?.url;
  await say(socket, first);
  expect(client.state.images.get('image-1')?.url).toBe(url);
  expect(page.liveUrls.size).toBe(1);
});

test('finals are kept while the attempts list them, and released when they do not', async () => {
  const { client, page, socket } = joinedClient();
  await say(socket, first, userFeedback([referenceOf(first)]));
  await say(socket, generating('generation-2', { attempts: [attempt(referenceOf(first))] }));
  await say(socket, second, userFeedback([referenceOf(first), referenceOf(second)]));
  expect(imageIds(client)).toEqual(['image-1', 'image-2']);
  await say(socket, userFeedback([referenceOf(second)]));
  expect(imageIds(client)).toEqual(['image-2']);
  await say(socket, initialInput());
  expect(imageIds(client)).toEqual([]);
  expect(page.liveUrls.size).toBe(0);
});

test('what is discarded is kept too, and shown again without being asked for when it is restored', async () => {
  const { client, page, socket } = joinedClient();
  const [one, two] = [referenceOf(first), referenceOf(second)];
  await say(socket, first, userFeedback([one]), second, userFeedback([one, two]));
  const urls = [...page.liveUrls.keys()];
  await say(socket, userFeedback([one], { discarded: [discarded(two)] }));
  await say(socket, initialInput({ discarded: [discarded(two), discarded(one)] }));
  expect(imageIds(client)).toEqual(['image-1', 'image-2']);
  const next = rejoin(page, initialInput({ discarded: [discarded(two), discarded(one)] }));
  expect(next.sentOf('join')[0]?.have).toEqual(['image-2', 'image-1']);
  await say(next, userFeedback([one, two]));
  expect([...page.liveUrls.keys()]).toEqual(urls);
  expect([...socket.sentOf('want'), ...next.sentOf('want')]).toEqual([]);
  await say(next, initialInput());
  expect(page.liveUrls.size).toBe(0);
});

test('W3: a final that came before its snapshot survives another snapshot of its generation', async () => {
  const { client, socket } = joinedClient(generating('generation-1', { candidates: 2 }));
  await say(socket, first, generating('generation-1', { candidates: 2 }));
  expect(imageIds(client)).toEqual(['image-1']);
});

test('M4: a final that no snapshot ever lists is released with the next snapshot', async () => {
  const { client, page, socket } = joinedClient(generating('generation-1'));
  await say(socket, first, initialInput());
  expect(imageIds(client)).toEqual([]);
  expect(page.liveUrls.size).toBe(0);
});

test('an approved image that is no attempt any more is kept', async () => {
  const { client, socket } = joinedClient();
  await say(socket, first, second, final([referenceOf(first), referenceOf(second)], referenceOf(first)));
  await say(socket, final([referenceOf(second)], referenceOf(first)));
  expect(imageIds(client)).toEqual(['image-1', 'image-2']);
});

test('W1: what the join brings by itself is not asked for', async () => {
  const { socket } = joinedClient(userFeedback([referenceOf(first), referenceOf(second)]));
  await say(socket, userFeedback([referenceOf(first), referenceOf(second)]));
  expect(socket.sentOf('want')).toEqual([]);
});

test('W2: an image on show that is neither here nor on its way is asked for, once', async () => {
  const { socket } = joinedClient();
  await say(socket, userFeedback([referenceOf(first)]), userFeedback([referenceOf(first)]));
  expect(socket.sentOf('want')).toEqual([{ type: 'want', imageIds: ['image-1'] }]);
});

test('an image on show that the server does not have is not asked for again', async () => {
  const { socket } = joinedClient();
  await say(socket, userFeedback([referenceOf(first)]));
  await say(socket, { type: 'reject', imageId: 'image-1', code: 'image_not_found', message: 'It is not here.' });
  await say(socket, userFeedback([referenceOf(first)]));
  expect(socket.sentOf('want')).toHaveLength(1);
});

test('W2: want leaves out what is here and what was asked for already', async () => {
  const listed = [first, second, third].map(referenceOf);
  const { client, socket } = joinedClient();
  await say(socket, third, userFeedback(listed));
  client.want(['image-1', 'image-3']);
  client.want(['image-1', 'image-2']);
  expect(socket.sentOf('want').map(({ imageIds }) => imageIds)).toEqual([['image-1'], ['image-2']]);
});

test('want asks for at most as many images in one message as the server takes', () => {
  const { client, socket } = joinedClient();
  client.want(Array.from({ length: 30 }, (_, at) => `image-${at}`));
  expect(socket.sentOf('want').map(({ imageIds }) => imageIds.length)).toEqual([12, 12, 6]);
});

test('R1: what was wanted and had not come is asked for again on the next connection', async () => {
  const listed = [first, second, third].map(referenceOf);
  const { client, page, socket } = joinedClient(userFeedback(listed));
  client.want(['image-1', 'image-2']);
  await say(socket, second);
  const again = rejoin(page, userFeedback(listed));
  expect(again.sentOf('join')[0]?.have).toEqual(['image-2']);
  expect(again.sentOf('want')).toEqual([{ type: 'want', imageIds: ['image-1'] }]);
});

test('a want that came too fast is repeated after a second', () => {
  const { client, page, socket } = joinedClient();
  client.want(['image-1']);
  socket.say({ type: 'reject', code: 'rate_limited', message: 'Too fast.' });
  page.pass(1_000);
  expect(socket.sentOf('want')).toHaveLength(2);
});

test('have names the newest images, as many as the server takes', async () => {
  const { page, socket } = joinedClient();
  socket.say(welcome({ limits: { ...limits, HAVE_IDS: 2 } }));
  const listed = [first, second, third];
  await say(socket, third, first, second, userFeedback(listed.map(referenceOf)));
  expect(rejoin(page).sentOf('join')[0]?.have).toEqual(['image-2', 'image-3']);
});

test.each([
  ['wrong bytes', { data: Buffer.from('wrong bytes').toString('base64') }],
  ['bytes of the right length', { data: Buffer.from('x'.repeat(first.byteLength)).toString('base64') }],
  ['no base64', { data: '***' }],
  ['no bytes at all', { data: undefined }],
])('an image that comes with %s is dropped and asked for once more, not twice', async (_what, change) => {
  const { client, page, socket } = joinedClient();
  const { data: _data, ...rest } = first;
  const wrong = { ...rest, ...(change.data !== undefined && { data: change.data }) };
  await say(socket, wrong, userFeedback([referenceOf(first)]));
  expect(imageIds(client)).toEqual([]);
  expect(socket.sentOf('want')).toEqual([{ type: 'want', imageIds: ['image-1'] }]);
  await say(socket, wrong, userFeedback([referenceOf(first)]));
  expect(socket.sentOf('want')).toHaveLength(1);
  expect(page.liveUrls.size).toBe(0);
  expect(page.warnings).toHaveLength(2);
});

test('where the page cannot digest, an image of the wrong length is dropped all the same', async () => {
  const { client, socket } = joinedClient(undefined, {}, new FakeEnvironment({ isSecure: false }));
  await say(socket, { ...first, byteLength: first.byteLength + 1 });
  expect(imageIds(client)).toEqual([]);
});

test('an image that comes right the second time is here', async () => {
  const { client, socket } = joinedClient();
  await say(socket, { ...first, data: '' }, userFeedback([referenceOf(first)]), first);
  expect(imageIds(client)).toEqual(['image-1']);
});

test('a partial with wrong bytes is dropped, since the next one comes anyway', async () => {
  const { client, socket } = joinedClient(generating('generation-1'));
  await say(socket, partial('partial-1', { data: '' }));
  expect(client.state.partials.size).toBe(0);
  expect(socket.sentOf('want')).toEqual([]);
});

test('an image that was still being checked when its connection was lost is left to the next one', async () => {
  const { client, page, socket } = joinedClient(generating('generation-1'));
  socket.say(first);
  socket.say(userFeedback([referenceOf(first)]));
  const again = rejoin(page, userFeedback([referenceOf(first)]));
  await settled();
  expect(again.sentOf('join')[0]?.have).toBeUndefined();
  expect(imageIds(client)).toEqual([]);
  await say(again, first);
  expect(imageIds(client)).toEqual(['image-1']);
});

test('close releases every object URL and may be called twice', async () => {
  const { client, page, socket } = joinedClient(generating('generation-1', { candidates: 2 }));
  await say(socket, first, partial('partial-1', { candidate: 1 }));
  expect(page.liveUrls.size).toBe(2);
  client.close();
  client.close();
  expect(page.liveUrls.size).toBe(0);
  expect([client.state.images.size, client.state.partials.size]).toEqual([0, 0]);
  expect([page.timers, page.wakers]).toEqual([0, 0]);
  expect(socket.isClosed).toBe(true);
});
