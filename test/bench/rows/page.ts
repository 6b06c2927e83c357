/** The first visit and the second, on a line of 1.6 Mbit/s with 150 ms: when there is a prompt field to use, and how much JavaScript came. */
import type { BrowserContext } from 'playwright';
import { openBrowser, openPage } from '../browser.ts';
import { startGradio, startStreamlit } from '../peers.ts';
import { type Server, startBuilt } from '../proofroom.ts';
import type { Bench, Row, Side } from '../row.ts';

const line = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000 };

interface Visit {
  readonly promptAt: number;
  /** On the wire, until then. */
  readonly scriptBytes: number;
}

async function visit(context: BrowserContext, address: string): Promise<Visit> {
  const page = await openPage(context);
  const devTools = await context.newCDPSession(page);
  await devTools.send('Network.enable');
  await devTools.send('Network.emulateNetworkConditions', line);
  let scriptBytes = 0;
  const scripts = new Set<string>();
  devTools.on('Network.responseReceived', ({ requestId, type }) => type === 'Script' && scripts.add(requestId));
  devTools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) scriptBytes += encodedDataLength;
  });
  await page.goto(address, { waitUntil: 'commit' });
  const promptAt = await page.waitForFunction(() => window.benchPromptAt, undefined, { polling: 50 });
  const seen = { promptAt: (await promptAt.jsonValue()) ?? 0, scriptBytes };
  await page.close();
  return seen;
}

const side =
  (start: (bench: Bench) => Promise<Server>): Side =>
  async (bench) => {
    const { address } = await start(bench);
    const browser = await openBrowser(bench);
    return async () => {
      const context = await browser.newContext();
      const cold = await visit(context, address);
      const warm = await visit(context, address);
      await context.close();
      return { cold: cold.promptAt, warm: warm.promptAt, script: cold.scriptBytes / 1000 };
    };
  };

export const rows: readonly Row[] = [
  {
    name: 'page',
    title: 'Page on 1.6 Mbit/s with 150 ms',
    figures: {
      cold: { unit: 'ms', target: { value: 1_000 } },
      warm: { unit: 'ms', target: { value: 500 } },
      script: { unit: 'KB', target: { value: 30 } },
    },
    sides: {
      Proofroom: side((bench) => startBuilt(bench, 'http://127.0.0.1:9/v1', 'images')),
      Gradio: side((bench) => startGradio(bench)),
      Streamlit: side((bench) => startStreamlit(bench)),
    },
    startsAnew: true,
  },
];
