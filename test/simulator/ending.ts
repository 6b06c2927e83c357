/** How every schedule ends: the network heals, the work is done, people leave; and what must hold at each of these points. */

import type { CommandResult } from '../../client/session/session-client.ts';
import { parseServerMessage, type SnapshotMessage } from '../../shared/protocol.ts';
import type { Page } from './page.ts';
import { unstall } from './perform.ts';
import { finish } from './perform-drawing.ts';
import type { SessionRules } from './rules/session-rules.ts';
import { isSameSnapshot, shown } from './rules/wire-rules.ts';
import { limits } from './server-process.ts';
import type { World } from './world.ts';

/** Detection of a dead line, the longest wait between two tries, and one that is swallowed. */
const HEALED_WITHIN_MS = 60_000;
const STEP_MS = 1_000;

export async function end(world: World): Promise<void> {
  await heal(world);
  for (const page of world.open) checkPage(page, world);
  world.ledger.throwIfBroken();
  await finishAll(world);
  for (const page of world.open) page.focus(false);
  await world.pass(3 * STEP_MS);
  for (const page of world.open) checkPage(page, world);
  for (const session of world.sessions.values()) checkDraft(session, world);
  world.ledger.throwIfBroken();
  await leave(world);
}

async function heal(world: World): Promise<void> {
  for (const page of world.open) {
    page.network = 'fine';
    page.weather.latencyMs = 20;
    page.weather.bytesPerMs = 1_000;
    unstall(page);
    if (page.isAsleep) page.wake();
    page.show();
  }
  // The server looks every 5 s whether a line has died.
  await world.pass(6 * STEP_MS);
  for (let ms = 0; ms < HEALED_WITHIN_MS; ms += STEP_MS) {
    await world.pass(STEP_MS);
    const connected = world.open.filter(({ cable }) => cable).length;
    const isHealed = world.server.isOpen && world.open.every((page) => isThere(page, world));
    if (isHealed && world.server.connections === connected) break;
  }
  // Longer than a client takes to ask again for what it was refused.
  await world.pass(3 * STEP_MS);
  await rest(world);
}

/** Until nothing changes for a while: who waits for memory gives up by itself, and everybody is to hear of it. */
async function rest(world: World): Promise<void> {
  const revisions = () => [...world.sessions.values()].map(({ session }) => session.state.revision).join();
  for (let before = ''; before !== revisions(); ) {
    before = revisions();
    await world.pass(STEP_MS);
  }
}

function isThere(page: Page, world: World): boolean {
  const { status } = page.state.connection;
  if (status === 'closed' || world.isTurnedAway(page)) return true;
  const isAlive = page.cable?.carries === true && world.wires.get(page.cable)?.closeCode === undefined;
  return status === 'online' && isAlive && page.clicks.every(({ result }) => result);
}

async function finishAll(world: World): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    const open = world.upstream.drawings.filter(({ isSettled }) => !isSettled);
    // Who waits for room gives up in the end.
    if (open.length === 0 && world.server.queue.waiting === 0) return;
    for (const drawing of open) {
      if (drawing.isLive) finish(drawing, 300, world);
      else drawing.fail(new DOMException('aborted', 'AbortError'));
    }
    await world.pass(STEP_MS / 2);
  }
}

function checkPage(page: Page, world: World): void {
  const { ledger } = world;
  const who = `page ${page.number}`;
  ledger.check('R8', page.warnings.length === 0, () => `${who} warns: ${page.warnings.join('; ')}`);
  const open = page.clicks.filter(({ result }) => !result).map(({ ask }) => ask.type);
  if (world.isTurnedAway(page)) return;
  const { status } = page.state.connection;
  const isBack = status === 'online' || status === 'closed';
  ledger.check('R1', isBack, () => `${who} is ${status} although everything works again`);
  if (page.clicks.length > 0) ledger.check('W6', open.length === 0, () => `${who} still waits for ${open.join(', ')}`);
  if (status === 'closed') return;
  const session = world.sessionOf(page);
  ledger.check('R1', session !== undefined && !session.isGone, () => `${who} is online in no session`);
  if (!session || status !== 'online') return;
  ledger.check('R11', session.room === page.room, () => `${who} is in the session of ${session.room}`);
  checkView(page, session, world);
  checkAnswers(page, session, world);
}

