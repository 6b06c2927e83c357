/** What the session client knows of the record and of who is here, and what it tells of its own person. */
import { describe, expect, test } from 'vitest';
import type { RecordEntry } from '../../../../shared/model.ts';
import { answerJoin, joinedClient, newClient, rejoin } from '../../../support/joined-client.ts';

const at = '2026-01-01T00:00:00.000Z';
const entry = (number: number): RecordEntry => ({ kind: 'forgotten', entryId: `e${number}`, at, numbers: [number] });
const entries = (...numbers: readonly number[]) => numbers.map(entry);

describe('W10: the record', () => {
  test('grows by what comes, and what comes again replaces what was there', () => {
    const { client, socket } = joinedClient();
    expect(client.state.record).toEqual([]);
    socket.say({ type: 'record', from: 0, entries: entries(1, 2) });
    socket.say({ type: 'record', from: 2, entries: entries(3) });
    expect(client.state.record).toEqual(entries(1, 2, 3));
    socket.say({ type: 'record', from: 1, entries: entries(7) });
    expect(client.state.record).toEqual(entries(1, 7));
  });

  test('a client that comes back says how much of it it has', () => {
    const { client, page, socket } = joinedClient();
    socket.say({ type: 'record', from: 0, entries: entries(1, 2) });
    const again = rejoin(page);
    expect(again.sentOf('join')).toMatchObject([{ record: 2 }]);
    again.say({ type: 'record', from: 2, entries: entries(3) });
    expect(client.state.record).toEqual(entries(1, 2, 3));
  });

  test('an entry of a kind that this client does not know keeps its place', () => {
    const { client, socket } = joinedClient();
    socket.sayText(JSON.stringify({ type: 'record', from: 0, entries: [{ kind: 'newer', entryId: 'e', at }] }));
    expect(client.state.record).toEqual([{ kind: 'unknown', entryId: 'e', at }]);
  });
});

describe('who is here', () => {
  test('people are those of the last viewers message; a server that names nobody has none', () => {
    const { client, socket } = joinedClient();
    const people = [{ participantId: 'p', name: 'Ana', role: 'reviewer', lookingAt: 'i1' } as const];
    socket.say({ type: 'viewers', reviewers: 1, watchers: 0, people });
    expect(client.state.people).toEqual(people);
    socket.say({ type: 'viewers', reviewers: 1, watchers: 0 });
    expect(client.state.people).toEqual([]);
  });

  test('W9: a look is sent at once, and then four times a second at most: the last one counts', () => {
    const { client, page, socket } = joinedClient();
    for (const imageId of ['i1', 'i1', 'i2', 'i3']) client.look(imageId);
    expect(socket.sentOf('look')).toEqual([{ type: 'look', imageId: 'i1' }]);
    page.pass(250);
    expect(socket.sentOf('look').slice(1)).toEqual([{ type: 'look', imageId: 'i3' }]);
    client.look('i2');
    client.look(undefined);
    page.pass(249);
    expect(socket.sentOf('look')).toHaveLength(2);
    page.pass(1);
    expect(socket.sentOf('look').slice(2)).toEqual([{ type: 'look' }]);
    client.look('i1');
    client.look(undefined);
    page.pass(1_000);
    expect(socket.sentOf('look')).toHaveLength(3);
  });

  test('a look is sent after each join', () => {
    const { client, page } = newClient();
    client.look('i1');
    const first = answerJoin(page);
    expect(first.sentOf('look')).toEqual([{ type: 'look', imageId: 'i1' }]);
    const second = rejoin(page);
    expect(second.sentOf('look')).toEqual([{ type: 'look', imageId: 'i1' }]);
    client.look(undefined);
    expect(rejoin(page).sentOf('look')).toEqual([]);
    client.close();
    expect(page.leftovers).toBe(0);
  });
});

test('a client that creates a session says how many must agree; one that joins does not', () => {
  const { page } = newClient({ approvals: 2 });
  page.socket.open();
  expect(page.socket.sentOf('join')).toMatchObject([{ approvals: 2 }]);
  const other = newClient({ approvals: 2, sessionId: 'session-1' });
  other.page.socket.open();
  expect(other.page.socket.sentOf('join')[0]).not.toHaveProperty('approvals');
});
