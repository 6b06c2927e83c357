import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import '../../../../client/components/room/proof-room.ts';
import type { ProofRoom } from '../../../../client/components/room/proof-room.ts';
import { IntentEvent } from '../../../../client/model/intent.ts';
import type { ClientMessage, ServerMessage } from '../../../../shared/protocol.ts';
import * as states from '../../../support/component-states.ts';
import { deep } from '../../../support/dom.ts';
import { promptField } from '../../../support/review-room.ts';

/** The server's end of one socket, played by the test. */
class FakeWebSocket {
  static readonly all: FakeWebSocket[] = [];
  readonly url: string;
  readonly sent: ClientMessage[] = [];
  onopen: (() => void) | undefined;
  onmessage: ((event: { data: string }) => void) | undefined;
  onclose: ((event: { code: number }) => void) | undefined;

  constructor(url: string) {
    this.url = url;
    FakeWebSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {}

  say(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const { welcome, snapshot } = states.empty();
if (!welcome || !snapshot) throw new Error('There is no session.');

let rooms: ProofRoom[];

beforeEach(() => {
  rooms = [];
  FakeWebSocket.all.length = 0;
  vi.stubGlobal('WebSocket', FakeWebSocket);
});

afterEach(() => {
  for (const room of rooms) room.remove();
  vi.unstubAllGlobals();
  localStorage.clear();
  sessionStorage.clear();
});

async function open(properties: Partial<ProofRoom> = {}): Promise<{ room: ProofRoom; socket: FakeWebSocket }> {
  const room = Object.assign(document.createElement('proof-room'), properties);
  rooms.push(room);
  document.body.append(room);
  await room.updateComplete;
  const socket = newestSocket();
  socket.onopen?.();
  return { room, socket };
}

function newestSocket(): FakeWebSocket {
  const socket = FakeWebSocket.all.at(-1);
  if (!socket) throw new Error('No socket was opened.');
  return socket;
}

async function join(properties: Partial<ProofRoom> = {}, change: Partial<typeof welcome> = {}) {
  const { room } = await open(properties);
  return { room, socket: await answerJoin(room, change) };
}

/** Answers the join on the newest socket. */
async function answerJoin(
  room: ProofRoom,
  change: Partial<typeof welcome> = {},
  draft: { readonly draft?: string; readonly draftRevision?: number } = {},
): Promise<FakeWebSocket> {
  const socket = newestSocket();
  socket.say({ ...welcome, ...change } as ServerMessage);
  socket.say({ ...snapshot, ...draft } as ServerMessage);
  await room.updateComplete;
  return socket;
}

describe('R1: who one is in a session', () => {
  const participant = { id: 'me', secret: 'secret-that-proves-it' };

  test('is kept by the browser, for a reload and for another tab', async () => {
    await join({}, { name: 'Reviewer 7' });
    const { socket } = await open({ session: 's1' });
    expect(socket.sent[0]).toMatchObject({ type: 'join', sessionId: 's1', participant, name: 'Reviewer 7' });
  });

  test('is not taken into another session', async () => {
    await join();
    for (const properties of [{}, { session: 's2' }]) {
      const { socket } = await open(properties);
      expect(socket.sent[0]).not.toHaveProperty('participant');
      expect(socket.sent[0]).not.toHaveProperty('name');
    }
  });

  test('goes with the name that is set, not with the one of the last visit', async () => {
    await join({}, { name: 'Reviewer 7' });
    const { socket } = await open({ session: 's1', name: 'Ana' });
    expect(socket.sent[0]).toMatchObject({ participant, name: 'Ana' });
  });

  test('is asked of the server anew where the storage holds something else', async () => {
    localStorage.setItem('proofroom.participants', '{"s1":');
    const { socket } = await open({ session: 's1' });
    expect(socket.sent[0]).toEqual({ type: 'join', sessionId: 's1', prompts: 'once' });
  });
});

describe('R1: a prompt that the server does not have yet', () => {
  const properties = { expected: { demo: false } };
  const drafts = ({ sent }: FakeWebSocket) =>
    sent.flatMap((message) => (message.type === 'draft' ? [message.text] : []));

  test('stays when the element is moved, and is in the session once that is known', async () => {
    const { room } = await open(properties);
    await promptField().fill('A fox');
    const section = document.createElement('section');
    document.body.append(section);
    section.append(room);
    await room.updateComplete;
    await expect.element(promptField()).toHaveValue('A fox');
    newestSocket().onopen?.();
    expect(drafts(await answerJoin(room))).toEqual(['A fox']);
    section.remove();
  });

  test('is there after a reload, and in no other new session after that', async () => {
    const { room: before } = await open(properties);
    await promptField().fill('A fox');
    await before.updateComplete;
    before.remove();
    const { room, socket } = await join(properties);
    await expect.element(promptField()).toHaveValue('A fox');
    expect(drafts(socket)).toEqual(['A fox']);
    room.remove();
    await open(properties);
    await expect.element(promptField()).toHaveValue('');
  });

  test('is there after a reload when a command has set another one, and is not sent over that', async () => {
    const { room: before, socket: lost } = await join();
    await promptField().fill('A fox');
    lost.onclose?.({ code: 1006 });
    await promptField().fill('A fox, asleep');
    await before.updateComplete;
    before.remove();
    const { room } = await open({ session: 's1' });
    const socket = await answerJoin(room, {}, { draft: 'A heron', draftRevision: snapshot.draftRevision + 1 });
    await expect.element(promptField()).toHaveValue('A fox, asleep');
    expect(drafts(socket)).toEqual([]);
  });

  test('is there after a reload where it came from a session before', async () => {
    const { room } = await join(properties);
    const [review] = deep(room.shadowRoot, 'proof-review');
    review?.dispatchEvent(new IntentEvent({ type: 'new_session', prompt: 'A fox' }));
    await room.updateComplete;
    room.remove();
    await open(properties);
    await expect.element(promptField()).toHaveValue('A fox');
  });
});

test('a server under a path keeps it, in the connection and in the links to share', async () => {
  const { room, socket } = await join({ server: 'https://host.example/proofroom' }, { key: 'key' });
  expect(socket.url).toBe('wss://host.example/proofroom/ws');
  const links = deep(room.shadowRoot, 'input[readonly]').map((input) => (input as HTMLInputElement).value);
  expect(links).toEqual(['https://host.example/proofroom/s/s1#key', 'https://host.example/proofroom/s/s1']);
});

test('a stage of a newer server is reported as unknown, and only once', async () => {
  const reported: unknown[] = [];
  const { room, socket } = await join();
  room.addEventListener('proof-stage', ({ detail }) => reported.push(detail));
  const { type, draft, draftRevision, attempts, decisions } = snapshot;
  const newer = { type, draft, draftRevision, attempts, decisions, revision: 9, turn: 9, stage: 'voting' };
  for (const revision of [9, 10]) {
    socket.onmessage?.({ data: JSON.stringify({ ...newer, revision }) });
    await room.updateComplete;
  }
  expect(reported).toEqual([{ stage: 'unknown', turn: 9, revision: 9 }]);
});

describe('the language', () => {
  const shownIn = async (room: ProofRoom): Promise<string | undefined> => {
    await room.updateComplete;
    return deep(room.shadowRoot, 'proof-review')[0]?.lang;
  };
  const choose = (room: ProofRoom, language: string): void => {
    const [list] = deep(room.shadowRoot, 'proof-language');
    const select = list?.shadowRoot?.querySelector('select');
    if (!(select instanceof HTMLSelectElement)) throw new Error('There is no switch.');
    select.value = language;
    select.dispatchEvent(new Event('change'));
  };

  beforeEach(() => vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['fr', 'en-GB']));
  afterEach(() => {
    vi.restoreAllMocks();
    document.documentElement.removeAttribute('lang');
  });

  test('is that of the attribute, or of the page around, or one that the browser asks for', async () => {
    const { room } = await open();
    expect(await shownIn(room)).toBe('en');
    document.documentElement.lang = 'de-AT';
    await expect.poll(() => shownIn(room)).toBe('de');
    room.lang = 'en';
    expect(await shownIn(room)).toBe('en');
    expect(deep(room.shadowRoot, 'proof-language'), 'there is nothing to choose').toEqual([]);
    room.lang = 'xx';
    expect(await shownIn(room), 'a language that there is not').toBe('de');
  });

  test('is that of an element around, too', async () => {
    const { room } = await open();
    const section = document.createElement('section');
    section.lang = 'de';
    document.body.append(section);
    section.append(room);
    expect(await shownIn(room)).toBe('de');
    section.remove();
  });

  test('is that of the person’s own choice in every element on the page, now and after a reload', async () => {
    const changes: string[] = [];
    const [{ room: first }, { room: second }, { room: fixed }] = [
      await open(),
      await open(),
      await open({ lang: 'en' }),
    ];
    first.addEventListener('proof-language', ({ detail }) => changes.push(detail.language));
    choose(first, 'de');
    expect([await shownIn(first), await shownIn(second), await shownIn(fixed)]).toEqual(['de', 'de', 'en']);
    expect(changes).toEqual(['de']);
    const { room: later } = await open();
    expect(await shownIn(later)).toBe('de');
  });
});
