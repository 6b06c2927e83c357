/** Images of the session client: which are kept, and which are requested. */
import { describe, expect, test } from 'vitest';
import type { SessionClient } from '../../../../client/session/session-client.ts';
import { FakeEnvironment, type FakeSocket, settled } from '../../../support/client-environment.ts';
import { joinedClient, rejoin } from '../../../support/joined-client.ts';
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
} from '../../../support/server-messages.ts';

const first = image('image-1');
const second = image('image-2', { generationId: 'generation-2' });
const third = image('image-3', { generationId: 'generation-3' });
const [one, two, three] = [referenceOf(first), referenceOf(second), referenceOf(third)];
const partial = (imageId: string, change: Parameters<typeof image>[1] = {}) =>
  image(imageId, { kind: 'partial', ...change });

async function say(socket: FakeSocket, ...messages: Parameters<FakeSocket['say']>): Promise<void> {
  socket.say(...messages);
  await settled();
}

const imageIds = (client: SessionClient) => [...client.state.images.keys()];
const partialIds = (client: SessionClient) =>
  [...client.state.partials].map(([candidate, { reference }]) => [candidate, reference.imageId]);
const wanted = (socket: FakeSocket) => socket.sentOf('want').map(({ imageIds }) => imageIds);

describe('receiving', () => {
  test.each([true, false])('W4: the bytes are those that were sent (secure context: %s)', async (isSecure) => {
    const { client, page, socket } = joinedClient(undefined, {}, new FakeEnvironment({ isSecure }));
    await say(socket, first, userFeedback([one]));
    const received = client.state.images.get('image-1');
    expect(received?.reference).toEqual(one);
    expect(received?.blob.type).toBe('image/png');
    const bytes = (await received?.blob.arrayBuffer()) ?? new ArrayBuffer(0);
    expect(Buffer.from(bytes).toString('base64')).toBe(first.data);
    expect(page.liveUrls.get(received?.url ?? '')).toBe(received?.blob);
  });

  test('W3: no state shows an image whose bytes are still being verified', async () => {
    const { client, socket } = joinedClient();
    const shownWithoutBytes: string[] = [];
    client.subscribe(({ snapshot, images }) => {
      const imageId = snapshot?.image?.imageId;
      if (imageId !== undefined && !images.has(imageId)) shownWithoutBytes.push(imageId);
    });
    await say(socket, generating('generation-1'), first, userFeedback([one]));
    expect(client.state.snapshot?.stage).toBe('user_feedback');
    expect(shownWithoutBytes).toEqual([]);
    expect(wanted(socket)).toEqual([]);
  });

  test.each([
    ['wrong bytes', { data: Buffer.from('wrong bytes').toString('base64') }],
    ['wrong bytes of the right length', { data: Buffer.from('x'.repeat(first.byteLength)).toString('base64') }],
    ['no base64', { data: '***' }],
  ])('an image with %s is dropped and requested once more, not twice', async (_what, change) => {
    const { client, page, socket } = joinedClient();
    await say(socket, { ...first, ...change }, userFeedback([one]));
    expect(imageIds(client)).toEqual([]);
    expect(wanted(socket)).toEqual([['image-1']]);
    await say(socket, { ...first, ...change }, userFeedback([one]));
    expect(wanted(socket)).toHaveLength(1);
    expect(page.liveUrls.size).toBe(0);
    expect(page.warnings).toHaveLength(2);
  });

  test('S10, W3: an image and the snapshot behind it are in the state once it is known whether the browser can show it', async () => {
    const page = new FakeEnvironment();
    const checks = new Map<string, (problem: 'undecodable' | undefined) => void>();
    page.checkImage = (url) => new Promise((resolve) => checks.set(url, resolve));
    const { client, socket } = joinedClient(undefined, {}, page);
    await say(socket, generating('generation-1'), first, userFeedback([one]));
    expect([client.state.images.size, client.state.snapshot?.stage]).toEqual([0, 'generating']);
    for (const resolve of checks.values()) resolve('undecodable');
    await settled();
    const displays = [...client.state.images.values()].map(({ display }) => display);
    expect([displays, client.state.snapshot?.stage]).toEqual([['undecodable'], 'user_feedback']);
  });

  test('an image that is still being checked when the client closes is released', async () => {
    const page = new FakeEnvironment();
    const check = Promise.withResolvers<undefined>();
    page.checkImage = () => check.promise;
    const { client, socket } = joinedClient(undefined, {}, page);
    await say(socket, first);
    expect(page.liveUrls.size).toBe(1);
    client.close();
    check.resolve(undefined);
    await settled();
    expect([page.liveUrls.size, client.state.images.size]).toEqual([0, 0]);
  });

  test('an image that is right the second time is kept', async () => {
    const { client, socket } = joinedClient();
    await say(socket, { ...first, data: '' }, userFeedback([one]), first);
    expect(imageIds(client)).toEqual(['image-1']);
  });

  test('a page that cannot digest drops an image of the wrong length', async () => {
    const { client, socket } = joinedClient(undefined, {}, new FakeEnvironment({ isSecure: false }));
    await say(socket, { ...first, byteLength: first.byteLength + 1 });
    expect(imageIds(client)).toEqual([]);
  });

  test('a partial with wrong bytes is dropped and not requested', async () => {
    const { client, socket } = joinedClient(generating('generation-1'));
    await say(socket, partial('partial-1', { data: '' }));
    expect(client.state.partials.size).toBe(0);
    expect(wanted(socket)).toEqual([]);
  });

  test('an image of an unknown kind is ignored, and not requested again', async () => {
    const { client, page, socket } = joinedClient();
    await say(socket, userFeedback([one]));
    socket.sayText(JSON.stringify({ ...first, kind: 'newer' }));
    await say(socket, userFeedback([one]));
    expect([client.state.images.size, client.state.partials.size]).toEqual([0, 0]);
    expect(wanted(socket)).toEqual([['image-1']]);
    expect(page.warnings).toEqual([]);
  });
});

