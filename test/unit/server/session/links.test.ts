import { describe, expect, test } from 'vitest';
import type { JoinRequest } from '../../../../server/session/sessions.ts';
import { generate, RecordingSubscriber, settled, TestCore, type TestMember } from '../../../support/core.ts';

const codeOf = (answer: { accepted: boolean; code?: string }) => (answer.accepted ? 'accepted' : answer.code);

/** How a join ends: the role, or the code of the rejection. */
async function joinAs({ core, sessionId }: TestMember, request: JoinRequest = {}): Promise<string> {
  const joined = await core.sessions.join(core.visitor(), sessionId, request);
  return joined.accepted ? joined.caller.role : joined.code;
}

const watchKeyOf = ({ session }: TestMember) => session.access.links.watcher?.key ?? expect.fail('no watch key');

describe('W5: the watch link', () => {
  test('is closed by any reviewer: whoever watches by it leaves, and nobody comes in by it', async () => {
    const ana = await new TestCore().create();
    const bo = await ana.bring('Bo');
    const [anas, cys] = [ana.follow(), (await ana.bring('Cy', 'watcher')).follow()];
    expect(codeOf(await bo.manage({ type: 'close_link', role: 'watcher' }))).toBe('accepted');
    expect(cys.calls.at(-1)).toBe('link_closed');
    expect(ana.session.viewers).toMatchObject({ reviewers: 1, watchers: 0 });
    expect(anas.calls.at(-1)).toBe(
      `links ${JSON.stringify({ watch: 'closed', review: 'open', reviewKey: ana.key, manages: ['watcher', 'reviewer'] })}`,
    );
    expect(await joinAs(ana)).toBe('link_closed');
    expect(await joinAs(ana, { participant: bo.credentials })).toBe('link_closed');
    expect(await joinAs(ana, { key: ana.key })).toBe('reviewer');
  });

  test('is replaced by one with a key: the session id alone no longer lets anybody in, and the one before never does again', async () => {
    const ana = await new TestCore().create();
    const watcher = await ana.bring('Cy', 'watcher');
    const cys = watcher.follow();
    await ana.manage({ type: 'replace_link', role: 'watcher' });
    expect(cys.calls.at(-1)).toBe('link_closed');
    const first = watchKeyOf(ana);
    expect([await joinAs(ana), await joinAs(ana, { key: first })]).toEqual(['link_closed', 'watcher']);
    await ana.manage({ type: 'replace_link', role: 'watcher' });
    expect(await joinAs(ana, { key: first })).toBe('not_allowed');
    // A participant who came by it learns why.
    expect(await joinAs(ana, { key: first, participant: watcher.credentials })).toBe('link_closed');
    await ana.manage({ type: 'close_link', role: 'watcher' });
    await ana.manage({ type: 'replace_link', role: 'watcher' });
    expect([await joinAs(ana), await joinAs(ana, { key: watchKeyOf(ana) })]).toEqual(['link_closed', 'watcher']);
  });

  test('lets nobody in who joined before it was closed and connects after', async () => {
    const ana = await new TestCore().create();
    const cy = await ana.bring('Cy', 'watcher');
    await ana.manage({ type: 'close_link', role: 'watcher' });
    expect(() => cy.follow()).toThrow('link_closed');
  });

  test('S3: whoever tries keys for it is limited, participant or not', async () => {
    const core = new TestCore({ limits: { WRONG_SECRETS_BURST_PER_ADDRESS: 2 } });
    const ana = await core.create();
    const cy = await ana.bring('Cy', 'watcher');
    const guess = () => joinAs(ana, { key: 'guess', participant: cy.credentials });
    expect(await guess()).toBe('not_allowed');
    await ana.manage({ type: 'replace_link', role: 'watcher' });
    expect([await guess(), await guess()]).toEqual(['link_closed', 'rate_limited']);
  });
});

