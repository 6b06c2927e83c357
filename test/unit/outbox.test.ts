import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { type FrameLease, ImageFrames } from '../../server/connect/image-frames.ts';
import { Outbox, type Source } from '../../server/connect/outbox.ts';
import { Wire } from '../../server/connect/wire.ts';
import { ImageMemory } from '../../server/session/image-memory.ts';
import { type StoredImage, storedImage } from '../../server/session/stored-image.ts';
import type { ProgressMessage, WelcomeMessage } from '../../shared/protocol.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { PaperSocket } from '../support/paper-socket.ts';
import { imageOf } from '../support/scripted-generator.ts';

const CAP = 20_000;

const welcome: WelcomeMessage = {
  type: 'welcome',
  protocol: 1,
  connectionId: 'c',
  sessionId: 's',
  role: 'reviewer',
  name: 'Ana',
  generator: { name: 'Scripted', model: 'scripted-1', demo: false },
  limits: {
    INBOUND_MESSAGE_BYTES: 1,
    PROMPT_CHARACTERS: 1,
    FEEDBACK_CHARACTERS: 1,
    NAME_CHARACTERS: 1,
    HAVE_IDS: 1,
    WANT_IDS: 1,
    ATTEMPTS_PER_SESSION: 1,
    DRAFTS_PER_SECOND: 1,
  },
};

const picture = (imageId: string, kind: 'final' | 'partial' = 'final', index = 0): StoredImage =>
  storedImage(imageOf(imageId), { imageId, generationId: 'g', candidate: 0, kind, index });

/** What a session would say, set by the test. */
class Board implements Source {
  revision = 0;
  shownImages: string[] = [];
  viewers = { reviewers: 1, watchers: 0 };
  runningCandidates: number[] = [];
  readonly images = new Map<string, StoredImage>();
  readonly partials = new Map<number, StoredImage>();
  phase: ProgressMessage['phase'] = 'started';

  get snapshotFrame(): Buffer {
    return Buffer.from(JSON.stringify({ type: 'snapshot', revision: this.revision, image: this.shownImages[0] }));
  }
  progress(candidate: number): ProgressMessage | undefined {
    if (!this.runningCandidates.includes(candidate)) return undefined;
    return { type: 'progress', generationId: 'g', candidate, phase: this.phase, try: 1, maxTries: 3, elapsedMs: 0 };
  }
  partial(candidate: number): StoredImage | undefined {
    return this.partials.get(candidate);
  }
  image(imageId: string): StoredImage | undefined {
    return this.images.get(imageId);
  }
  /** A new image, and the snapshot that shows it. */
  shows(imageId: string): void {
    this.images.set(imageId, picture(imageId));
    this.shownImages = [imageId];
    this.revision += 1;
  }
}

const messageOf = ({ pieces }: FrameLease) => JSON.parse(Buffer.concat([...pieces]).toString());

function outboxOn(board: Board, frames = new ImageFrames(new ImageMemory(1_000_000)), have: string[] = []) {
  const socket = new PaperSocket();
  const gone: string[] = [];
  const wire = new Wire(socket as unknown as WebSocket, new FakeClock(), CAP, randomUUID);
  const outbox = new Outbox(wire, frames, (imageId) => gone.push(imageId));
  const join = (urlOf?: (imageId: string) => string) =>
    outbox.subscribe(welcome, { source: board, have, ...(urlOf && { urlOf }) });
  const types = () => socket.take().map(({ type }) => type);
  /** Everything, in the order in which it goes out when the kernel takes all of it. */
  const all = () => {
    socket.flush();
    return socket.take();
  };
  return { socket, outbox, gone, join, types, all };
}

/** A connection that has joined and read everything, on a board that the test then changes. */
function joined(board = new Board(), frames?: ImageFrames) {
  const connection = outboxOn(board, frames);
  connection.join();
  connection.all();
  return { board, ...connection };
}

