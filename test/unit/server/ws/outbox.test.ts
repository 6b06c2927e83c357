import { describe, expect, test } from 'vitest';
import { ImageMemory } from '../../../../server/session/image-memory.ts';
import { ImageFrames } from '../../../../server/ws/image-frames.ts';
import type { RecordEntry } from '../../../../shared/model.ts';
import type { SentMessage } from '../../../support/fake-web-socket.ts';
import {
  CAP,
  FakeSource,
  joinedOutbox,
  OutboxHarness,
  storedImage,
  UPDATE_BURST,
} from '../../../support/outbox-harness.ts';

const imageIdsOf = (messages: readonly SentMessage[]) =>
  messages.filter(({ type }) => type === 'image').map(({ imageId }) => imageId);
const entry = (number: number): RecordEntry => ({
  kind: 'forgotten',
  entryId: `e${number}`,
  at: '2026-01-01T00:00:00.000Z',
  numbers: [number],
});
const ack = (commandId: string) => ({ type: 'ack', commandId, revision: 1 }) as const;
const draftOf = (text: string, draftId?: string) => ({
  text,
  by: 'Bo',
  participantId: 'p2',
  ...(draftId !== undefined && { draftId }),
});

describe('long prompts', () => {
  const named = (messages: readonly SentMessage[]) =>
    messages.map(({ type, promptId }) => (type === 'prompt' ? `${type} ${String(promptId)}` : type));

  test('W12: come before the first snapshot that names them, and not again', () => {
    const source = new FakeSource();
    source.prompts.set('1', 'a long one');
    const harness = new OutboxHarness({ source });
    harness.join({ promptsOnce: true });
    expect(named(harness.all())).toEqual(['welcome', 'prompt 1', 'snapshot', 'viewers']);
    source.prompts.set('2', 'another one');
    source.revision += 1;
    harness.outbox.snapshotChanged();
    harness.outbox.send(ack('c1'));
    expect(named(harness.all())).toEqual(['prompt 2', 'snapshot', 'ack']);
    harness.outbox.snapshotChanged();
    harness.clock.advance(60_000);
    expect(named(harness.all())).toEqual(['snapshot']);
  });

  test('W12: one that a snapshot did not name is sent again when another one does', () => {
    const source = new FakeSource();
    source.prompts.set('1', 'a long one');
    const harness = joinedOutbox({ source, promptsOnce: true });
    source.prompts.clear();
    harness.outbox.snapshotChanged();
    expect(named(harness.all())).toEqual(['snapshot']);
    source.prompts.set('1', 'a long one');
    harness.outbox.snapshotChanged();
    expect(named(harness.all())).toEqual(['prompt 1', 'snapshot']);
  });

  test('a client that knows nothing of them gets whole snapshots', () => {
    const source = new FakeSource();
    source.prompts.set('1', 'a long one');
    source.prompt = 'a long one';
    const harness = new OutboxHarness({ source });
    harness.join();
    expect(harness.all()[1]).toMatchObject({ type: 'snapshot', prompt: 'a long one' });
  });
});

