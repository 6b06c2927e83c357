import { expect, test } from 'vitest';
import { drawAttempts, startServer, startSession } from '../../support/server.ts';

test('M11: an approval of one is withdrawn, a request for changes stays, and a decline ends the review without a picture', async () => {
  const { ana, ben, generator } = await startSession();
  const [imageId = ''] = await drawAttempts(ana, generator, ['first']);
  const { attempts, turn } = await ben.stage('user_feedback');
  const about = { imageId, sha256: attempts[0]?.image.sha256 ?? '' };
  ben.send({ type: 'request_changes', commandId: 'darker', turn, ...about, note: 'darker' });
  const requested = await ana.stage('user_feedback', ({ decisions }) => decisions.length === 1);
  expect(requested).toMatchObject({
    turn,
    decisions: [{ decision: 'changes_requested', ...about, number: 1, by: 'Ben', role: 'reviewer', note: 'darker' }],
    lastAction: { action: 'request_changes', by: 'Ben', imageId, number: 1 },
  });
  ben.send({ type: 'approve', commandId: 'yes', turn, ...about, note: 'well, yes' });
  const { decisions, ...final } = await ana.stage('final');
  expect(final).toMatchObject({ outcome: 'approved', approved: about });
  const decisionId = decisions.at(-1)?.decisionId ?? '';
  ana.send({ type: 'withdraw', commandId: 'not mine', decisionId });
  expect(await ana.answer('not mine')).toMatchObject({ code: 'not_allowed' });
  ben.send({ type: 'withdraw', commandId: 'no', decisionId });
  await ana.stage('user_feedback', (snapshot) => snapshot.turn > final.turn);
  ana.send({ type: 'decline', commandId: 'none', ...about, note: 'none of these' });
  const declined = await ben.stage('final', ({ outcome }) => outcome === 'declined');
  expect(declined).toMatchObject({ attempts: [{ number: 1 }], recordLength: 4 });
  expect(declined).not.toHaveProperty('approved');
  ana.send({ type: 'start_over', commandId: 'again' });
  expect(await ben.stage('initial_input', (snapshot) => snapshot.turn > declined.turn)).toMatchObject({
    recordLength: 4,
  });
});

test('W10: who comes late gets the whole record, who comes back what they missed, and everybody each new entry', async () => {
  const { ana, ben, client, generator, sessionId, key } = await startSession();
  const [imageId = ''] = await drawAttempts(ana, generator, ['first']);
  const { attempts } = await ben.stage('user_feedback');
  const about = { imageId, sha256: attempts[0]?.image.sha256 ?? '' };
  const ask = (note: string) => ana.send({ type: 'request_changes', commandId: note, ...about, note });
  ask('one');
  await ana.answer('one');
  await ben.stage('user_feedback', ({ recordLength }) => recordLength === 1);
  await ben.leave();
  ask('two');
  await ana.answer('two');
  const back = client();
  await back.join({ sessionId, key, record: 1 });
  const late = client();
  await late.join({ sessionId });
  ask('three');
  for (const one of [ana, back, late]) await one.stage('user_feedback', ({ recordLength }) => recordLength === 3);
  const notes = (one: typeof ana) =>
    one.of('record').map(({ from, entries }) => [from, ...entries.map((entry) => ('note' in entry ? entry.note : ''))]);
  expect(notes(ana)).toEqual([
    [0, 'one'],
    [1, 'two'],
    [2, 'three'],
  ]);
  expect(notes(back)).toEqual([
    [1, 'two'],
    [2, 'three'],
  ]);
  expect(notes(late)).toEqual([
    [0, 'one', 'two'],
    [2, 'three'],
  ]);
  const [first] = ana.of('record').flatMap(({ entries }) => entries);
  expect(first).toMatchObject({ kind: 'changes_requested', ...about, attempts: [{ number: 1, prompt: 'a cat' }] });
});

