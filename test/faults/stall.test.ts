/** A network that delivers nothing for a while and then goes on, as in a lift or a tunnel. In real time, since the rule speaks of seconds. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { seePicture } from '../support/people.ts';
import { connectionErrors, startProduct } from '../support/product.ts';
import { digest, enter, see } from '../support/room.ts';
import { ScriptedGenerator } from '../support/scripted-generator.ts';
import { noisePng } from './noise-png.ts';
import { startScriptedServer } from './scripted-server.ts';
import { type Direction, startTcpProxy } from './tcp-proxy.ts';

const browser = useBrowser();
const IMAGE_BYTES = 1_000_000;
/** So slow that the image alone takes longer than the 10 s after which a silent connection is given up. */
const SLOW = { is: 'slow', bytesPerSecond: 125_000 } as const;

/** Both directions at the same time, each with a server, a proxy and a tab of its own: most of the time is waiting. */
const inBothDirections = (scenario: (direction: Direction) => Promise<void>) =>
  Promise.all((['toClient', 'toServer'] as const).map(scenario));

test('R4: an image whose connection stalls for 5 s, in either direction, arrives without a reconnect', async () => {
  await inBothDirections(async (direction) => {
    const generator = new ScriptedGenerator();
    const proxy = await startTcpProxy(await startScriptedServer(generator));
    const room = await enter(await browser.newPage(), proxy.address);
    const { accepted } = proxy;
    await room.submitPrompt('A fox in the snow');
    const drawing = await generator.drawing(0);
    await see(room.button('Cancel')).toBeVisible();
    proxy.set('toClient', SLOW);
    const before = proxy.passed.toClient;
    const startedAt = performance.now();
    const bytes = drawing.finish(noisePng(IMAGE_BYTES));
    await proxy.until(({ passed }) => passed.toClient > before + IMAGE_BYTES / 5);
    proxy.set(direction, { is: 'stalled' });
    await wait(5_000);
    expect(proxy.passed.toClient - before, direction).toBeLessThan(IMAGE_BYTES);
    proxy.set(direction, direction === 'toClient' ? SLOW : { is: 'clear' });
    await see(room.heading('Is this the picture?')).toBeVisible({ timeout: 60_000 });
    expect(await room.digestOf(room.picture('Generated image')), direction).toBe(digest(bytes));
    expect(performance.now() - startedAt, direction).toBeGreaterThan(10_000);
    proxy.repair();
    await room.press('Approve');
    await see(room.heading('Approved')).toBeVisible();
    expect(proxy.accepted, direction).toBe(accepted);
  });
});

test('R1, R4, M7: a connection that stalls for 12 s is replaced; what was sent and typed meanwhile is there, once', async () => {
  browser.allowErrors(connectionErrors);
  await inBothDirections(async (direction) => {
    const { address, openai } = await startProduct();
    const proxy = await startTcpProxy(Number(new URL(address).port));
    const room = await enter(await browser.newPage(), proxy.address);
    const other = await enter(await browser.newPage(), room.reviewLink.replace(proxy.address, address));
    await room.makePicture('A fox in the snow');
    await see(other.heading('Is this the picture?')).toBeVisible();
    const { accepted } = proxy;
    proxy.set(direction, { is: 'stalled' });
    const stalled = wait(12_000);
    await room.prompt.fill('A heron in the rain');
    await room.feedback.fill('Warmer light');
    await room.press('Refine No. 1');
    await Promise.all([proxy.until((one) => one.accepted > accepted), stalled]);
    await see(room.root.getByText(/^Reconnecting/)).toBeVisible();
    await see(room.attempt(2)).toHaveCount(0);
    expect(openai.requests, direction).toHaveLength(direction === 'toClient' ? 2 : 1);
    proxy.repair();
    await see(room.live).toBeVisible();
    for (const one of [room, other]) {
      await seePicture(one, openai, 2);
      await see(one.prompt).toHaveValue('A heron in the rain');
    }
    await room.press('Approve');
    await see(other.heading('Approved')).toBeVisible();
    expect(await other.state(), direction).toBe(await room.state());
    expect(openai.requests, direction).toHaveLength(2);
  });
});