describe('on joining', () => {
  test('W1: welcome, snapshot, viewers, then the images that the snapshot shows', () => {
    const source = new FakeSource();
    source.show('newest');
    source.addImages('approved', 'another attempt');
    source.shownImages.push('approved');
    const harness = new OutboxHarness({ source });
    harness.join();
    const messages = harness.all();
    expect(messages.map(({ type }) => type)).toEqual(['welcome', 'snapshot', 'viewers', 'image', 'image']);
    expect(imageIdsOf(messages)).toEqual(['newest', 'approved']);
  });

  test('W1: images that the client has are not sent', () => {
    const source = new FakeSource();
    source.show('newest');
    const harness = new OutboxHarness({ source });
    harness.join({ have: ['newest'] });
    expect(harness.allTypes()).toEqual(['welcome', 'snapshot', 'viewers']);
  });

  test('W1: with a generation running also its last progress and its last preview', () => {
    const source = new FakeSource();
    source.runningCandidates = [0, 1];
    source.partials.set(1, storedImage('preview', { kind: 'partial', index: 2 }));
    const harness = new OutboxHarness({ source });
    harness.join();
    const messages = harness.all();
    expect(messages.slice(3).map(({ type }) => type)).toEqual(['progress', 'progress', 'image']);
    expect(messages.at(-1)).toMatchObject({ imageId: 'preview', kind: 'partial', index: 2 });
  });

  test('W1 W10: after the snapshot come the entries of the record that the client does not have', () => {
    const source = new FakeSource();
    source.record = [1, 2, 3].map(entry);
    for (const [record, froms] of [
      [0, [0, 1, 2]],
      [2, [2]],
      [3, []],
      // It can't have so many: it gets all of them.
      [4, [0, 1, 2]],
    ] as const) {
      const harness = new OutboxHarness({ source });
      harness.join({ record });
      const messages = harness.all();
      const records = froms.map(() => 'record');
      expect(messages.map(({ type }) => type)).toEqual(['welcome', 'snapshot', ...records, 'viewers']);
      expect(messages.filter(({ type }) => type === 'record').map(({ from }) => from)).toEqual(froms);
    }
  });

  test('W1: no draft goes out before the first snapshot, which carries the text', () => {
    const harness = new OutboxHarness();
    harness.stall();
    harness.join();
    harness.outbox.draftChanged(draftOf('text', 'd1'));
    expect(harness.allTypes()).toEqual(['welcome', 'snapshot', 'viewers']);
  });

  test('W1: before it only answers go out', () => {
    const { outbox, types } = new OutboxHarness();
    outbox.send({ type: 'reject', code: 'not_joined', message: '' });
    outbox.snapshotChanged();
    outbox.viewersChanged();
    outbox.progressChanged(0);
    outbox.draftChanged(draftOf('text'));
    expect(types()).toEqual(['reject']);
  });
});

describe('images', () => {
  test('W2: the bytes go out once, however often a snapshot shows them', () => {
    const { outbox, source, allTypes } = joinedOutbox();
    source.show('one');
    outbox.snapshotChanged();
    expect(allTypes()).toEqual(['image', 'snapshot']);
    source.revision += 1;
    outbox.snapshotChanged();
    expect(allTypes()).toEqual(['snapshot']);
  });

  test('W2: want sends them again, but not twice what is queued or being sent', () => {
    const { outbox, source, all } = joinedOutbox();
    source.show('one');
    source.addImages('two');
    outbox.snapshotChanged();
    outbox.want(['two', 'one']);
    outbox.want(['two', 'one']);
    expect(imageIdsOf(all())).toEqual(['one', 'two']);
    outbox.want(['one']);
    expect(imageIdsOf(all())).toEqual(['one']);
  });

  test('wanted images are sent in the order of the requests; one that is gone by then is reported', () => {
    const { outbox, source, gone, all } = joinedOutbox();
    source.addImages('a', 'b', 'c', 'd');
    outbox.want(['c', 'a']);
    outbox.want(['d', 'b']);
    source.images.delete('d');
    expect(imageIdsOf(all())).toEqual(['c', 'a', 'b']);
    expect(gone).toEqual(['d']);
  });

  test('W4: the message carries the reference and the untouched bytes, or a path for a client that joined for one', () => {
    const { outbox, source, all } = joinedOutbox();
    source.show('one');
    outbox.snapshotChanged();
    const { reference, bytes } = storedImage('one');
    const [inline] = all();
    expect(inline).toEqual({ type: 'image', ...reference, data: Buffer.from(bytes).toString('base64') });
    const byUrl = new OutboxHarness({ source });
    byUrl.join({ urlOf: (imageId) => `/images/${imageId}` });
    const image = byUrl.all().find(({ type }) => type === 'image');
    expect(image).toEqual({ type: 'image', ...reference, url: '/images/one' });
  });

  test('W3: an image goes out before the snapshot that shows it, though another one is being sent', () => {
    const { outbox, source, socket, types } = joinedOutbox();
    source.partials.set(0, storedImage('preview', { kind: 'partial' }));
    outbox.partialChanged(0);
    expect(types()).toEqual(['image']);
    source.show('one');
    outbox.snapshotChanged();
    expect(types()).toEqual([]);
    socket.flush();
    expect(types()).toEqual(['image', 'snapshot']);
  });

  test('W3: a snapshot that waited for its image shows the latest state', () => {
    const { outbox, source, socket, all } = joinedOutbox();
    source.addImages('other');
    outbox.want(['other']);
    for (const imageId of ['one', 'two']) {
      source.show(imageId);
      outbox.snapshotChanged();
    }
    socket.take();
    expect(all()).toMatchObject([{ imageId: 'two' }, { type: 'snapshot', revision: 2, image: 'two' }]);
  });

  test('one image is sent at a time, and a snapshot does not wait for it', () => {
    const { outbox, source, socket, types } = joinedOutbox();
    source.addImages('a', 'b');
    outbox.want(['a', 'b']);
    expect(types()).toEqual(['image']);
    outbox.snapshotChanged();
    expect(types()).toEqual(['snapshot']);
    socket.flush(1);
    expect(types()).toEqual(['image']);
  });
});

