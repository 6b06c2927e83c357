import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import type { RoomEventMap } from '../../client/components/room/room-events.ts';
import { useBrowser } from '../support/browser.ts';
import { startMain } from '../support/main-process.ts';
import { project, startProduct } from '../support/product.ts';
import { digest, enter, type Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';

interface Told {
  readonly stages: string[];
  readonly approved: { readonly name: string; readonly type: string; readonly sha256: string }[];
}

/** Listens as a page around the room would; what the room tells bubbles up to its document. */
async function listenTo(page: Page): Promise<Told> {
  const told: Told = { stages: [], approved: [] };
  await page.exposeFunction('stageTold', (stage: string) => void told.stages.push(stage));
  await page.exposeFunction('approvalTold', (approval: Told['approved'][number]) => void told.approved.push(approval));
  await page.addInitScript(() => {
    const { stageTold, approvalTold } = window as unknown as Record<string, (what: unknown) => void>;
    document.addEventListener('proof-stage', (event) =>
      stageTold?.((event as RoomEventMap['proof-stage']).detail.stage),
    );
    document.addEventListener('proof-approved', (event) => {
      const { file, sha256 } = (event as RoomEventMap['proof-approved']).detail;
      approvalTold?.({ name: file.name, type: file.type, sha256 });
    });
  });
  return told;
}

describe('the whole loop', () => {
  test('a prompt becomes a picture as it is drawn, an approval, and a fresh start', async () => {
    const { address, openai } = await startProduct();
    openai.next('held');
    const tab = await browser.newPage();
    const told = await listenTo(tab);
    const room = await enter(tab, address);
    await see(room.heading('What should the picture show?')).toBeVisible();

    await room.ask(PROMPT);
    await see(room.heading('Drawing')).toBeVisible();
    await see(room.picture('Preview, still being drawn')).toHaveAccessibleName(`Preview, still being drawn: ${PROMPT}`);
    await see(tab).toHaveTitle('Drawing … · Proofroom');
    expect(await room.digestOf(room.picture('Preview, still being drawn'))).toBe(digest(openai.sent[0]?.partials[0]));

    openai.release();
    await see(room.heading('Is this the picture?')).toBeVisible();
    await see(room.picture('Generated image')).toHaveAccessibleName(`Generated image: ${PROMPT}`);
    await see(tab).toHaveTitle('Ready to decide · Proofroom');

    await room.press('Approve');
    await see(room.heading('Approved')).toBeVisible();
    await see(room.root.getByText(/by Reviewer 1,/)).toBeVisible();
    await see(room.button('Approve')).toHaveCount(0);
    await see(tab).toHaveTitle('Approved · Proofroom');

    await room.press('Start over');
    await room.question.getByRole('button', { name: 'Start over' }).click();
    await see(room.heading('What should the picture show?')).toBeVisible();
    await see(room.prompt).toHaveValue('');
    await see(room.root.getByRole('img')).toHaveCount(0);

    const stages = ['initial_input', 'generating', 'user_feedback', 'final', 'initial_input'];
    await expect.poll(() => told.stages, { timeout: 15_000 }).toEqual(stages);
    const sha256 = digest(openai.sent[0]?.final);
    expect(told.approved).toEqual([{ name: 'a-fox-in-the-snow.png', type: 'image/png', sha256 }]);
  });

  test('it works with nothing set up: the demo painter draws, and says that it is a demo', async () => {
    const main = startMain(project);
    const room = await enter(await browser.newPage(), await main.address());
    await see(room.root.getByRole('paragraph').filter({ hasText: /Demo\..*OPENAI_API_KEY/s })).toBeVisible();
    await room.ask(PROMPT);
    await see(room.picture('Preview, still being drawn')).toBeVisible();
    await see(room.picture('Generated image')).toBeVisible();
    await room.press('Approve');
    await see(room.heading('Approved')).toBeVisible();
    const { name, bytes } = await room.download();
    expect(name).toBe('a-fox-in-the-snow.png');
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    expect(await room.state()).toContain(digest(bytes));
  });

  test('progress is told in phases and time, with an estimate once there is one, never in percent', async () => {
    const { address, openai } = await startProduct();
    const room = await enter(await browser.newPage(), address);
    await room.makePicture(PROMPT);
    openai.next('held');
    await room.press('Regenerate');
    await see(room.heading('Drawing')).toBeVisible();
    await see(room.root.getByRole('timer')).toHaveText(/^0:0\d$/);
    await see(room.root.getByText(/^Usually about \d+ s/)).toBeVisible();
    const bar = room.root.getByRole('progressbar', { name: 'Making the picture' });
    await see(bar).toBeVisible();
    await see(bar).not.toHaveAttribute('aria-valuenow');
    await see(room.root.getByRole('region', { name: 'Review' })).not.toContainText('%');
    await see(room.picture('Preview, still being drawn')).toBeVisible();
    openai.release();
    await see(room.picture('Generated image')).toBeVisible();
  });

  test('the address becomes the session, its key in the fragment alone (W5)', async () => {
    const { address, logs } = await startProduct();
    const tab = await browser.newPage();
    const asked: string[] = [];
    tab.on('request', (request) => void asked.push(request.url()));
    tab.on('websocket', (socket) => void asked.push(socket.url()));
    const room = await enter(tab, address);
    await see(tab).toHaveURL(/\/s\/[\w-]{22,}#[\w-]{22,}$/);
    const { hash, pathname } = new URL(room.reviewLink);
    await room.makePicture(PROMPT);
    await tab.reload();
    await see(room.picture('Generated image')).toBeVisible();
    expect(new URL(room.reviewLink)).toMatchObject({ hash, pathname });
    expect(asked.length).toBeGreaterThan(2);
    // A fragment stands in the browser's own account of a navigation, but is never sent.
    const sent = asked.map((url) => url.replace(/#.*/, ''));
    expect([...sent, ...logs].filter((line) => line.includes(hash.slice(1)))).toEqual([]);
  });
});

describe('the picture', () => {
  test("is downloaded as the generator's own bytes, under a name that says whether it is approved (W4)", async () => {
    const { address, openai } = await startProduct();
    const room = await enter(await browser.newPage(), address);
    await room.makePicture(PROMPT);
    const { final } = openai.sent[0] ?? {};
    expect(await room.download()).toEqual({ name: 'a-fox-in-the-snow-unapproved.png', bytes: final });
    await room.press('Approve');
    await see(room.heading('Approved')).toBeVisible();
    expect(await room.download()).toEqual({ name: 'a-fox-in-the-snow.png', bytes: final });
  });

  test.each(['PNG', 'JPEG', 'WebP'])('is copied to the clipboard, drawn as %s', async (format) => {
    const { address } = await startProduct();
    const tab = await browser.newPage({ permissions: ['clipboard-read', 'clipboard-write'] });
    const room = await enter(tab, address);
    await choose(room, { Format: format });
    await room.makePicture(PROMPT);
    await room.press('Copy image');
    await see(room.button('Copied')).toBeVisible();
    await see(room.status('The image is on the clipboard.')).toBeAttached();
    const copied = await tab.evaluate(async () => {
      const [item] = await navigator.clipboard.read();
      const { width, height } = await createImageBitmap((await item?.getType('image/png')) ?? new Blob());
      return { types: item?.types, width, height };
    });
    expect(copied).toEqual({ types: ['image/png'], width: 96, height: 64 });
  });

  test('is asked for with the options that were chosen, and the next one with the same', async () => {
    const { address, openai } = await startProduct();
    const room = await enter(await browser.newPage(), address);
    await choose(room, { Size: 'Landscape', Quality: 'Low', Background: 'Transparent', Format: 'WebP' });
    await room.makePicture(PROMPT);
    await room.press('Regenerate');
    await openai.request(2);
    const asked = { size: '1536x1024', quality: 'low', background: 'transparent', output_format: 'webp' };
    for (const { body } of openai.requests) expect(body).toMatchObject({ tools: [asked] });
    await see(room.picture('Generated image')).toBeVisible();
    expect((await room.download()).name).toBe('a-fox-in-the-snow-unapproved.webp');
  });
});

/** Chooses options by the words that stand beside and in their lists. */
async function choose(room: Room, options: Readonly<Record<string, string>>): Promise<void> {
  await room.root.getByText('Options', { exact: true }).click();
  for (const [name, value] of Object.entries(options)) await room.root.getByLabel(name).selectOption(value);
}
