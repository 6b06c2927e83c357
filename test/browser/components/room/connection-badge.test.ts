import { html } from 'lit';
import { expect, test } from 'vitest';
import { page } from 'vitest/browser';
import '../../../../client/components/room/connection-badge.ts';
import type { ConnectionState } from '../../../../client/session/session-state.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { useStand } from '../../../support/stand.ts';

const stand = useStand();

test('R5: the badge counts down to the next try, and ticks only then', async () => {
  const clock = new ManualClock();
  const show = (connection: ConnectionState) =>
    stand.show(html`<proof-connection .clock=${clock} .connection=${connection}></proof-connection>`);
  await show({ status: 'reconnecting', nextTryAt: clock.now() + 3_000 });
  await expect.element(page.getByText('Reconnecting, next try in 3 s')).toBeVisible();
  clock.advance(3_000);
  await expect.element(page.getByText('Reconnecting', { exact: true })).toBeVisible();
  await show({ status: 'online' });
  await expect.element(page.getByText('Live')).toBeVisible();
  expect(clock.ticking.size).toBe(0);
});