describe('answers', () => {
  test('W6: an ack follows the snapshot that its command caused', () => {
    const { stall, outbox, source, socket, types } = joinedOutbox();
    stall();
    source.revision = 1;
    outbox.snapshotChanged();
    outbox.send(ack('x'));
    expect(types()).toEqual([]);
    socket.flush();
    expect(types()).toEqual(['snapshot', 'ack']);
  });

  test('W6: an ack goes first when that snapshot waits for an image', () => {
    const { outbox, source, socket, types } = joinedOutbox();
    source.addImages('other');
    outbox.want(['other']);
    source.show('one');
    outbox.snapshotChanged();
    outbox.send(ack('x'));
    expect(types()).toEqual(['image', 'ack']);
    socket.flush();
    expect(types()).toEqual(['image', 'snapshot']);
  });

  test('W6: answers keep the order of their commands, and none is lost on a stalled socket', () => {
    const { stall, outbox, all } = joinedOutbox();
    stall();
    const ids = Array.from({ length: 1_000 }, (_, index) => `${index}`);
    for (const [index, commandId] of ids.entries()) {
      outbox.snapshotChanged();
      if (index % 3 > 0) outbox.send(ack(commandId));
      else outbox.send({ type: 'reject', commandId, code: 'stale', message: '' });
    }
    expect(all().flatMap(({ commandId }) => commandId ?? [])).toEqual(ids);
  });

  test('R3: reading goes on while few answers wait, and stops until they are sent when many do', async () => {
    const { stall, outbox, socket } = joinedOutbox();
    stall();
    for (let count = 0; count < 15; count += 1) outbox.send(ack(`${count}`));
    await outbox.ready();
    outbox.send(ack('15'));
    let isReady = false;
    const ready = outbox.ready().then(() => {
      isReady = true;
    });
    await Promise.resolve();
    expect(isReady).toBe(false);
    socket.flush();
    await ready;
  });
});

describe('a slow connection', () => {
  test('R3: snapshots, progress, viewers and drafts are reduced to the latest', () => {
    const { stall, outbox, source, all } = joinedOutbox();
    source.runningCandidates = [0];
    stall();
    for (let count = 1; count <= 50; count += 1) {
      source.revision = count;
      source.viewers = { reviewers: count, watchers: 0 };
      source.phase = count % 2 ? 'started' : 'drawing';
      outbox.snapshotChanged();
      outbox.viewersChanged();
      outbox.progressChanged(0);
      outbox.draftChanged(draftOf(`draft ${count}`));
    }
    expect(all()).toMatchObject([
      { type: 'snapshot', revision: 50 },
      { type: 'viewers', reviewers: 50 },
      { type: 'progress', phase: 'drawing' },
    ]);
    stall();
    for (let count = 1; count <= 50; count += 1) outbox.draftChanged(draftOf(`draft ${count}`));
    expect(all()).toEqual([{ type: 'draft', ...draftOf('draft 50') }]);
  });

  test('R3: previews that newer ones replaced, or whose candidate has ended, are not sent', () => {
    const { stall, outbox, source, all } = joinedOutbox();
    for (let index = 0; index < 5; index += 1) {
      source.partials.set(0, storedImage(`preview ${index}`, { kind: 'partial', index }));
      outbox.partialChanged(0);
    }
    expect(imageIdsOf(all())).toEqual(['preview 0', 'preview 4']);
    stall();
    outbox.partialChanged(0);
    source.partials.clear();
    expect(all()).toEqual([]);
  });

  test('R4: a heartbeat is skipped while the socket is full', () => {
    const { stall, outbox, all, types } = joinedOutbox();
    stall();
    outbox.sendHeartbeat();
    expect(all()).toEqual([]);
    outbox.sendHeartbeat();
    expect(types()).toEqual(['heartbeat']);
  });

  test('R6: the last message waits for no capacity, but never stands within another message', () => {
    const goodbye = { type: 'goodbye', reason: 'restart' } as const;
    const slow = joinedOutbox();
    slow.stall();
    slow.outbox.sendLast(goodbye);
    expect(slow.types()).toEqual(['goodbye']);
    const inPieces = joinedOutbox({ frames: new ImageFrames(new ImageMemory(0)) });
    inPieces.source.images.set('big', storedImage('big', { byteLength: 200_000 }));
    inPieces.outbox.want(['big']);
    inPieces.outbox.sendLast(goodbye);
    expect(inPieces.allTypes()).toEqual(['heartbeat', 'image']);
  });
});