describe('W5: the review link', () => {
  test('is its creator’s to close and replace', async () => {
    const ana = await new TestCore().create();
    const bo = await ana.bring('Bo');
    const before = ana.key;
    for (const type of ['close_link', 'replace_link'] as const) {
      expect(await bo.manage({ type, role: 'reviewer' })).toMatchObject({ code: 'not_allowed' });
    }
    expect(ana.key).toBe(before);
    expect(codeOf(await ana.manage({ type: 'replace_link', role: 'reviewer' }))).toBe('accepted');
    expect(ana.key).not.toBe(before);
    expect([await joinAs(ana, { key: before }), await joinAs(ana, { key: ana.key })]).toEqual([
      'not_allowed',
      'reviewer',
    ]);
  });

  test('that was replaced still lets reviewers back in who came by it, and nobody else', async () => {
    const ana = await new TestCore().create();
    const key = ana.key;
    const [bo, cy] = [await ana.bring('Bo'), await ana.bring('Cy', 'watcher')];
    await ana.manage({ type: 'replace_link', role: 'reviewer' });
    expect(await joinAs(ana, { key, participant: bo.credentials })).toBe('reviewer');
    expect(await joinAs(ana, { key, participant: cy.credentials })).toBe('not_allowed');
    expect(await joinAs(ana, { key, participant: { ...bo.credentials, id: cy.credentials.id } })).toBe('not_allowed');
    // Without any key they look on, as before.
    expect(await joinAs(ana, { participant: bo.credentials })).toBe('watcher');
  });

  test('a participant who looked on in between is still let back in as a reviewer', async () => {
    const ana = await new TestCore().create();
    const key = ana.key;
    const bo = await ana.bring('Bo', 'watcher');
    const reviewing = await ana.bring('Bo', 'reviewer', { participant: bo.credentials });
    const watching = await ana.bring('Bo', 'watcher', { participant: reviewing.credentials });
    await ana.manage({ type: 'replace_link', role: 'reviewer' });
    expect(await joinAs(ana, { key, participant: watching.credentials })).toBe('reviewer');
    expect(await joinAs(ana, { key, participant: bo.credentials })).toBe('not_allowed');
  });

  test('is told to its creator alone; other reviewers are told whether theirs still works', async () => {
    const ana = await new TestCore().create();
    const key = ana.key;
    const bo = await ana.bring('Bo');
    const followers = [ana.follow(), bo.follow()];
    await ana.manage({ type: 'replace_link', role: 'reviewer' });
    const [anas, bos] = followers.map(({ calls }) => JSON.parse(calls.at(-1)?.replace('links ', '') ?? ''));
    expect(anas).toMatchObject({ review: 'open', reviewKey: ana.key });
    expect(bos).toEqual({ watch: 'open', review: 'closed', manages: ['watcher'] });
    const back = await ana.bring('Ana', 'reviewer', { key, participant: ana.credentials });
    expect(back.joined).toMatchObject({ links: { review: 'open', reviewKey: ana.key } });
  });
});

describe('end_session', () => {
  test('R2 R7 R13: ends it for everybody at once: what is drawn is aborted, its images are freed, and all are told', async () => {
    const core = new TestCore();
    const ana = await core.create();
    const bo = await ana.bring('Bo');
    const followers = [ana.follow(), bo.follow(), (await ana.bring('Cy', 'watcher')).follow()];
    const ended: unknown[] = [];
    core.sessions.on('ended', (event) => ended.push(event));
    await ana.draw();
    await ana.send({ type: 'regenerate' });
    await settled();
    const { participant } = bo.joined.caller;
    expect(codeOf(await bo.manage({ type: 'end_session' }))).toBe('accepted');
    await settled();
    expect(followers.map(({ calls }) => calls.at(-1))).toEqual(Array(3).fill('session_ended'));
    expect([core.sessions.size, core.memory.usedBytes, core.jobs.counts.running, core.clock.timers]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(ended).toEqual([
      { sessionId: ana.sessionId, reason: 'reviewer', stage: 'generating', attempts: 1, participantId: participant.id },
    ]);
    expect(await joinAs(ana, { key: 'any' })).toBe('session_not_found');
    expect(codeOf(await ana.send(generate))).toBe('session_not_found');
    expect(core.faults).toEqual([]);
  });
});

test('W5 M7: a watcher may do nothing of it, and a command that is sent twice is done once', async () => {
  const ana = await new TestCore().create();
  const cy = await ana.bring('Cy', 'watcher');
  for (const command of [
    { type: 'end_session' },
    { type: 'close_link', role: 'watcher' },
    { type: 'replace_link', role: 'reviewer' },
  ] as const) {
    expect(codeOf(await cy.manage(command))).toBe('not_allowed');
  }
  const replace = { type: 'replace_link', role: 'watcher' } as const;
  const answer = await ana.manage(replace, 'once');
  const key = watchKeyOf(ana);
  expect(await ana.manage(replace, 'once')).toEqual(answer);
  expect(watchKeyOf(ana)).toBe(key);
  expect(await ana.manage({ ...replace, role: 'reviewer' }, 'once')).toMatchObject({ code: 'invalid_message' });
});

describe('S4: places on the whole server', () => {
  test('watchers can’t take all connections of an address, or of the server', async () => {
    const core = new TestCore({ limits: { CONNECTIONS_PER_ADDRESS: 5, CONNECTIONS: 10 } });
    const ana = await core.create();
    const watch = async (address: string) => {
      const joined = await core.sessions.join(core.visitor(address), ana.sessionId, {});
      if (!joined.accepted) return joined.code;
      const subscription = core.sessions.subscribe(joined.caller, new RecordingSubscriber(() => ''));
      if (subscription.accepted) leaves.push(subscription.leave);
      return codeOf(subscription);
    };
    const leaves: (() => void)[] = [];
    const answers = [];
    for (const address of ['a', 'a', 'a', 'a', 'a', 'b', 'b', 'b', 'b', 'c']) answers.push(await watch(address));
    expect(answers).toEqual([...Array(4).fill('accepted'), 'server_busy', ...Array(4).fill('accepted'), 'server_busy']);
    leaves[0]?.();
    expect(await watch('c')).toBe('accepted');
  });
});