describe('W1 on joining', () => {
  test('W1 welcome, snapshot, viewers, then the images that are shown', () => {
    const board = new Board();
    board.shows('new');
    board.images.set('approved', picture('approved'));
    board.shownImages.push('approved');
    const { join, all } = outboxOn(board);
    join();
    const messages = all();
    expect(messages.map(({ type }) => type)).toEqual(['welcome', 'snapshot', 'viewers', 'image', 'image']);
    expect(messages.slice(3).map(({ imageId }) => imageId)).toEqual(['new', 'approved']);
  });

  test('W1 not those that it has', () => {
    const board = new Board();
    board.shows('new');
    const { join, all } = outboxOn(board, undefined, ['new']);
    join();
    expect(all().map(({ type }) => type)).toEqual(['welcome', 'snapshot', 'viewers']);
  });

  test('W1 with a generation running also its last progress and last partial', () => {
    const board = new Board();
    board.runningCandidates = [0, 1];
    board.partials.set(1, picture('p', 'partial', 2));
    const { join, all } = outboxOn(board);
    join();
    const messages = all();
    expect(messages.map(({ type }) => type)).toEqual([
      'welcome',
      'snapshot',
      'viewers',
      'progress',
      'progress',
      'image',
    ]);
    expect(messages.at(-1)).toMatchObject({ imageId: 'p', kind: 'partial', index: 2 });
  });

  test('W1 nothing of the session goes out before', () => {
    const { outbox, types } = outboxOn(new Board());
    outbox.send({ type: 'reject', code: 'not_joined', message: 'Join a session first.' });
    outbox.snapshotIsDue();
    outbox.viewersAreDue();
    outbox.progressIsDue(0);
    expect(types()).toEqual(['reject']);
  });
});

describe('W2 bytes cross once', () => {
  test('W2 however often the image is shown', () => {
    const { board, outbox, all } = joined();
    board.shows('one');
    outbox.snapshotIsDue();
    expect(all().map(({ type }) => type)).toEqual(['image', 'snapshot']);
    board.revision += 1;
    outbox.snapshotIsDue();
    expect(all().map(({ type }) => type)).toEqual(['snapshot']);
  });

  test('W2 unless want asks again; what is queued already, or on its way, is not queued twice', () => {
    const { board, outbox, socket, all } = joined();
    board.shows('one');
    board.images.set('two', picture('two'));
    outbox.snapshotIsDue();
    outbox.want(['two', 'one']);
    outbox.want(['two', 'one']);
    socket.flush();
    expect(
      all()
        .filter(({ type }) => type === 'image')
        .map(({ imageId }) => imageId),
    ).toEqual(['one', 'two']);
    outbox.want(['one']);
    expect(all().map(({ imageId }) => imageId)).toEqual(['one']);
  });

  test('images come in the order in which they were asked for', () => {
    const { board, outbox, all } = joined();
    for (const imageId of ['a', 'b', 'c']) board.images.set(imageId, picture(imageId));
    outbox.want(['c', 'a']);
    outbox.want(['b']);
    expect(all().map(({ imageId }) => imageId)).toEqual(['c', 'a', 'b']);
  });

  test('of one that has gone while it waited its connection hears, which refuses it', () => {
    const { board, outbox, gone, all } = joined();
    board.images.set('a', picture('a'));
    board.images.set('b', picture('b'));
    outbox.want(['a', 'b']);
    board.images.delete('b');
    expect(all()).toMatchObject([{ imageId: 'a' }]);
    expect(gone).toEqual(['b']);
  });

  test('with images by url, a path stands in place of the bytes', () => {
    const board = new Board();
    board.shows('one');
    const { join, all } = outboxOn(board);
    join((imageId) => `/images/${imageId}`);
    const image = all().find(({ type }) => type === 'image');
    expect(image).toMatchObject({ imageId: 'one', url: '/images/one' });
    expect(image).not.toHaveProperty('data');
  });

  test('W4 the message carries the very bytes', () => {
    const { board, outbox, all } = joined();
    board.shows('one');
    outbox.snapshotIsDue();
    const [image] = all();
    expect(Buffer.from(String(image?.data), 'base64').equals(picture('one').bytes)).toBe(true);
    expect(image).toEqual({ type: 'image', ...picture('one').reference, data: image?.data });
  });
});

