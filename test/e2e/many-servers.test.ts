/** Two servers that share their sessions, and tabs that reach either of them: nothing ends with a process. */
import { expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../cluster/cluster.ts';
import { useBrowser } from '../support/browser.ts';
import { twoReviewersAndWatcher } from '../support/people.ts';
import { see } from '../support/room.ts';

const browser = useBrowser();

test('R1 R9 W1: a review goes on, though each server is killed in its turn, one while it may be drawing', async () => {
  const cluster = await startCluster({ servers: 2 });
  onTestFinished(() => cluster.stop());
  const [first, second] = cluster.servers;
  const { ana, bo, cy } = await twoReviewersAndWatcher(browser, cluster.proxy.address);
  const everybody = [ana, bo, cy];

  await ana.prompt.fill('A lighthouse');
  await see(bo.prompt).toHaveValue('A lighthouse');
  await ana.press('Generate');
  for (const { root } of everybody) await see(root.getByRole('heading', { name: 'Drawing' })).toBeVisible();
  await first?.kill();
  for (const room of everybody) {
    await see(room.picture('Generated image')).toBeVisible({ timeout: 45_000 });
    await see(room.live).toBeVisible();
  }
  const shown = await Promise.all(everybody.map((room) => room.digestOf(room.picture('Generated image'))));
  expect(new Set(shown).size).toBe(1);

  await first?.start();
  await second?.kill();
  for (const room of everybody) await see(room.live).toBeVisible({ timeout: 30_000 });
  await bo.press('Approve');
  for (const room of everybody) {
    await see(room.heading('Approved')).toBeVisible();
    expect(await room.digestOf(room.picture('Generated image'))).toBe(shown[0]);
  }
  await see(ana.people('2 reviewers, 1 watching')).toBeVisible({ timeout: 30_000 });
});
