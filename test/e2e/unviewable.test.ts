/** Pictures that a browser cannot show: nobody can approve them there. */
import { expect, test } from 'vitest';
import type { GenerateRequest, Generator } from '../../server/generators/generator.ts';
import { useBrowser } from '../support/browser.ts';
import { paintPicture } from '../support/fake-openai-pictures.ts';
import { startHostPage } from '../support/host-page.ts';
import { enterAs } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { enter, Room, see } from '../support/room.ts';
import { ScriptedGenerator } from '../support/scripted-generator.ts';

const browser = useBrowser();
const SIZE = { width: 300, height: 200 };
const CANNOT_SHOW = 'Your browser cannot show this picture';

const paint = (prompt: string, number: number) =>
  paintPicture({ prompt, number, progress: 1, size: SIZE, format: 'png' });

/** A host program's own generator: cuts off the end of previews and of pictures whose prompt says so, and of every second candidate. */
class CuttingGenerator extends ScriptedGenerator implements Generator {
  override async generate({ prompt, attempt }: GenerateRequest, { onProgress }: Parameters<Generator['generate']>[1]) {
    const whole = await paint(prompt, attempt);
    const imageOf = (bytes: Buffer) => ({ bytes, mediaType: 'image/png', ...SIZE }) as const;
    const cut = whole.subarray(0, whole.length * 0.6);
    onProgress({ phase: 'partial', image: imageOf(cut) });
    return { image: imageOf(prompt.includes('cut') && attempt % 2 === 0 ? cut : whole) };
  }
}

const decidedOf = async (room: Room) => (await room.snapshot()).decisions.length;

test('S10: a file that is cut short says so, can be downloaded, and nowhere be approved', async () => {
  const { address } = await startProduct({ generator: new CuttingGenerator() });
  const ana = await enter(await browser.newPage(), address);
  await ana.submitPrompt('A fox, cut');
  await see(ana.text(CANNOT_SHOW)).toBeVisible();
  await see(ana.status(`${CANNOT_SHOW}.`)).toBeAttached();
  await see(ana.heading('You can’t approve this one here')).toBeVisible();
  await see(ana.button('Approve')).toHaveCount(0);
  await see(ana.root.getByRole('img', { name: /A fox/ })).toHaveCount(0);
  const { attempts } = await ana.snapshot();
  expect((await ana.download()).bytes).toHaveLength(attempts[0]?.image.byteLength ?? 0);

  // Beside one that can be shown, in the strip and in the comparison.
  await ana.submitPrompt('A fox, cut', 'Regenerate');
  await see(ana.picture('Generated image')).toBeVisible();
  await see(ana.attempt(1)).toHaveAccessibleDescription('Your browser cannot show it.');
  await see(ana.attempt(2)).toHaveAccessibleDescription('');
  await ana.openComparison();
  await see(ana.comparison.getByText(CANNOT_SHOW)).toBeVisible();
  await see(ana.comparison.getByRole('button', { name: 'Approve No. 2' })).toBeVisible();
  await see(ana.comparison.getByRole('button', { name: 'Approve No. 1' })).toHaveCount(0);
  await ana.page.keyboard.press('Escape');

  // An intent that comes by another way than a button is not carried out.
  await ana.select(1);
  await ana.page.evaluate((image) => {
    const review = document.querySelector('proof-room')?.shadowRoot?.querySelector('proof-review');
    const intent = { type: 'approve', image };
    review?.dispatchEvent(Object.assign(new Event('proof-intent', { bubbles: true, composed: true }), { intent }));
  }, attempts[0]?.image);
  await ana.select(2);
  expect(await decidedOf(ana)).toBe(0);
  await ana.press('Approve');
  await see(ana.heading('Approved')).toBeVisible();
});

test('S10: of several candidates, those that cannot be shown say so in the grid', async () => {
  const { address } = await startProduct({ generator: new CuttingGenerator() });
  const ana = await enter(await browser.newPage(), address);
  await ana.openOptions();
  await ana.chooseCandidates(2);
  await ana.submitPrompt('Two foxes, cut');
  await see(ana.finishedCandidates).toHaveCount(2);
  await see(ana.candidates.getByText(CANNOT_SHOW)).toHaveCount(1);
  await see(ana.candidates.getByRole('img', { name: /foxes/ })).toHaveCount(1);
  await ana.candidates.filter({ hasText: CANNOT_SHOW }).getByRole('button').click();
  await see(ana.heading('You can’t approve this one here')).toBeVisible();
  await see(ana.button('Approve')).toHaveCount(0);
});

test('S10: a page whose policy forbids blob: names the directive, and lets nobody approve; others can', async () => {
  browser.allowErrors(/violates the following Content Security Policy directive: "img-src 'self'"/);
  const host = await startHostPage();
  const { address } = await startProduct({ config: { allowedOrigins: [host.origin] } });
  host.show({
    proofroom: address,
    policy: { 'img-src': "'self'" },
    body: `<proof-room id="room" server="${address}"></proof-room>`,
  });
  const page = await browser.newPage();
  await page.goto(host.origin);
  const ana = new Room(page, page.locator('#room'));
  await ana.submitPrompt('A heron');
  await see(ana.heading('You can’t approve this one here')).toBeVisible();
  await see(ana.text(/has to add blob: to img-src/)).toBeVisible();
  await see(ana.button('Approve')).toHaveCount(0);
  expect((await ana.download()).bytes.length).toBeGreaterThan(1_000);

  await ana.press('Share');
  const link = await ana.root.getByRole('textbox', { name: 'Review link' }).inputValue();
  await ana.press('Close');
  const bo = await enterAs('Bo', browser, link);
  await bo.press('Approve');
  await see(ana.heading('Approved')).toBeVisible();
});