describe('partials', () => {
  test('a partial is replaced by the next one of its candidate, and its object URL is released', async () => {
    const { client, page, socket } = joinedClient(generating('generation-1', { candidates: 2 }));
    await say(socket, partial('partial-1'), partial('partial-2', { candidate: 1 }), partial('partial-3', { index: 1 }));
    expect(partialIds(client)).toEqual([
      [0, 'partial-3'],
      [1, 'partial-2'],
    ]);
    expect(page.liveUrls.size).toBe(2);
  });

  test('a partial stays until the snapshot that shows the image of its candidate', async () => {
    const { client, page, socket } = joinedClient(generating('generation-1', { candidates: 2 }));
    await say(socket, partial('partial-1'), partial('partial-2', { candidate: 1 }));
    await say(socket, first);
    expect(client.state.partials.size).toBe(2);
    await say(socket, generating('generation-1', { candidates: 2, attempts: [attempt(one)] }));
    expect(partialIds(client)).toEqual([[1, 'partial-2']]);
    await say(socket, userFeedback([one]));
    expect(partialIds(client)).toEqual([]);
    expect(page.liveUrls.size).toBe(1);
  });

  test.each([
    ['of a finished generation', userFeedback([one])],
    ['of a cancelled generation', initialInput()],
    ['of an earlier generation', generating('generation-2')],
  ])('M4: a late partial %s is dropped', async (_what, snapshot) => {
    const { client, page, socket } = joinedClient(initialInput());
    await say(socket, snapshot);
    await say(socket, partial('partial-1'));
    expect(client.state.partials.size).toBe(0);
    expect(page.liveUrls.size).toBe(0);
  });

  test('a final image does not wait for the check of the preview before it', async () => {
    const page = new FakeEnvironment();
    const checks: ((problem: undefined) => void)[] = [];
    page.checkImage = () => new Promise((resolve) => checks.push(resolve));
    const { client, socket } = joinedClient(generating('generation-1'), {}, page);
    await say(socket, partial('partial-1'));
    await say(socket, first, userFeedback([one]));
    checks[1]?.(undefined);
    await settled();
    expect([imageIds(client), client.state.snapshot?.stage]).toEqual([['image-1'], 'user_feedback']);
    checks[0]?.(undefined);
    await settled();
    expect([client.state.partials.size, page.liveUrls.size]).toEqual([0, 1]);
  });

  test('a partial that comes after the final image of its candidate is dropped', async () => {
    const { client, socket } = joinedClient(generating('generation-1'));
    await say(socket, first, partial('partial-1'));
    expect(client.state.partials.size).toBe(0);
  });

  test('the same image again keeps its object URL, after a reconnect as well', async () => {
    const { client, page, socket } = joinedClient(generating('generation-1', { candidates: 2 }));
    const urls = () => [client.state.images.get('image-1')?.url, client.state.partials.get(1)?.url];
    const both = [first, partial('partial-1', { candidate: 1 })];
    await say(socket, ...both);
    const before = urls();
    await say(socket, ...both);
    await say(rejoin(page, generating('generation-1', { candidates: 2 })), ...both);
    expect(urls()).toEqual(before);
    expect(page.liveUrls.size).toBe(2);
  });
});

