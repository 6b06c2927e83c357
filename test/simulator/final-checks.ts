/** The end of every schedule: network and server work again, all generations end, everybody leaves. What must hold at each of these points. */
import { isDeepStrictEqual } from 'node:util';
import type { CommandResult } from '../../client/session/session-client.ts';
import type { RecordEntry } from '../../shared/model.ts';
import { parseServerMessage, type SnapshotMessage } from '../../shared/protocol.ts';
import { endStall } from './perform.ts';
import { finish } from './perform-drawing.ts';
import { isSameSnapshot, shownImages } from './rules/connection-rules.ts';
import type { SessionRules } from './rules/session-rules.ts';
import { limits, type ServerProcess } from './server-process.ts';
import type { Tab } from './tab.ts';
import type { World } from './world.ts';

/** Enough to notice a dead connection and to wait twice as long as a client ever does, once for a try that is swallowed. */
const RECONNECTED_WITHIN_MS = 60_000;
const STEP_MS = 1_000;

export async function end(world: World): Promise<void> {
  await repair(world);
  await untilTold(world);
  for (const tab of world.open) checkTab(tab, world);
  world.checks.throwIfBroken();
  await finishAll(world);
  for (const tab of world.open) tab.focus(false);
  await world.pass(3 * STEP_MS);
  await untilTold(world);
  for (const tab of world.open) checkTab(tab, world);
  for (const session of world.sessions.values()) checkDraft(session, world);
  world.checkStored();
  world.checks.throwIfBroken();
  await closeAll(world);
}

async function repair(world: World): Promise<void> {
  world.repair();
  for (const tab of world.open) {
    tab.network = 'works';
    tab.speed.latencyMs = 20;
    tab.speed.bytesPerMs = 1_000;
    endStall(tab);
    if (tab.isAsleep) tab.wake();
    tab.show();
  }
  // The server checks its connections every 5 s.
  await world.pass(7 * STEP_MS);
  await untilRepaired(world);
  // A client repeats a rate-limited `want` within this time.
  await world.pass(3 * STEP_MS);
  // A tab may have joined since at a server that counts the people of a killed one for a while.
  await untilRepaired(world);
}

async function untilRepaired(world: World): Promise<void> {
  const isDone = () => world.isRepaired && world.open.every((tab) => isOnline(tab, world));
  for (let ms = 0; ms < RECONNECTED_WITHIN_MS && !isDone(); ms += STEP_MS) await world.pass(STEP_MS);
}

/**
 * Waits while something is on its way: to a tab that has just come back, say one that a full server had turned away; or of an invitation
 * that has just expired, to its creator and to whoever came by it.
 */
async function untilTold(world: World): Promise<void> {
  const connections = () => world.open.flatMap((tab) => (world.isTurnedAway(tab) ? [] : tab.connection));
  const isSettled = (tab: Tab) =>
    isOnline(tab, world) && (tab.state.connection.status !== 'online' || tab.state.viewers !== undefined);
  for (let ms = 0; ms < RECONNECTED_WITHIN_MS; ms += STEP_MS) {
    const before = connections();
    await world.pass(STEP_MS);
    const isSame = connections().every((connection) => before.includes(connection));
    if (isSame && world.open.every(isSettled) && !hasJustExpired(world)) return;
  }
}

function hasJustExpired(world: World): boolean {
  const invitations = [...world.sessions.values()].flatMap(({ session }) => session.access.invitations);
  return invitations.some(({ expiresAt }) => {
    if (expiresAt === undefined) return false;
    const overdueMs = world.wallClocks.map(({ now }) => now - Date.parse(expiresAt));
    return overdueMs.some((ms) => ms >= 0 && ms < STEP_MS);
  });
}

function isOnline(tab: Tab, world: World): boolean {
  const { status } = tab.state.connection;
  if (status === 'closed' || world.isTurnedAway(tab)) return true;
  const { connection } = tab;
  const isAlive = connection?.delivers === true && world.connectionRules.get(connection)?.closeCode === undefined;
  return status === 'online' && isAlive && tab.clicks.every(({ result }) => result);
}

async function finishAll(world: World): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    const unsettled = world.generator.drawings.filter(({ isSettled }) => !isSettled);
    if (unsettled.length === 0 && world.jobCounts.waiting === 0) return;
    for (const drawing of unsettled) {
      if (drawing.isLive) finish(drawing, 300, world);
      else drawing.fail(new DOMException('aborted', 'AbortError'));
    }
    await world.pass(STEP_MS / 2);
  }
}