describe('a long snapshot that the peer has not read yet', () => {
  /** An outbox that has sent a long snapshot. */
  function unreadSnapshot() {
    const harness = joinedOutbox();
    const { source, outbox } = harness;
    source.prompt = 'p'.repeat(CAP / 2);
    const change = (revision: number) => {
      source.revision = revision;
      outbox.snapshotChanged();
    };
    /** The types of the sent messages; a snapshot stands as its revision. */
    const sent = () => harness.all().map(({ type, revision }) => (type === 'snapshot' ? revision : type));
    change(1);
    expect(sent()).toEqual([1]);
    return { ...harness, change, sent };
  }

  test('R3 M6: holds up the next, of which then the latest goes', () => {
    const { socket, change, sent } = unreadSnapshot();
    change(2);
    change(3);
    expect(sent()).toEqual([]);
    socket.pong();
    expect(sent()).toEqual([3]);
    socket.pong();
    expect(sent()).toEqual([]);
  });

  test('W6: does not hold up one that an ack waits for', () => {
    const { socket, outbox, change, sent } = unreadSnapshot();
    change(2);
    outbox.send(ack('x'));
    expect(sent()).toEqual([2, 'ack']);
    change(3);
    outbox.send({ type: 'reject', commandId: 'y', code: 'stale', message: '' });
    expect(sent()).toEqual(['reject']);
    socket.pong();
    expect(sent()).toEqual([3]);
  });

  test('W1: holds up the progress of a generation that only the next one shows, and no other messages', () => {
    const { socket, source, outbox, change, sent } = unreadSnapshot();
    change(2);
    source.runningCandidates = [0];
    outbox.progressChanged(0);
    outbox.viewersChanged();
    outbox.draftChanged(draftOf('text'));
    outbox.sendHeartbeat();
    expect(sent()).toEqual(['viewers', 'draft', 'heartbeat']);
    socket.pong();
    expect(sent()).toEqual([2, 'progress']);
  });
});

describe('S4: the rate of snapshots and drafts', () => {
  /** An outbox that has sent snapshots for more than the burst: nothing is left for the next 5 s. */
  function pausedOutbox() {
    const harness = joinedOutbox();
    const { source, outbox, socket } = harness;
    const change = (revision: number) => {
      source.revision = revision;
      outbox.snapshotChanged();
    };
    source.prompt = 'p'.repeat(UPDATE_BURST * 1.5);
    change(1);
    expect(harness.allTypes()).toEqual(['heartbeat', 'snapshot']);
    socket.pong();
    source.prompt = '';
    return { ...harness, change };
  }

  test('changes that come faster are reduced to the latest, which goes out as soon as it may', () => {
    const { clock, outbox, change, all, allTypes } = pausedOutbox();
    for (let revision = 2; revision <= 50; revision += 1) change(revision);
    expect([allTypes(), outbox.isPaused]).toEqual([[], true]);
    clock.advance(4_900);
    expect(allTypes()).toEqual([]);
    clock.advance(300);
    expect(all()).toMatchObject([{ type: 'snapshot', revision: 50 }]);
    expect([outbox.isPaused, clock.timers]).toEqual([false, 0]);
  });

  test('drafts of others count too, and the last one stands for all', () => {
    const { clock, outbox, all, allTypes } = pausedOutbox();
    for (const text of ['a', 'a c', 'a cat']) outbox.draftChanged(draftOf(text));
    expect(allTypes()).toEqual([]);
    clock.advance(5_200);
    expect(all()).toEqual([{ type: 'draft', ...draftOf('a cat') }]);
    for (const text of ['x'.repeat(UPDATE_BURST), 'y']) outbox.draftChanged(draftOf(text));
    expect(allTypes()).toEqual(['heartbeat', 'draft']);
  });

  test('W6: an ack takes its snapshot along, and answers and images wait for nothing, though presence does', () => {
    const { outbox, source, change, allTypes } = pausedOutbox();
    change(2);
    outbox.send(ack('x'));
    expect(allTypes()).toEqual(['snapshot', 'ack']);
    change(3);
    source.addImages('one');
    outbox.want(['one']);
    outbox.viewersChanged();
    outbox.send({ type: 'reject', code: 'rate_limited', message: '' });
    expect(allTypes()).toEqual(['image', 'reject']);
  });

  test('a connection that is over leaves no timer', () => {
    const { clock, outbox, change } = pausedOutbox();
    change(2);
    outbox.stop();
    change(3);
    outbox.stop();
    expect(clock.timers).toBe(0);
  });
});