describe('W3 an image comes before the snapshot that shows it', () => {
  test('W3 also when another image is still in flight', () => {
    const { board, outbox, socket, types } = joined();
    board.runningCandidates = [0];
    board.partials.set(0, picture('p', 'partial'));
    outbox.partialIsDue(0);
    expect(types()).toEqual(['image']);
    board.shows('one');
    outbox.snapshotIsDue();
    expect(types()).toEqual([]);
    socket.flush();
    expect(types()).toEqual(['image', 'snapshot']);
  });

  test('W3 a snapshot that waits shows the latest state when it goes', () => {
    const { board, outbox, socket } = joined();
    board.images.set('other', picture('other'));
    outbox.want(['other']);
    board.shows('one');
    outbox.snapshotIsDue();
    board.shows('two');
    outbox.snapshotIsDue();
    socket.take();
    socket.flush();
    expect(socket.take()).toMatchObject([{ imageId: 'two' }, { type: 'snapshot', revision: 2, image: 'two' }]);
  });
});

describe('W6 answers', () => {
  const ack = { type: 'ack', commandId: 'x', revision: 1 } as const;

  test('W6 an ack follows the snapshot it caused', () => {
    const { board, outbox, socket, types } = joined();
    outbox.send({ type: 'goodbye', reason: 'x'.repeat(CAP) });
    board.revision = 1;
    outbox.snapshotIsDue();
    outbox.send(ack);
    socket.flush();
    expect(types().slice(-2)).toEqual(['snapshot', 'ack']);
  });

  test('W6 an ack goes first when that snapshot waits for an image', () => {
    const { board, outbox, socket, types } = joined();
    board.images.set('other', picture('other'));
    outbox.want(['other']);
    board.shows('one');
    outbox.snapshotIsDue();
    outbox.send(ack);
    expect(types()).toEqual(['image', 'ack']);
    socket.flush();
    expect(types()).toEqual(['image', 'snapshot']);
  });

  test('W6 answers stay in the order of their commands', () => {
    const { outbox, socket, all } = joined();
    outbox.snapshotIsDue();
    outbox.send({ type: 'reject', commandId: '1', code: 'wrong_stage', message: '' });
    outbox.send({ type: 'ack', commandId: '2', revision: 1 });
    outbox.send({ type: 'reject', commandId: '3', code: 'stale', message: '' });
    socket.flush();
    expect(all().flatMap(({ commandId }) => commandId ?? [])).toEqual(['1', '2', '3']);
  });

  test('W6 no answer is lost on a stalled wire', () => {
    const { outbox, all } = joined();
    const ids = Array.from({ length: 1_000 }, (_, n) => `${n}`);
    for (const commandId of ids) outbox.send({ type: 'ack', commandId, revision: 1 });
    expect(all().flatMap(({ commandId }) => commandId ?? [])).toEqual(ids);
  });
});

