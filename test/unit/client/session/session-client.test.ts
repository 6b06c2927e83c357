/** The state of the session client, and what the server's messages make of it. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { defaultEnvironment, randomId } from '../../../../client/session/environment.ts';
import { decodeBase64 } from '../../../../client/session/inbox.ts';
import type { SessionState } from '../../../../client/session/session-state.ts';
import { parseServerMessage } from '../../../../shared/protocol.ts';
import { joinedClient, rejoin } from '../../../support/joined-client.ts';
import { snapshots } from '../../../support/messages.ts';
import { generating, image, initialInput, referenceOf, userFeedback } from '../../../support/server-messages.ts';

const viewers = { type: 'viewers', reviewers: 2, watchers: 1 } as const;

test('the server’s time in `welcome` tells how far its clock is ahead', () => {
  const { client, page } = joinedClient();
  expect(client.state.serverAheadMs).toBeUndefined();
  rejoin(page, undefined, { now: new Date(page.now() + 10_000 - 3_600_000).toISOString() });
  expect(client.state.serverAheadMs).toBe(-3_600_000);
});

describe('subscribers', () => {
  test('each change replaces the state, and is reported at once until the subscriber leaves', () => {
    const { client, socket } = joinedClient();
    const states: SessionState[] = [];
    const undo = client.subscribe((state) => states.push(state));
    const before = client.state;
    socket.say(viewers);
    expect(states).toEqual([client.state]);
    expect(client.state.viewers).toEqual(viewers);
    expect(before.viewers).toBeUndefined();
    undo();
    undo();
    socket.say({ ...viewers, reviewers: 3 });
    expect(states).toHaveLength(1);
  });

  test('the same state again is not reported', () => {
    const { client, socket } = joinedClient(initialInput({ draft: 'a fox' }));
    const subscriber = vi.fn();
    client.subscribe(subscriber);
    client.setDraft('a fox');
    client.setDraftFocus(true);
    socket.say({ type: 'draft', text: 'a fox', by: 'Ana', participantId: 'participant-2' });
    expect(subscriber).not.toHaveBeenCalled();
  });

  test('R8: a subscriber that throws is reported on the console, and the others are called', () => {
    const { client, page, socket } = joinedClient();
    client.subscribe(() => {
      throw new Error('a fault of the view');
    });
    const subscriber = vi.fn();
    // Twice the same function: two subscriptions, of which one ends.
    client.subscribe(subscriber)();
    client.subscribe(subscriber);
    socket.say(viewers);
    expect(subscriber).toHaveBeenCalledTimes(1);
    expect(page.warnings).toHaveLength(1);
  });

  test('a change that a subscriber makes is the last one that the others get', () => {
    const { client, socket } = joinedClient();
    const drafts: string[] = [];
    client.subscribe((state) => state.viewers && client.setDraft('typed meanwhile'));
    client.subscribe(({ draft }) => drafts.push(draft));
    socket.say(viewers);
    expect(drafts.at(-1)).toBe('typed meanwhile');
  });
});

describe('messages', () => {
  test('wrong ones are ignored, with one warning', () => {
    const { client, page, socket } = joinedClient();
    const before = client.state;
    for (const text of ['no JSON', '{"type":"viewers","reviewers":-1,"watchers":0}', '[]']) socket.sayText(text);
    expect(client.state).toBe(before);
    expect(page.warnings).toHaveLength(1);
  });

  test('those of an unknown type are ignored without a warning', () => {
    const { client, page, socket } = joinedClient();
    const before = client.state;
    socket.sayText('{"type":"from_a_newer_server","reviewers":1}');
    expect(client.state).toBe(before);
    expect(page.warnings).toEqual([]);
  });

  test('progress is kept by candidate with its time of arrival, while its generation runs', () => {
    const { client, page, socket } = joinedClient(generating('generation-1', { candidates: 2 }));
    const progress = {
      type: 'progress',
      generationId: 'generation-1',
      candidate: 1,
      phase: 'drawing',
      try: 1,
      maxTries: 3,
      elapsedMs: 900,
    } as const;
    socket.say(progress, { ...progress, generationId: 'generation-0', candidate: 0 });
    expect([...client.state.progress]).toEqual([[1, { ...progress, receivedAt: page.now() }]]);
    socket.say(userFeedback([referenceOf(image('image-1'))]));
    expect(client.state.progress.size).toBe(0);
  });
});

describe('values of a newer server', () => {
  /** The fields whose values are enums, or options: of an option, an unknown value is left out. */
  const enums = new Set(['stage', 'kind', 'code', 'decision', 'action', 'quality', 'background', 'format']);
  const newer = fc.string({ minLength: 1, maxLength: 20 }).map((text) => `newer ${text}`);

  /** Replaces some of the enum values anywhere in `value`, as `next` says. */
  function replaced(value: unknown, next: (value: string) => string): unknown {
    return JSON.parse(
      JSON.stringify(value, (key, part: unknown) => (typeof part === 'string' && enums.has(key) ? next(part) : part)),
    );
  }

  /** With what stands in place of unknown values, and without the fields that come with a known stage. */
  function asRead(value: unknown): unknown {
    const text = JSON.stringify(value, (key, part: unknown) => {
      const isNewer = typeof part === 'string' && part.startsWith('newer ');
      if (!isNewer) return part;
      return ['quality', 'background', 'format'].includes(key) ? undefined : 'unknown';
    });
    const message = JSON.parse(text);
    if (message.stage !== 'unknown') return message;
    const { generation: _generation, approved: _approved, ...rest } = message;
    return rest;
  }

  test.each(Object.entries(snapshots))(
    'a snapshot in %s is kept, whichever of its values are unknown',
    (_stage, snapshot) => {
      fc.assert(
        fc.property(fc.infiniteStream(fc.option(newer)), (stream) => {
          const message = replaced(snapshot, (value) => stream.next().value ?? value);
          const parsed = parseServerMessage(JSON.stringify(message));
          expect(parsed).toEqual({ ok: true, message: asRead(message) });
          const { client, page, socket } = joinedClient();
          socket.sayText(JSON.stringify(message));
          expect(client.state.snapshot).toEqual(asRead(message));
          expect(page.warnings).toEqual([]);
        }),
        { numRuns: 30 },
      );
    },
  );

  test('with an unknown stage, role, phase or reject code the client works on', async () => {
    const { client, page, socket } = joinedClient();
    const answer = client.generate('a fox');
    const { stage: _stage, ...rest } = initialInput({ turn: 4 });
    socket.sayText(JSON.stringify({ ...rest, stage: 'newer' }));
    expect(client.state.snapshot).toEqual({ ...rest, stage: 'unknown' });
    const rejection = { type: 'reject', commandId: 'command-1', code: 'newer', message: 'A sentence.' };
    socket.sayText(JSON.stringify(rejection));
    await expect(answer).resolves.toMatchObject({
      accepted: false,
      rejection: { code: 'unknown', message: 'A sentence.' },
    });
    void client.startOver();
    expect(socket.sentOf('start_over')).toMatchObject([{ turn: 4 }]);
    const again = rejoin(page, generating('generation-1'), { role: 'unknown' });
    const progress = { generationId: 'generation-1', candidate: 0, try: 1, maxTries: 1, elapsedMs: 1 };
    again.sayText(JSON.stringify({ type: 'progress', phase: 'newer', ...progress }));
    expect(client.state.progress.get(0)?.phase).toBe('unknown');
    expect(page.warnings).toEqual([]);
  });
});