test('R3: a draft is encoded once for all connections', () => {
  const [one, two] = [joinedOutbox(), joinedOutbox()];
  const update = draftOf('a cat');
  for (const { outbox } of [one, two]) outbox.draftChanged(update);
  const [first, second] = [one, two].map(({ socket }) => socket.frames.at(-1));
  expect(first).toBeInstanceOf(Buffer);
  expect(second).toBe(first);
});

describe('W8: the last text that its author receives is the one that is set', () => {
  type Happening = 'own d1' | 'own d2' | 'of another' | 'snapshot' | 'ack';

  const happen = ({ outbox, source }: OutboxHarness, happening: Happening) => {
    if (happening === 'of another') return outbox.draftChanged(draftOf('theirs'));
    if (happening === 'ack') return outbox.send(ack('x'));
    if (happening !== 'snapshot') return outbox.draftChanged(draftOf('mine', happening));
    source.revision = 1;
    return outbox.snapshotChanged();
  };
  const sentBy = (messages: readonly SentMessage[]) =>
    messages.map(({ type, draftId = 'of another' }) => (type === 'draft' ? draftId : type));

  test.each<[string, Happening[], string[]]>([
    [
      'one’s own text comes before a later one of another participant',
      ['own d1', 'of another'],
      ['own d1', 'of another'],
    ],
    ['one’s own text replaces what was set before it', ['own d1', 'of another', 'own d2'], ['own d2']],
    ['a snapshot neither replaces one’s own text nor comes before it', ['own d1', 'snapshot'], ['own d1', 'snapshot']],
    [
      'a snapshot replaces the texts of others',
      ['of another', 'own d1', 'snapshot', 'of another'],
      ['own d1', 'snapshot'],
    ],
    ['texts go before the ack of a later command', ['own d1', 'snapshot', 'ack'], ['own d1', 'snapshot', 'ack']],
  ])('W8: %s', (_what, happenings, expected) => {
    const harness = joinedOutbox();
    harness.stall();
    for (const happening of happenings) happen(harness, happening);
    expect(sentBy(harness.all())).toEqual(expected);
  });

  test('W8: while a snapshot waits for its images texts go out', () => {
    const harness = joinedOutbox();
    for (const imageId of ['one', 'two']) harness.source.show(imageId);
    harness.source.shownImages = ['one', 'two'];
    harness.outbox.snapshotChanged();
    happen(harness, 'own d1');
    happen(harness, 'of another');
    const sent = sentBy(harness.socket.take()).filter((type) => type !== 'image');
    expect(sent).toEqual(['own d1', 'of another']);
    expect(harness.allTypes().filter((type) => type !== 'image')).toEqual(['snapshot']);
  });
});

describe('W10: a record that grows', () => {
  test('its entries go out before the snapshot that counts them and the ack, each once', () => {
    const { source, outbox, stall, allTypes } = joinedOutbox();
    stall();
    source.record = [entry(1), entry(2)];
    outbox.snapshotChanged();
    outbox.send(ack('x'));
    expect(allTypes()).toEqual(['record', 'record', 'snapshot', 'ack']);
    outbox.snapshotChanged();
    expect(allTypes()).toEqual(['snapshot']);
  });

  test('R3: they wait for a socket that is full', () => {
    const { source, outbox, stall, types, allTypes } = joinedOutbox();
    stall();
    source.record = [entry(1)];
    outbox.snapshotChanged();
    expect(types()).toEqual([]);
    expect(allTypes()).toEqual(['record', 'snapshot']);
  });
});