function checkTab(tab: Tab, world: World): void {
  const { checks } = world;
  const name = `tab ${tab.number}`;
  checks.check('R8', tab.warnings.length === 0, () => `${name} warns: ${tab.warnings.join('; ')}`);
  if (world.isTurnedAway(tab)) return;
  const { status } = tab.state.connection;
  const isBack = status === 'online' || status === 'closed';
  checks.check('R1', isBack, () => `${name} is ${status} although everything works again`);
  if (tab.clicks.length > 0) {
    const pending = tab.clicks.filter(({ result }) => !result).map(({ input }) => input.type);
    checks.check('W6', pending.length === 0, () => `${name} still waits for ${pending.join(', ')}`);
  }
  if (status === 'closed') return;
  const session = world.sessionOf(tab);
  checks.check('R1', session !== undefined && !session.isGone, () => `${name} is online in no session`);
  if (!session || status !== 'online') return;
  checks.check('R11', session.team === tab.team, () => `${name} is in the session of ${session.team}`);
  checkView(tab, session, world);
  checkAnswers(tab, session, world);
}

/** Every tab shows what the session is, byte for byte (rules M6 and W1). */
function checkView(tab: Tab, { session }: SessionRules, world: World): void {
  const { checks, open } = world;
  const name = `tab ${tab.number}`;
  const view = world.viewOf(tab);
  checks.check('R1', view !== undefined, () => `${name} is online at no server`);
  if (!view) return;
  const { snapshot, images, partials, progress, viewers, record, people } = tab.state;
  const actual = parseSnapshot(session.snapshotFrame);
  const isSame = snapshot !== undefined && isSameSnapshot(snapshot, actual);
  checks.check(
    'M6',
    isSame,
    () => `${name} shows revision ${snapshot?.revision}, the session is at ${actual.revision}`,
  );
  for (const imageId of shownImages(actual)) {
    const image = images.get(imageId);
    const isRight = image && tab.urls.get(image.url) === session.image(imageId)?.reference.sha256;
    checks.check('M6', isRight === true, () => `${name} ${image ? 'shows other bytes of' : 'lacks'} ${imageId}`);
  }
  const previews = tab.connection && world.connectionRules.get(tab.connection)?.previews;
  for (const candidate of view.runningCandidates) {
    const partial = view.partial(candidate)?.reference.imageId;
    const shown = partials.get(candidate)?.reference.imageId;
    // The store may have had no memory for a preview: a tab that comes from the server that drew it goes on showing it.
    const isOfOtherServer = partial === undefined && shown !== undefined && !previews?.has(shown);
    const isRight = shown === partial || isOfOtherServer;
    checks.check('W1', isRight, () => `${name} shows the partial ${shown}, the last one is ${partial}`);
    const [phase, seen] = [view.progress(candidate)?.phase, progress.get(candidate)?.phase];
    checks.check('W1', seen === phase, () => `${name} shows the phase ${seen}, not ${phase}`);
  }
  const { reviewers, watchers } = session.viewers;
  const isCounted = viewers?.reviewers === reviewers && viewers.watchers === watchers;
  const counts = () =>
    `${name} counts ${viewers?.reviewers} and ${viewers?.watchers}, not ${reviewers} and ${watchers}`;
  checks.check('W1', isCounted, counts);
  const isPresent = isDeepStrictEqual(people, view.viewers.people);
  checks.check('W1', isPresent, () => `${name} sees ${people.length} people, or what they do not look at`);
  const isRecordHere = isDeepStrictEqual(record, parseRecord(session.record));
  checks.check('W10', isRecordHere, () => `${name} has ${record.length} entries of ${session.record.length}`);
  const { creator, role } = tab.state.welcome ?? {};
  const seen = tab.state.invitations.map(({ key, used = false, expired = false }) => [key, used, expired]);
  const all = session.access.invitations.map(({ key, isUsed = false, isExpired = false }) => [key, isUsed, isExpired]);
  const isTold = isDeepStrictEqual(seen, creator && role === 'reviewer' ? all : []);
  checks.check(
    'W11',
    isTold,
    () => `${name} sees ${seen.length} invitations of ${all.length}, or not what became of them`,
  );
  const me = view.viewers.people.find(({ participantId }) => participantId === tab.state.welcome?.participantId);
  const isAlone = open.every(
    (one) => one === tab || one.state.welcome?.participantId !== tab.state.welcome?.participantId,
  );
  if (!isAlone || !me || tab.lookingAt === undefined || !session.image(tab.lookingAt)) return;
  checks.check('W1', me.lookingAt === tab.lookingAt, () => `${name} has ${tab.lookingAt} open, not ${me.lookingAt}`);
}