describe('R3 a slow connection', () => {
  /** Fills the wire above its cap. */
  const stall = ({ outbox, socket }: Pick<ReturnType<typeof joined>, 'outbox' | 'socket'>) => {
    outbox.send({ type: 'goodbye', reason: 'x'.repeat(CAP) });
    socket.take();
  };

  test('R3 snapshots, progress, viewers and drafts collapse to the latest', () => {
    const connection = joined();
    const { board, outbox, all } = connection;
    board.runningCandidates = [0];
    stall(connection);
    for (let n = 1; n <= 50; n++) {
      board.revision = n;
      board.viewers = { reviewers: n, watchers: 0 };
      board.phase = n % 2 ? 'started' : 'drawing';
      outbox.snapshotIsDue();
      outbox.viewersAreDue();
      outbox.progressIsDue(0);
      outbox.draftIsDue(`draft ${n}`, 'Bo');
    }
    expect(all()).toMatchObject([
      { type: 'snapshot', revision: 50 },
      { type: 'viewers', reviewers: 50 },
      { type: 'progress', phase: 'drawing' },
    ]);
    stall(connection);
    for (let n = 1; n <= 50; n++) outbox.draftIsDue(`draft ${n}`, 'Bo');
    expect(all()).toEqual([{ type: 'draft', text: 'draft 50', by: 'Bo' }]);
  });

  describe('W8 the last text that its author hears is the one that is set', () => {
    const drafts = (sent: Record<string, unknown>[]) =>
      sent.flatMap(({ type, text, draftId, revision }) => {
        if (type === 'draft') return draftId === undefined ? `theirs: ${text}` : `${draftId}: ${text}`;
        if (type === 'snapshot') return `snapshot ${revision}`;
        return type === 'ack' ? 'ack' : [];
      });
    const own = (outbox: Outbox, draftId: string) => outbox.draftIsDue('mine', 'Ana', draftId);
    const others = (outbox: Outbox) => outbox.draftIsDue('theirs', 'Bo');

    test.each<[string, (connection: ReturnType<typeof joined>) => void, string[]]>([
      [
        'one’s own comes before what was set after it',
        ({ outbox }) => {
          own(outbox, 'd1');
          others(outbox);
        },
        ['d1: mine', 'theirs: theirs'],
      ],
      [
        'one’s own stands for what was set before it',
        ({ outbox }) => {
          own(outbox, 'd1');
          others(outbox);
          own(outbox, 'd2');
        },
        ['d2: mine'],
      ],
      [
        'no snapshot stands for one’s own, and none comes before it',
        ({ board, outbox }) => {
          own(outbox, 'd1');
          board.revision = 1;
          outbox.snapshotIsDue();
        },
        ['d1: mine', 'snapshot 1'],
      ],
      [
        'a snapshot stands for what others have set, before or after it was due',
        ({ board, outbox }) => {
          others(outbox);
          own(outbox, 'd1');
          board.revision = 1;
          outbox.snapshotIsDue();
          others(outbox);
        },
        ['d1: mine', 'snapshot 1'],
      ],
      [
        'all goes out before the ack of a command that followed',
        ({ board, outbox }) => {
          own(outbox, 'd1');
          board.revision = 1;
          outbox.snapshotIsDue();
          outbox.send({ type: 'ack', commandId: 'go', revision: 1 });
        },
        ['d1: mine', 'snapshot 1', 'ack'],
      ],
    ])('W8 %s', (_what, happen, expected) => {
      const connection = joined();
      stall(connection);
      happen(connection);
      expect(drafts(connection.all())).toEqual(expected);
    });

    test('W8 while a snapshot waits for its images, texts go out, and it says the last one again', () => {
      const { board, outbox, socket, all } = joined();
      board.shows('one');
      board.shows('two');
      board.shownImages = ['one', 'two'];
      outbox.snapshotIsDue();
      own(outbox, 'd1');
      others(outbox);
      expect(drafts(socket.take())).toEqual(['d1: mine', 'theirs: theirs']);
      expect(drafts(all())).toEqual(['snapshot 2']);
    });
  });

  test('R3 superseded partials are dropped', () => {
    const connection = joined();
    const { board, outbox, socket, all } = connection;
    board.runningCandidates = [0];
    for (let index = 0; index < 5; index++) {
      board.partials.set(0, picture(`p${index}`, 'partial', index));
      outbox.partialIsDue(0);
    }
    socket.flush();
    expect(all().map(({ imageId }) => imageId)).toEqual(['p0', 'p4']);
  });

  test('R3 a partial of what is no longer drawn is not sent', () => {
    const connection = joined();
    const { board, outbox, types, socket } = connection;
    stall(connection);
    board.partials.set(0, picture('p', 'partial'));
    outbox.partialIsDue(0);
    board.partials.clear();
    socket.flush();
    expect(types()).toEqual([]);
  });

  test('one image is in flight at a time, and a snapshot need not wait for it', () => {
    const { board, outbox, socket, types } = joined();
    for (const imageId of ['a', 'b']) board.images.set(imageId, picture(imageId));
    outbox.want(['a', 'b']);
    expect(types()).toEqual(['image']);
    socket.flush(1);
    expect(types()).toEqual(['image']);
    outbox.snapshotIsDue();
    socket.flush();
    expect(types()).toEqual(['snapshot']);
  });

  test('a heartbeat is skipped while there is no room', () => {
    const connection = joined();
    stall(connection);
    connection.outbox.heartbeatIsDue();
    expect(connection.all()).toEqual([]);
    connection.outbox.heartbeatIsDue();
    expect(connection.types()).toEqual(['heartbeat']);
  });

  test('R6 the last message waits for no room, but never stands within another', () => {
    const goodbye = { type: 'goodbye', reason: 'restart' } as const;
    const slow = joined();
    stall(slow);
    slow.outbox.sendLast(goodbye);
    expect(slow.types()).toEqual(['goodbye']);
    const inPieces = joined(new Board(), new ImageFrames(new ImageMemory(0)));
    inPieces.board.images.set('big', { ...picture('big'), bytes: imageOf('big', 200_000).bytes });
    inPieces.outbox.want(['big']);
    inPieces.outbox.sendLast(goodbye);
    expect(inPieces.all().map(({ type }) => type)).toEqual(['heartbeat', 'image']);
  });

  test('whoever asks on without reading waits until the first answers are gone', async () => {
    const connection = joined();
    stall(connection);
    for (let count = 0; count < 15; count += 1)
      connection.outbox.send({ type: 'ack', commandId: `${count}`, revision: 0 });
    await connection.outbox.ready();
    connection.outbox.send({ type: 'ack', commandId: '15', revision: 0 });
    let isReady = false;
    const ready = connection.outbox.ready().then(() => {
      isReady = true;
    });
    await Promise.resolve();
    expect(isReady).toBe(false);
    connection.socket.flush();
    await ready;
    expect(isReady).toBe(true);
  });

  test('nobody waits for an image on a thin line: the next command is taken at once', async () => {
    const connection = joined();
    stall(connection);
    await connection.outbox.ready();
    connection.outbox.send({ type: 'ack', commandId: 'cancelled', revision: 1 });
    expect(connection.types()).toEqual([]);
    expect(connection.all().at(-1)).toMatchObject({ type: 'ack', commandId: 'cancelled' });
  });
});

