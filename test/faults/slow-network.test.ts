import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { digest, enter, see } from '../support/room.ts';
import { ScriptedGenerator } from '../support/scripted-generator.ts';
import { noisePng } from './noise-png.ts';
import { startScriptedServer } from './scripted-server.ts';
import { startTcpProxy } from './tcp-proxy.ts';

const browser = useBrowser();
/** In base64 2 MB, which take 16 s: longer than the 10 s after which either end gives up a silent connection. */
const IMAGE_BYTES = 1_500_000;
/** 1 Mbit/s. */
const BYTES_PER_SECOND = 125_000;

test('R4: an image that takes longer than 10 s over 1 Mbit/s arrives whole, and neither end gives up the connection', async () => {
  const generator = new ScriptedGenerator();
  const proxy = await startTcpProxy(await startScriptedServer(generator));
  const room = await enter(await browser.newPage(), proxy.address);
  const { accepted, open } = proxy;
  proxy.set('toClient', { is: 'slow', bytesPerSecond: BYTES_PER_SECOND });
  proxy.set('toServer', { is: 'slow', bytesPerSecond: BYTES_PER_SECOND });
  await room.submitPrompt('A storm of pixels');
  const drawing = await generator.drawing(0);
  await see(room.button('Cancel')).toBeVisible();
  const startedAt = performance.now();
  const bytes = drawing.finish(noisePng(IMAGE_BYTES));
  await see(room.heading('Is this the picture?')).toBeVisible({ timeout: 60_000 });
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`slow network: ${bytes.length} bytes in ${seconds.toFixed(1)} s`);
  expect(await room.digestOf(room.picture('Generated image'))).toBe(digest(bytes));
  expect(proxy.accepted).toBe(accepted);
  expect(proxy.open).toBeLessThanOrEqual(open);
  expect(seconds).toBeGreaterThan(15);
  proxy.repair();
  await room.press('Approve');
  await see(room.heading('Approved')).toBeVisible();
});
