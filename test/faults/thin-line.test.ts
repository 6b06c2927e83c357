import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { digest, enter, see } from '../support/room.ts';
import { ScriptedGenerator } from '../support/scripted-generator.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { noisePng } from './noise-png.ts';
import { startScriptedPage } from './scripted-page.ts';

const browser = useBrowser();
const MEGABYTE = 1_000_000;
/** 1 Mbit/s. */
const BYTES_PER_SECOND = MEGABYTE / 8;

// The rule's own numbers, and in its own time: what is waited for is patience itself, 10 s and more for each end, which neither a
// faster line nor a smaller picture would try. Base64 makes 5.3 MB of it, and 43 s.
test('R4: a picture of 4 MB over 1 Mbit/s arrives whole, without a reconnect of either end', async () => {
  const generator = new ScriptedGenerator();
  const proxy = await startTcpProxy(await startScriptedPage(generator));
  const room = await enter(await browser.newPage(), proxy.address);
  const { accepted, open } = proxy;
  proxy.set('toClient', { is: 'trickling', bytesPerSecond: BYTES_PER_SECOND });
  proxy.set('toServer', { is: 'trickling', bytesPerSecond: BYTES_PER_SECOND });
  await room.submitPrompt('A storm of pixels');
  const drawing = await generator.drawing(0);
  await see(room.button('Cancel')).toBeVisible();
  const begun = performance.now();
  const bytes = drawing.finish(noisePng(4 * MEGABYTE));
  await see(room.heading('Is this the picture?')).toBeVisible({ timeout: 120_000 });
  const seconds = (performance.now() - begun) / 1000;
  console.log(`thin line: ${bytes.length} bytes in ${seconds.toFixed(1)} s`);
  expect(await room.digestOf(room.picture('Generated image'))).toBe(digest(bytes));
  expect(proxy.accepted).toBe(accepted);
  expect(proxy.open).toBeLessThanOrEqual(open);
  expect(seconds).toBeGreaterThan(40);
  proxy.heal();
  await room.press('Approve');
  await see(room.heading('Approved')).toBeVisible();
}, 180_000);