describe('the environment', () => {
  test('S3: a command id is unguessable on a page that is no secure context as well', () => {
    const getRandomValues = crypto.getRandomValues.bind(crypto);
    const ids = new Set(Array.from({ length: 100 }, () => randomId({ getRandomValues })));
    expect(ids.size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(randomId({ randomUUID: () => 'a-uuid', getRandomValues })).toBe('a-uuid');
  });

  test('base64 is decoded to the same bytes with and without the native decoder', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
    const text = Buffer.from(bytes).toString('base64');
    expect(decodeBase64(text)).toEqual(bytes);
    expect(decodeBase64(text, (base64) => Uint8Array.from(Buffer.from(base64, 'base64')))).toEqual(bytes);
    expect(decodeBase64('***')).toBeUndefined();
  });

  test('without a document, as in Node, nothing is hidden and nothing wakes, and images can be verified', async () => {
    const environment = defaultEnvironment();
    expect(environment.isHidden()).toBe(false);
    environment.onWake(() => {})();
    const digest = await environment.sha256?.(new TextEncoder().encode('abc'));
    expect(digest).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    const url = environment.createObjectUrl(new Blob(['abc']));
    await expect((await fetch(url)).text()).resolves.toBe('abc');
    environment.revokeObjectUrl(url);
  });
});