describe('keeping', () => {
  test('a final image is kept while an attempt has it, and released when none does', async () => {
    const { client, page, socket } = joinedClient();
    await say(socket, first, userFeedback([one]));
    await say(socket, generating('generation-2', { attempts: [attempt(one)] }));
    await say(socket, second, userFeedback([one, two]));
    expect(imageIds(client)).toEqual(['image-1', 'image-2']);
    await say(socket, userFeedback([two]));
    expect(imageIds(client)).toEqual(['image-2']);
    await say(socket, initialInput());
    expect(page.liveUrls.size).toBe(0);
  });

  test('the image of a discarded attempt is kept, so that restore shows it at once', async () => {
    const { client, page, socket } = joinedClient();
    await say(socket, first, userFeedback([one]), second, userFeedback([one, two]));
    const urls = [...page.liveUrls.keys()];
    await say(socket, userFeedback([one], { discarded: [discarded(two)] }));
    const empty = initialInput({ discarded: [discarded(two), discarded(one)] });
    await say(socket, empty);
    expect(imageIds(client)).toEqual(['image-1', 'image-2']);
    const next = rejoin(page, empty);
    expect(next.sentOf('join')[0]?.have).toEqual(['image-2', 'image-1']);
    await say(next, userFeedback([one, two]));
    expect([...page.liveUrls.keys()]).toEqual(urls);
    expect([...wanted(socket), ...wanted(next)]).toEqual([]);
    await say(next, initialInput());
    expect(page.liveUrls.size).toBe(0);
  });

  test('an approved image that is no attempt any more is kept', async () => {
    const { client, socket } = joinedClient();
    await say(socket, first, second, final([one, two], one));
    await say(socket, final([two], one));
    expect(imageIds(client)).toEqual(['image-1', 'image-2']);
  });

  test('W3: a final image without an attempt yet is kept while its generation runs', async () => {
    const { client, socket } = joinedClient(generating('generation-1', { candidates: 2 }));
    await say(socket, first, generating('generation-1', { candidates: 2 }));
    expect(imageIds(client)).toEqual(['image-1']);
  });

  test('M4: a final image whose generation was cancelled is released', async () => {
    const { client, page, socket } = joinedClient(generating('generation-1'));
    await say(socket, first, initialInput());
    expect(imageIds(client)).toEqual([]);
    expect(page.liveUrls.size).toBe(0);
  });
});

describe('asking', () => {
  test('W1: what the join brings by itself is not requested', async () => {
    const { socket } = joinedClient(userFeedback([one, two]));
    await say(socket, userFeedback([one, two]));
    expect(wanted(socket)).toEqual([]);
  });

  test('W2: an image on show that is neither here nor coming is requested once', async () => {
    const { socket } = joinedClient();
    await say(socket, userFeedback([one]), userFeedback([one]));
    expect(wanted(socket)).toEqual([['image-1']]);
  });

  test('an image on show that the server does not have is not requested again', async () => {
    const { socket } = joinedClient();
    await say(socket, userFeedback([one]));
    await say(socket, { type: 'reject', imageId: 'image-1', code: 'image_not_found', message: 'It is not here.' });
    await say(socket, userFeedback([one]));
    expect(wanted(socket)).toHaveLength(1);
  });

  test('W2: want leaves out what is here and what is coming', async () => {
    const { client, socket } = joinedClient();
    await say(socket, third, userFeedback([one, two, three]));
    client.want(['image-1', 'image-3']);
    client.want(['image-1', 'image-2', 'image-2']);
    expect(wanted(socket)).toEqual([['image-1'], ['image-2']]);
  });

  test('a want message names at most as many images as the server takes', () => {
    const { client, socket } = joinedClient();
    client.want(Array.from({ length: 30 }, (_, at) => `image-${at}`));
    expect(wanted(socket).map(({ length }) => length)).toEqual([12, 12, 6]);
  });

  test('a want that was rejected for its rate is repeated after a second', () => {
    const { client, page, socket } = joinedClient(userFeedback([one, two]));
    client.want(['image-1']);
    socket.say({ type: 'reject', code: 'rate_limited', message: 'Too fast.' });
    page.pass(1_000);
    expect(wanted(socket)).toEqual([['image-1'], ['image-1']]);
  });

  test('R1: what was wanted and has not come is requested again over the next connection', async () => {
    const listed = userFeedback([one, two, three]);
    const { client, page, socket } = joinedClient(listed);
    client.want(['image-1', 'image-2']);
    await say(socket, second);
    const again = rejoin(page, listed);
    expect(again.sentOf('join')[0]?.have).toEqual(['image-2']);
    expect(wanted(again)).toEqual([['image-1']]);
  });

  test('R1: what could not be had is requested again over the next connection', async () => {
    const listed = userFeedback([one, two]);
    const { client, page, socket } = joinedClient(listed);
    client.want(['image-1']);
    for (const _try of [1, 2]) await say(socket, { ...first, data: '' });
    expect([...client.state.imageProblems]).toEqual([['image-1', 'damaged']]);
    const again = rejoin(page, listed);
    expect(wanted(again)).toEqual([['image-1']]);
    expect(client.state.imageProblems.size).toBe(0);
  });

  test('W2: have names the newest images, as many as the server takes', async () => {
    const { page, socket } = joinedClient();
    socket.say(welcome({ limits: { ...limits, HAVE_IDS: 2 } }));
    await say(socket, third, first, second, userFeedback([one, two, three]));
    expect(rejoin(page).sentOf('join')[0]?.have).toEqual(['image-2', 'image-3']);
  });

  test('an image that was being verified when the next connection opened comes over that one', async () => {
    const { client, page, socket } = joinedClient(generating('generation-1'));
    socket.say(first, userFeedback([one]));
    const again = rejoin(page, userFeedback([one]));
    await settled();
    expect(again.sentOf('join')[0]?.have).toBeUndefined();
    expect(imageIds(client)).toEqual([]);
    await say(again, first);
    expect(imageIds(client)).toEqual(['image-1']);
  });
});
