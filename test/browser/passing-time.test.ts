import { afterEach, beforeEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import type { Clock } from '../../client/components/ui/ticker.ts';
import '../../client/components/room/connection-badge.ts';
import '../../client/components/notices/rejection-notice.ts';
import '../../client/components/sidebar/progress-panel.ts';
import type { NoticeNote } from '../../client/components/notices/rejection-notice.ts';
import type { ConnectionBadge } from '../../client/components/room/connection-badge.ts';
import type { ProgressLine } from '../../client/components/sidebar/progress-panel.ts';
import type { ProgressMessage } from '../../shared/protocol.ts';
import { progress } from '../support/component-states.ts';

/** A clock that moves by hand. */
class HandClock implements Clock {
  #now = Date.parse('2026-11-22T19:00:00.000Z');
  readonly ticking = new Set<() => void>();

  now(): number {
    return this.#now;
  }

  every(_ms: number, tick: () => void): () => void {
    this.ticking.add(tick);
    return () => void this.ticking.delete(tick);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const tick of this.ticking) tick();
  }
}

let clock: HandClock;
let line: ProgressLine;

beforeEach(() => {
  clock = new HandClock();
  line = document.createElement('proof-progress') as ProgressLine;
  line.clock = clock;
  document.body.append(line);
});

afterEach(() => line.remove());

async function show(message: Partial<ProgressMessage>): Promise<void> {
  line.progress = progress(message, clock.now()).get(0);
  await line.updateComplete;
}

const heading = () => page.getByRole('heading');

test.each([
  [{ phase: 'queued', queuePosition: 3 }, 'Waiting, place 3 in line'],
  [{ phase: 'queued' }, 'Waiting in line'],
  [{ phase: 'started' }, 'Sent to the model'],
  [{ phase: 'drawing' }, 'Drawing'],
  [{ phase: 'retrying', try: 2, retryInMs: 4_000 }, 'Second try in 4 s'],
  [{ phase: 'retrying', try: 3, retryInMs: 0 }, 'Third try starts now'],
] as const)('%j is told as "%s"', async (message, words) => {
  await show(message);
  await expect.element(heading()).toHaveTextContent(words);
});

test('before the server has said anything, it starts', async () => {
  await line.updateComplete;
  await expect.element(heading()).toHaveTextContent('Starting');
});

test('the time ticks on from what the server said, by the local clock', async () => {
  await show({ elapsedMs: 58_400 });
  const timer = page.getByRole('timer');
  await expect.element(timer).toHaveTextContent('0:58');
  clock.advance(2_000);
  await expect.element(timer).toHaveTextContent('1:00');
});

test('a clock set back does not run backwards', async () => {
  await show({ elapsedMs: 5_000 });
  clock.advance(-60_000);
  await expect.element(page.getByRole('timer')).toHaveTextContent('0:05');
});

test('the wait for the next try counts down, with its reason', async () => {
  await show({ phase: 'retrying', try: 2, retryInMs: 4_000, reason: 'The service is busy.' });
  await expect.element(page.getByText('The service is busy.')).toBeVisible();
  clock.advance(3_000);
  await expect.element(heading()).toHaveTextContent('Second try in 1 s');
  clock.advance(1_000);
  await expect.element(heading()).toHaveTextContent('Second try starts now');
});

test('R10: what may have been billed is told as long as the next try lasts', async () => {
  await show({ phase: 'drawing', try: 2, reason: 'OpenAI is busy. The first try may have been billed.' });
  await expect.element(page.getByText('Try 2 of 3.')).toBeVisible();
  await expect.element(page.getByText('The first try may have been billed.', { exact: false })).toBeVisible();
});

test('of several pictures it is told how many are drawn, and how many are done', async () => {
  Object.assign(line, { pictures: 4, finished: 1 });
  await show({ phase: 'drawing' });
  await expect.element(heading()).toHaveTextContent('Drawing 4 pictures');
  await expect.element(page.getByText('1 of 4 finished.')).toBeVisible();
});

test('while the line is down no time is told, nor how long it usually takes, and nothing ticks', async () => {
  await show({ elapsedMs: 40_000, expectedMs: 20_000 });
  line.unavailable = true;
  await line.updateComplete;
  await expect.element(page.getByText(/shows again once the line is back/)).toBeVisible();
  expect(page.getByRole('timer').query()).toBeNull();
  expect(page.getByText(/Usually/).query()).toBeNull();
  expect(clock.ticking.size).toBe(0);
});

test.each([
  [800, 'Usually about 1 s.'],
  [7_600, 'Usually about 8 s.'],
  [21_000, 'Usually about 20 s.'],
  [118_000, 'Usually about 2 min.'],
])('%i ms expected is an estimate: "%s"', async (expectedMs, words) => {
  await show({ elapsedMs: 0, expectedMs });
  await expect.element(page.getByText(words)).toBeVisible();
});

test('an estimate that proves wrong is not held on to', async () => {
  await show({ elapsedMs: 40_000, expectedMs: 20_000 });
  await expect.element(page.getByText('Usually about 20 s; this one takes longer.')).toBeVisible();
});

test('the bar says that it works, and never how far it is', async () => {
  await show({});
  const bar = page.getByRole('progressbar', { name: 'Making the picture' });
  await expect.element(bar).not.toHaveAttribute('aria-valuenow');
  await expect.element(bar).not.toHaveAttribute('aria-valuetext');
});

test('nothing ticks once it is off the page', async () => {
  await show({});
  expect(clock.ticking.size).toBe(1);
  line.remove();
  expect(clock.ticking.size).toBe(0);
});

test('a lost line counts down to its next try, and a live one does not tick', async () => {
  const badge = document.createElement('proof-connection') as ConnectionBadge;
  badge.clock = clock;
  badge.connection = { status: 'reconnecting', nextTryAt: clock.now() + 3_000 };
  document.body.append(badge);
  await expect.element(page.getByText('Reconnecting, next try in 3 s')).toBeVisible();
  clock.advance(3_000);
  await expect.element(page.getByText('Reconnecting', { exact: true })).toBeVisible();
  badge.connection = { status: 'online' };
  await badge.updateComplete;
  expect(clock.ticking.size).toBe(1);
  badge.remove();
});

test('the age of what somebody did grows, and is never in the future', async () => {
  const note = document.createElement('proof-notice') as NoticeNote;
  note.clock = clock;
  note.connectionId = 'me';
  const at = new Date(clock.now() + 500).toISOString();
  const lastAction = { action: 'approve', by: 'Ana', connectionId: 'hers', at } as const;
  note.notice = { command: 'regenerate', code: 'stale', message: 'Too late.', lastAction, at: clock.now() };
  document.body.append(note);
  const words = () => note.shadowRoot?.querySelector('.note p')?.textContent;
  await expect.poll(words).toBe('Ana approved this image just now.');
  clock.advance(2_600);
  await expect.poll(words).toBe('Ana approved this image 2 s ago.');
  note.connectionId = 'hers';
  await expect.poll(words).toBe('You approved this image 2 s ago.');
  note.remove();
});