describe('frames', () => {
  test('a frame is built once for all who send it at the same time, and its memory comes back', () => {
    const memory = new ImageMemory(1_000_000);
    const frames = new ImageFrames(memory);
    const board = new Board();
    const connections = [1, 2, 3].map(() => joined(board, frames));
    board.shows('one');
    for (const { outbox } of connections) outbox.snapshotIsDue();
    const sent = connections.map(({ socket }) => socket.frames[0]);
    expect(sent[0]).toBeInstanceOf(Buffer);
    expect(new Set(sent).size).toBe(1);
    expect(memory.usedBytes).toBe(sent[0]?.length);
    for (const { socket } of connections) socket.flush();
    expect(memory.usedBytes).toBe(0);
  });

  test('R3 nothing is built for a stalled connection until there is room', () => {
    const memory = new ImageMemory(1_000_000);
    const connection = joined(new Board(), new ImageFrames(memory));
    const { board, outbox, socket } = connection;
    outbox.send({ type: 'goodbye', reason: 'x'.repeat(CAP) });
    board.shows('one');
    outbox.snapshotIsDue();
    outbox.want(['one']);
    expect(memory.usedBytes).toBe(0);
    socket.flush(1);
    expect(memory.usedBytes).toBeGreaterThan(0);
    socket.flush();
    expect(memory.usedBytes).toBe(0);
  });

  test('R7 what nobody looks at gives way to a frame, before the frame takes its memory', () => {
    const memory = new ImageMemory(5_000);
    const abandoned = memory.take(4_900);
    memory.makeRoom = () => {
      expect(memory.usedBytes).toBe(4_900);
      abandoned.release();
    };
    const { byteLength } = new ImageFrames(memory).lease(picture('a'));
    expect(memory.usedBytes).toBe(byteLength);
  });

  test('a lease may be released twice, and frees nobody else’s', () => {
    const memory = new ImageMemory(1_000_000);
    const frames = new ImageFrames(memory);
    const [one, two] = [frames.lease(picture('a')), frames.lease(picture('b'))];
    const used = memory.usedBytes;
    one.release();
    one.release();
    expect(memory.usedBytes).toBe(used - one.byteLength);
    two.release();
    expect(memory.usedBytes).toBe(0);
  });

  test('a view into a larger buffer is sent as what it shows', () => {
    const whole = imageOf('whole', 100).bytes;
    const image = { ...picture('v'), bytes: whole.subarray(10, 60) };
    const { data } = messageOf(new ImageFrames(new ImageMemory(1_000)).lease(image));
    expect(Buffer.from(data, 'base64').equals(whole.subarray(10, 60))).toBe(true);
  });
});

