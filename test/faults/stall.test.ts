/** A line on which nothing moves for a while, and then goes on: a lift, a tunnel, a network in a bad mood. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { seePicture } from '../support/people.ts';
import { connectionErrors, startProduct } from '../support/product.ts';
import { digest, enter, see } from '../support/room.ts';
import { ScriptedGenerator } from '../support/scripted-generator.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { noisePng } from './noise-png.ts';
import { startScriptedPage } from './scripted-page.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const MEGABYTE = 1_000_000;
const CLEAR = { is: 'clear' } as const;
/** So slow that the picture alone takes longer than a silent line is believed in. */
const BYTES_PER_SECOND = MEGABYTE / 8;

// The two below pass real time, since the time is what the line does: 5 s and 12 s in which nothing moves.

test.for(['toClient', 'toServer'] as const)(
  'R4: a line that stalls for 5 s in the middle of a picture, %s, is waited for: the picture arrives, without a reconnect',
  async (direction) => {
    const generator = new ScriptedGenerator();
    const proxy = await startTcpProxy(await startScriptedPage(generator));
    const room = await enter(await browser.newPage(), proxy.address);
    const { accepted } = proxy;
    await room.submitPrompt(PROMPT);
    const drawing = await generator.drawing(0);
    await see(room.button('Cancel')).toBeVisible();
    const trickling = { is: 'trickling', bytesPerSecond: BYTES_PER_SECOND } as const;
    proxy.set('toClient', trickling);
    const before = proxy.carried.toClient;
    const begun = performance.now();
    const bytes = drawing.finish(noisePng(MEGABYTE));
    await proxy.until(({ carried }) => carried.toClient > before + MEGABYTE / 5);
    proxy.set(direction, { is: 'stalled' });
    await wait(5_000);
    expect(proxy.carried.toClient - before).toBeLessThan(MEGABYTE);
    proxy.set(direction, direction === 'toClient' ? trickling : CLEAR);
    await see(room.heading('Is this the picture?')).toBeVisible({ timeout: 60_000 });
    expect(await room.digestOf(room.picture('Generated image'))).toBe(digest(bytes));
    expect(performance.now() - begun).toBeGreaterThan(10_000);
    expect(proxy.accepted).toBe(accepted);
    proxy.heal();
    await room.press('Approve');
    await see(room.heading('Approved')).toBeVisible();
    expect(proxy.accepted).toBe(accepted);
  },
);

test.for(['toClient', 'toServer'] as const)(
  'R1, R4, M7: a line that stalls for 12 s, %s, is given up for another; what was asked and typed meanwhile is there, once',
  async (direction) => {
    browser.allowErrors(connectionErrors);
    const { address, openai } = await startProduct();
    const proxy = await startTcpProxy(Number(new URL(address).port));
    const room = await enter(await browser.newPage(), proxy.address);
    const other = await enter(await browser.newPage(), room.reviewLink.replace(proxy.address, address));
    await room.makePicture(PROMPT);
    await see(other.heading('Is this the picture?')).toBeVisible();
    const { accepted } = proxy;
    proxy.set(direction, { is: 'stalled' });
    const stalled = wait(12_000);
    await room.prompt.fill('A heron in the rain');
    await room.feedback.fill('Warmer light');
    await room.press('Refine No. 1');
    await Promise.all([proxy.until((line) => line.accepted > accepted), stalled]);
    await see(room.root.getByText(/^Reconnecting/)).toBeVisible();
    await see(room.attempt(2)).toHaveCount(0);
    expect(openai.requests).toHaveLength(direction === 'toClient' ? 2 : 1);
    proxy.heal();
    await see(room.live).toBeVisible();
    for (const one of [room, other]) {
      await seePicture(one, openai, 2);
      await see(one.prompt).toHaveValue('A heron in the rain');
    }
    await room.press('Approve');
    await see(other.heading('Approved')).toBeVisible();
    expect(await other.state()).toBe(await room.state());
    expect(openai.requests).toHaveLength(2);
  },
);