test('M11: a session asks for several approvals from its creation on, and its creator alone changes how many', async () => {
  const server = await startServer({ limits: { APPROVALS: 2 } });
  const [ana, ben] = [server.client(), server.client()] as const;
  const { sessionId, key = '', creator, counts, keptForMs } = await ana.join({ approvals: 3 });
  expect({ creator, counts, keptForMs }).toEqual({ creator: true, counts: true, keptForMs: 24 * 3_600_000 });
  expect(ana.last('snapshot').approvalsNeeded).toBe(3);
  const welcome = await ben.join({ sessionId, key });
  expect([welcome.creator, welcome.counts]).toEqual([undefined, undefined]);
  ben.send({ type: 'require_approvals', commandId: 'ben', approvals: 1 });
  expect(await ben.answer('ben')).toMatchObject({ code: 'not_allowed' });
  const [imageId = ''] = await drawAttempts(ana, server.generator, ['first']);
  ana.send({ type: 'approve', commandId: 'vote', imageId });
  await ana.answer('vote');
  expect(ana.last('snapshot')).toMatchObject({ stage: 'user_feedback', decisions: [{ counts: true }] });
  ana.send({ type: 'require_approvals', commandId: 'one', approvals: 1 });
  await ana.answer('one');
  expect(ana.last('snapshot')).toMatchObject({ stage: 'user_feedback' });
  expect(ana.last('snapshot')).not.toHaveProperty('approvalsNeeded');
  ana.send({ type: 'approve', commandId: 'again', imageId });
  await ana.answer('again');
  expect(ana.last('snapshot')).toMatchObject({ stage: 'final', outcome: 'approved' });
});

test('R13: a session that is full refuses a generation until attempts are removed, but never those in use', async () => {
  const { ana, ben, generator } = await startSession({ limits: { ATTEMPTS_PER_SESSION: 3 } });
  const [first = '', second = '', third = ''] = await drawAttempts(ana, generator, ['one', 'two', 'three']);
  const outcome = async (message: Parameters<typeof ana.send>[0] & { commandId: string }) => {
    ana.send(message);
    const answer = await ana.answer(message.commandId);
    return answer.type === 'ack' ? 'ack' : answer.code;
  };
  expect(await outcome({ type: 'regenerate', commandId: 'full' })).toBe('attempts_full');
  ben.send({ type: 'look', imageId: first });
  const { sha256 } = ana.last('snapshot').attempts[1]?.image ?? expect.fail('no attempt');
  ben.send({ type: 'request_changes', commandId: 'asked', imageId: second, sha256, note: 'darker' });
  const isOpen =
    (imageId: string) => (message: { people?: readonly { lookingAt?: string | undefined }[] | undefined }) =>
      message.people?.some(({ lookingAt }) => lookingAt === imageId) === true;
  await ana.until('viewers', isOpen(first));
  await ben.answer('asked');
  expect(await outcome({ type: 'remove', commandId: 'open', imageIds: [third, first] })).toBe('image_in_use');
  expect(await outcome({ type: 'remove', commandId: 'decided', imageIds: [second] })).toBe('image_in_use');
  expect(await outcome({ type: 'remove', commandId: 'gone', imageIds: [third] })).toBe('ack');
  expect(ana.last('snapshot').attempts.map(({ number }) => number)).toEqual([1, 2]);
  expect(await outcome({ type: 'regenerate', commandId: 'room' })).toBe('ack');
  await generator.drawing(3);
});

test('W9: everybody is told who is here and what they have open; a watcher is named too', async () => {
  const { ana, ben, client, generator, sessionId } = await startSession();
  const [imageId = ''] = await drawAttempts(ana, generator, ['first']);
  const eve = client();
  await eve.join({ sessionId, name: 'Eve' });
  const { revision } = ana.last('snapshot');
  for (const one of [ana, eve]) one.send({ type: 'look', imageId });
  ben.send({ type: 'look', imageId: 'nowhere' });
  const isSeen = ({ people = [] }: { people?: readonly { lookingAt?: string | undefined }[] | undefined }) =>
    people.filter(({ lookingAt }) => lookingAt === imageId).length === 2;
  const { people } = await ben.until('viewers', isSeen);
  const idOf = (one: typeof ana) => one.last('welcome').participantId;
  expect(people).toEqual([
    { participantId: idOf(ana), name: 'Ana', role: 'reviewer', counts: true, lookingAt: imageId },
    { participantId: idOf(ben), name: 'Ben', role: 'reviewer' },
    { participantId: idOf(eve), name: 'Eve', role: 'watcher', lookingAt: imageId },
  ]);
  await ana.roundTrip();
  expect(ana.last('snapshot').revision).toBe(revision);
  await eve.leave();
  await ana.until('viewers', ({ watchers, people: left }) => watchers === 0 && left?.length === 2);
});