/** Each command got the session's answer, once for each time that it was sent (rules M7 and W6). */
function checkAnswers(tab: Tab, session: SessionRules, world: World): void {
  const { checks } = world;
  const name = `tab ${tab.number}`;
  const rules = tab.connection && world.connectionRules.get(tab.connection);
  const missing = rules?.unanswered ?? [];
  checks.check(
    'W6',
    rules !== undefined && missing.length === 0,
    () => `${name} got no answer to ${missing.join(', ')}`,
  );
  for (const { commandId, result, input } of tab.clicks) {
    if (result?.accepted && (input.type === 'discard' || input.type === 'restore')) {
      const isDone = session.isMoveDone(input.type, input.imageId, result.revision);
      checks.check('discard', isDone, () => `${name} was told that ${input.type} ${input.imageId} was done`);
    }
    const answer = session.answerTo(commandId ?? '');
    if (!answer || !result || isTemporary(result)) continue;
    const isSame = result.accepted
      ? answer.type === 'ack' && answer.revision === result.revision
      : answer.type === 'reject' && answer.code === result.rejection.code;
    checks.check('M7', isSame, () => `${name} got another answer to its ${input.type} than the session gave`);
  }
}

/** A rejection that is not remembered: the same command may be accepted when it is sent again. */
function isTemporary(result: CommandResult): boolean {
  const codes = ['server_busy', 'rate_limited', 'not_allowed', 'internal_error', 'revoked', 'invitation_expired'];
  return !result.accepted && codes.includes(result.rejection.code);
}

/** The text that was typed last is in every field, unless a command has set the draft since. */
function checkDraft(session: SessionRules, world: World): void {
  if (session.isGone) return;
  const { checks } = world;
  const { draft } = parseSnapshot(session.session.snapshotFrame);
  const tabs = world.tabs.filter((tab) => world.sessionOf(tab) === session);
  const online = tabs.filter(({ hasLeft, state }) => !hasLeft && state.connection.status === 'online');
  for (const { state, number, lastTyped, draftSetByCommandAt } of online) {
    const isOwnOlderText = lastTyped?.text === state.draft && lastTyped.at <= draftSetByCommandAt;
    const isRight = state.draft === draft || isOwnOlderText;
    checks.check('draft', isRight, () => `tab ${number} shows "${state.draft}", the session has "${draft}"`);
  }
  const typed = tabs.flatMap(({ lastTyped, draftSetByCommandAt }) =>
    lastTyped ? [{ ...lastTyped, draftSetByCommandAt }] : [],
  );
  const last = typed.toSorted((one, other) => other.at - one.at)[0];
  const hasTyperLeft = tabs.some((tab) => tab.lastTyped && !online.includes(tab));
  const setByCommandAt = Math.max(session.draftSetByCommandAt, last?.draftSetByCommandAt ?? 0);
  if (!last || last.at <= setByCommandAt || hasTyperLeft) return;
  const isKept = typed.some(({ text }) => text === draft) || online.some(({ state }) => state.draft === last.text);
  checks.check('draft', isKept, () => `"${last.text}" was typed last, and the session has "${draft}"`);
}

/** Everybody leaves, the idle sessions end, and the servers hold nothing. */
async function closeAll(world: World): Promise<void> {
  const { checks } = world;
  for (const tab of world.open) tab.leave();
  await world.pass(60 * STEP_MS);
  // A tab that was turned away may have come back and generated just before it left.
  await finishAll(world);
  const connections = sumOf(world, ({ connections: count }) => count);
  checks.check('R7', connections === 0, () => `${connections} connections are left`);
  await world.pass(limits.SESSION_IDLE_MS + STEP_MS + world.forgottenWithinMs);
  const sessions = sumOf(world, ({ sessions: { size } }) => size);
  checks.check('R7', sessions === 0, () => `${sessions} sessions are left`);
  const usedBytes = sumOf(world, ({ memory }) => memory.usedBytes);
  checks.check('R7', usedBytes === 0, () => `${usedBytes} bytes of images are left`);
  const timers = sumOf(world, ({ timers: count, stores: { sharing } }) => count - (sharing ? 1 : 0));
  checks.check('R8', timers === 0, () => `${timers} timers are left`);
  const { running, waiting } = world.jobCounts;
  checks.check('R7', running + waiting === 0, () => 'the queue is not empty');
  world.checkEmpty();
  checks.throwIfBroken();
}

const sumOf = ({ servers }: World, count: (server: ServerProcess) => number): number =>
  servers.reduce((sum, server) => sum + count(server), 0);

/** As a client reads it. */
function parseRecord(entries: readonly RecordEntry[]): readonly RecordEntry[] {
  const parsed = parseServerMessage(JSON.stringify({ type: 'record', from: 0, entries }));
  if (!parsed.ok || parsed.message.type !== 'record') throw new Error('A session has no record.');
  return parsed.message.entries;
}

function parseSnapshot(frame: Buffer): SnapshotMessage {
  const parsed = parseServerMessage(String(frame));
  if (!parsed.ok || parsed.message.type !== 'snapshot') throw new Error('A session has no snapshot.');
  return parsed.message;
}