describe('R7 images for which there is no room as a frame', () => {
  const byteLengths = [1, 2, 3, 48 * 1024 - 1, 48 * 1024, 48 * 1024 + 1, 200_001];

  test.each(byteLengths)('R7 one of %i bytes goes out in pieces, as the same message', (byteLength) => {
    const image = { ...picture('a'), bytes: imageOf('a', byteLength).bytes };
    const whole = new ImageFrames(new ImageMemory(1_000_000)).lease(image);
    const memory = new ImageMemory(byteLength);
    const pieces = new ImageFrames(memory).lease({ ...image, room: memory.take(byteLength) });
    expect(pieces.byteLength).toBe(whole.byteLength);
    expect(messageOf(pieces)).toEqual(messageOf(whole));
    expect(memory.usedBytes).toBe(byteLength);
  });

  test('R7 the room of an image that is dropped on its way is free when it has gone out', () => {
    const memory = new ImageMemory(300_000);
    const image = { ...picture('big'), bytes: imageOf('big', 200_000).bytes, room: memory.take(200_000) };
    const board = new Board();
    const { outbox, socket } = joined(board, new ImageFrames(memory));
    board.images.set('big', image);
    outbox.want(['big']);
    socket.flush(2);
    board.images.delete('big');
    image.room.release();
    expect(memory.usedBytes).toBe(200_000);
    socket.flush();
    expect(memory.usedBytes).toBe(0);
    expect(socket.take().map(({ type }) => type)).toEqual(['heartbeat', 'image']);
  });

  test('R7 a preview that is on its way to a stalled tab is counted once for all who are sent it, until it has gone out', () => {
    const memory = new ImageMemory(6_000);
    const previews = ['one', 'two'].map((imageId) => ({ ...picture(imageId, 'partial'), room: memory.take(3_000) }));
    const frames = new ImageFrames(memory);
    const leases = [...previews, ...previews].map((preview) => frames.lease(preview));
    for (const { room } of previews) room.release(); // Newer ones have taken their place.
    expect(memory.usedBytes).toBe(6_000);
    for (const lease of leases) lease.release();
    expect(memory.usedBytes).toBe(0);
  });

  test('R7 what is asked meanwhile is answered after it, never within', () => {
    const memory = new ImageMemory(0);
    const board = new Board();
    const connection = joined(board, new ImageFrames(memory));
    const { outbox, socket } = connection;
    board.images.set('big', { ...picture('big'), bytes: imageOf('big', 200_000).bytes });
    outbox.want(['big']);
    for (let piece = 0; piece < 3; piece++) {
      outbox.send({ type: 'ack', commandId: `c${piece}`, revision: 1 });
      outbox.heartbeatIsDue();
      socket.flush(1);
    }
    socket.flush();
    expect(socket.take().map(({ type }) => type)).toEqual(['heartbeat', 'image', 'ack', 'ack', 'ack']);
  });

  test('R7 a socket that closes on the way gives everything back', () => {
    const memory = new ImageMemory(200_000);
    const image = { ...picture('big'), bytes: imageOf('big', 200_000).bytes, room: memory.take(200_000) };
    const board = new Board();
    const { outbox, socket } = joined(board, new ImageFrames(memory));
    board.images.set('big', image);
    outbox.want(['big']);
    socket.flush(2);
    image.room.release();
    socket.readyState = 3;
    socket.flush();
    expect(memory.usedBytes).toBe(0);
  });
});
