import { afterEach, beforeEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import '../../../../client/components/sidebar/progress-panel.ts';
import type { ProgressPanel } from '../../../../client/components/sidebar/progress-panel.ts';
import type { ProgressMessage } from '../../../../shared/protocol.ts';
import { progress } from '../../../support/component-states.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

let clock: ManualClock;
let panel: ProgressPanel;

beforeEach(() => {
  clock = new ManualClock();
  panel = document.createElement('proof-progress') as ProgressPanel;
  panel.clock = clock;
  document.body.append(panel);
});

afterEach(() => panel.remove());

async function show(message: Partial<ProgressMessage>): Promise<void> {
  panel.progress = progress(message, clock.now()).get(0);
  await panel.updateComplete;
}

const heading = () => page.getByRole('heading');

test.each([
  [{ phase: 'queued', queuePosition: 3 }, 'Waiting, place 3 in line'],
  [{ phase: 'queued' }, 'Waiting in line'],
  [{ phase: 'started' }, 'Sent to the model'],
  [{ phase: 'drawing' }, 'Drawing'],
  [{ phase: 'retrying', try: 2, retryInMs: 4_000 }, 'Second try in 4 s'],
  [{ phase: 'retrying', try: 3, retryInMs: 0 }, 'Third try starts now'],
  [{ phase: 'unknown' }, 'In progress'],
] as const)('shows %j as "%s"', async (message, label) => {
  await show(message);
  await expect.element(heading()).toHaveTextContent(label);
});

test('shows "Starting" before the first progress message', async () => {
  await panel.updateComplete;
  await expect.element(heading()).toHaveTextContent('Starting');
});

test('counts on from the server’s elapsed time by the local clock', async () => {
  await show({ elapsedMs: 58_400 });
  const timer = page.getByRole('timer');
  await expect.element(timer).toHaveTextContent('0:58');
  clock.advance(2_000);
  await expect.element(timer).toHaveTextContent('1:00');
});

test('does not count backwards when the clock is set back', async () => {
  await show({ elapsedMs: 5_000 });
  clock.advance(-60_000);
  await expect.element(page.getByRole('timer')).toHaveTextContent('0:05');
});

test('counts down to the next try, and shows its reason', async () => {
  await show({ phase: 'retrying', try: 2, retryInMs: 4_000, reason: 'The service is busy.' });
  await expect.element(page.getByText('The service is busy.')).toBeVisible();
  clock.advance(3_000);
  await expect.element(heading()).toHaveTextContent('Second try in 1 s');
  clock.advance(1_000);
  await expect.element(heading()).toHaveTextContent('Second try starts now');
});

test('R10: shows what may have been billed for as long as the next try lasts', async () => {
  await show({ phase: 'drawing', try: 2, reason: 'OpenAI is busy. The first try may have been billed.' });
  await expect.element(page.getByText('Try 2 of 3.')).toBeVisible();
  await expect.element(page.getByText('The first try may have been billed.', { exact: false })).toBeVisible();
});

test('shows how many pictures are drawn and how many are finished', async () => {
  Object.assign(panel, { pictures: 4, finished: 1 });
  await show({ phase: 'drawing' });
  await expect.element(heading()).toHaveTextContent('Drawing 4 pictures');
  await expect.element(page.getByText('1 of 4 finished.')).toBeVisible();
});

test('shows no time and no estimate while the connection is down, and does not tick', async () => {
  await show({ elapsedMs: 40_000, expectedMs: 20_000 });
  panel.unavailable = true;
  await panel.updateComplete;
  await expect.element(page.getByText(/shows again once the connection is back/)).toBeVisible();
  expect(page.getByRole('timer').query()).toBeNull();
  expect(page.getByText(/Usually/).query()).toBeNull();
  expect(clock.ticking.size).toBe(0);
});

test.each([
  [800, 'Usually about 1 s.'],
  [7_600, 'Usually about 8 s.'],
  [21_000, 'Usually about 20 s.'],
  [118_000, 'Usually about 2 min.'],
])('shows an expected time of %i ms as "%s"', async (expectedMs, label) => {
  await show({ elapsedMs: 0, expectedMs });
  await expect.element(page.getByText(label)).toBeVisible();
});

test('says so when the estimate proves wrong', async () => {
  await show({ elapsedMs: 40_000, expectedMs: 20_000 });
  await expect.element(page.getByText('Usually about 20 s; this one takes longer.')).toBeVisible();
});

test('gives the progress bar no value', async () => {
  await show({});
  const bar = page.getByRole('progressbar', { name: 'Making the picture' });
  await expect.element(bar).not.toHaveAttribute('aria-valuenow');
  await expect.element(bar).not.toHaveAttribute('aria-valuetext');
});

test('stops to tick when it is removed', async () => {
  await show({});
  expect(clock.ticking.size).toBe(1);
  panel.remove();
  expect(clock.ticking.size).toBe(0);
});