/** Everybody sees the same, byte for byte (rules M6 and W1). */
function checkView(page: Page, session: SessionRules, { ledger }: World): void {
  const who = `page ${page.number}`;
  const { snapshot, images, partials, progress, viewers } = page.state;
  const truth = snapshotOf(session);
  const isSame = snapshot !== undefined && isSameSnapshot(snapshot, truth);
  ledger.check('M6', isSame, () => `${who} shows revision ${snapshot?.revision}, the session is at ${truth.revision}`);
  for (const imageId of shown(truth)) {
    const image = images.get(imageId);
    const sha256 = image && page.urls.get(image.url);
    const expected = session.session.image(imageId)?.reference.sha256;
    ledger.check('M6', sha256 === expected, () => `${who} ${image ? 'shows other bytes of' : 'lacks'} ${imageId}`);
  }
  for (const candidate of session.session.runningCandidates) {
    const partial = session.session.partial(candidate)?.reference.imageId;
    const seen = partials.get(candidate)?.reference.imageId;
    ledger.check('W1', seen === partial, () => `${who} shows the partial ${seen}, the last one is ${partial}`);
    const { phase } = session.session.progress(candidate) ?? {};
    ledger.check(
      'W1',
      progress.get(candidate)?.phase === phase,
      () => `${who} says ${progress.get(candidate)?.phase}, not ${phase}`,
    );
  }
  const { reviewers, watchers } = session.session.viewers;
  const isCounted = viewers?.reviewers === reviewers && viewers.watchers === watchers;
  ledger.check(
    'W1',
    isCounted,
    () => `${who} counts ${viewers?.reviewers} and ${viewers?.watchers}, not ${reviewers} and ${watchers}`,
  );
}

/** What a person was told is what the session answered, exactly once for each delivery (rules M7 and W6). */
function checkAnswers(page: Page, session: SessionRules, world: World): void {
  const { ledger } = world;
  const wire = page.cable && world.wires.get(page.cable);
  const missing = wire?.unanswered ?? [];
  ledger.check(
    'W6',
    wire !== undefined && missing.length === 0,
    () => `page ${page.number} got no answer to ${missing.join(', ')}`,
  );
  for (const { commandId, result, ask } of page.clicks) {
    if (result?.accepted && (ask.type === 'discard' || ask.type === 'restore')) {
      const isDone = session.didMove(ask.type, ask.imageId, result.revision);
      ledger.check('discard', isDone, () => `page ${page.number} was told that ${ask.type} ${ask.imageId} was done`);
    }
    const answer = session.answerTo(commandId ?? '');
    if (!answer || !result || isPassing(result)) continue;
    const isSame = result.accepted
      ? answer.type === 'ack' && answer.revision === result.revision
      : answer.type === 'reject' && answer.code === result.rejection.code;
    ledger.check('M7', isSame, () => `page ${page.number} was told otherwise about its ${ask.type}`);
  }
}

/** A refusal that is not remembered: the same command may be done later, when somebody sends it again. */
function isPassing(result: CommandResult): boolean {
  return !result.accepted && (result.rejection.code === 'server_busy' || result.rejection.code === 'rate_limited');
}

/** The last text that somebody typed is in every field, unless a prompt was accepted after it. */
function checkDraft(session: SessionRules, world: World): void {
  if (session.isGone) return;
  const { ledger } = world;
  const { draft } = snapshotOf(session);
  const pages = world.pages.filter((page) => world.sessionOf(page) === session);
  const online = pages.filter(({ hasLeft, state }) => !hasLeft && state.connection.status === 'online');
  for (const { state, number, lastTyped, heardSetAt } of online) {
    const isLeftover = lastTyped?.text === state.draft && lastTyped.at <= heardSetAt;
    ledger.check(
      'draft',
      state.draft === draft || isLeftover,
      () => `page ${number} has "${state.draft}", the session "${draft}"`,
    );
  }
  const lastTexts = pages.flatMap(({ lastTyped, heardSetAt }) => (lastTyped ? [{ ...lastTyped, heardSetAt }] : []));
  const last = lastTexts.toSorted((one, other) => other.at - one.at)[0];
  const isSafe = pages.every(({ lastTyped, hasLeft }) => !lastTyped || !hasLeft);
  if (!last || last.at <= Math.max(session.draftSetAt, last.heardSetAt) || !isSafe) return;
  const isKept = lastTexts.some(({ text }) => text === draft) || online.some(({ state }) => state.draft === last.text);
  ledger.check('draft', isKept, () => `"${last.text}" was typed last, but "${draft}" is left`);
}

/** All leave, time goes by, and the server is as it was at first. */
async function leave(world: World): Promise<void> {
  const { ledger, server } = world;
  for (const page of world.open) page.leave();
  await world.pass(60 * STEP_MS);
  // Who was turned away before may have asked at the last moment.
  await finishAll(world);
  ledger.check('R7', server.connections === 0, () => `${server.connections} connections are left`);
  await world.pass(limits.SESSION_IDLE_MS + STEP_MS);
  const { usedBytes } = server.memory;
  ledger.check('R7', server.sessions.size === 0, () => `${server.sessions.size} sessions are left`);
  ledger.check('R7', usedBytes === 0, () => `${usedBytes} bytes of images are left`);
  ledger.check('R8', server.timers === 0, () => `${server.timers} timers are left`);
  ledger.check('R7', server.queue.running + server.queue.waiting === 0, () => 'the queue is not empty');
  ledger.throwIfBroken();
}

function snapshotOf({ session }: SessionRules): SnapshotMessage {
  const parsed = parseServerMessage(String(session.snapshotFrame));
  if (!parsed.ok || parsed.message.type !== 'snapshot') throw new Error('A session has no snapshot.');
  return parsed.message;
}
