import { describe, expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { comeLate, type LatePerson } from '../support/people.ts';
import { type Product, startProduct } from '../support/product.ts';
import { see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';

async function two({ address }: Product): Promise<{ ana: LatePerson; bo: LatePerson }> {
  const ana = await comeLate(browser, 'Ana', address);
  return { ana, bo: await comeLate(browser, 'Bo', ana.room.reviewLink) };
}

/** Two people before a picture that both may decide on. */
async function twoDeciding(product: Product): Promise<{ ana: LatePerson; bo: LatePerson }> {
  const { ana, bo } = await two(product);
  await ana.room.makePicture(PROMPT);
  await see(bo.room.button('Approve')).toBeVisible();
  return { ana, bo };
}

const AGO = '(just now|\\d+ s ago)\\.$';

describe('approve against regenerate (M2)', () => {
  test('clicked at the same moment, one wins, and the other is told who did what', async () => {
    const product = await startProduct();
    const { ana, bo } = await twoDeciding(product);
    product.openai.next('held');
    ana.line.hold();
    bo.line.hold();
    await Promise.all([ana.room.press('Approve'), bo.room.press('Regenerate')]);
    ana.line.release();
    bo.line.release();
    const approved = ana.room.heading('Approved');
    await see(approved.or(ana.room.heading('Drawing'))).toBeVisible();
    if (await approved.isVisible()) {
      await see(bo.room.alert(new RegExp(`^Ana approved this image ${AGO}`))).toBeAttached();
      await see(bo.room.heading('Approved')).toBeVisible();
      expect(product.openai.requests).toHaveLength(1);
    } else {
      await see(ana.room.alert(new RegExp(`^Bo asked for another picture ${AGO}`))).toBeAttached();
      await see(bo.room.heading('Drawing')).toBeVisible();
      expect(product.openai.requests).toHaveLength(2);
    }
    expect(await ana.room.state()).toBe(await bo.room.state());
  });

  test('whoever asks for another picture too late sees the approval and whose it is', async () => {
    const product = await startProduct();
    const { ana, bo } = await twoDeciding(product);
    bo.line.hold();
    await ana.room.press('Approve');
    await see(ana.room.heading('Approved')).toBeVisible();
    await bo.room.press('Regenerate');
    await see(bo.room.button('Regenerate')).toHaveAttribute('aria-busy', 'true');
    bo.line.release();
    await see(bo.room.alert(new RegExp(`^Ana approved this image ${AGO}`))).toBeAttached();
    await see(bo.room.heading('Approved')).toBeVisible();
    await see(bo.room.picture('Generated image')).toBeVisible();
    expect(product.openai.requests).toHaveLength(1);
    await bo.room.press('Dismiss');
    await see(bo.room.root.getByText(/^Ana approved this image/)).toHaveCount(0);
  });

  test('whoever approves too late sees the next picture being drawn, and whose wish it was', async () => {
    const product = await startProduct();
    const { ana, bo } = await twoDeciding(product);
    product.openai.next('held');
    bo.line.hold();
    await ana.room.press('Regenerate');
    await see(ana.room.heading('Drawing')).toBeVisible();
    await bo.room.press('Approve');
    bo.line.release();
    await see(bo.room.alert(new RegExp(`^Ana asked for another picture ${AGO}`))).toBeAttached();
    await see(bo.room.heading('Drawing')).toBeVisible();
    expect(JSON.parse(await bo.room.state())).toMatchObject({ stage: 'generating', decisions: [] });
  });

  test('both approve, and it is approved once, with no complaint to either', async () => {
    const product = await startProduct();
    const { ana, bo } = await twoDeciding(product);
    bo.line.hold();
    await ana.room.press('Approve');
    await see(ana.room.heading('Approved')).toBeVisible();
    await bo.room.press('Approve');
    bo.line.release();
    await see(bo.room.heading('Approved')).toBeVisible();
    expect(JSON.parse(await bo.room.state())).toMatchObject({ decisions: [{ by: 'Ana' }] });
    await see(bo.room.alert(/\S/)).toHaveCount(0);
  });
});

describe('a second click', () => {
  test('on Generate makes no second picture', async () => {
    const { address, openai } = await startProduct();
    openai.next('held');
    const ana = await comeLate(browser, 'Ana', address);
    await ana.room.prompt.fill(PROMPT);
    ana.line.hold();
    await ana.room.button('Generate').dblclick();
    await see(ana.room.button('Generate')).toHaveAttribute('aria-busy', 'true');
    // Without force it would wait until the button is enabled again.
    await ana.room.button('Generate').click({ force: true });
    ana.line.release();
    await see(ana.room.picture('Preview, still being drawn')).toBeVisible();
    openai.release();
    await see(ana.room.heading('Is this the picture?')).toBeVisible();
    expect(openai.requests).toHaveLength(1);
    await see(ana.room.alert(/\S/)).toHaveCount(0);
  });

  test('on Approve decides nothing twice', async () => {
    const ana = await comeLate(browser, 'Ana', (await startProduct()).address);
    await ana.room.makePicture(PROMPT);
    ana.line.hold();
    await ana.room.button('Approve').dblclick();
    ana.line.release();
    await see(ana.room.heading('Approved')).toBeVisible();
    expect(JSON.parse(await ana.room.state()).decisions).toHaveLength(1);
    await see(ana.room.alert(/\S/)).toHaveCount(0);
  });
});

describe('too late (M10)', () => {
  test('a Cancel does not stop the generation after the one that it was meant for', async () => {
    const product = await startProduct();
    const { openai } = product;
    const { ana, bo } = await two(product);
    openai.next('held');
    openai.next('held');
    await ana.room.ask(PROMPT);
    await see(bo.room.picture('Preview, still being drawn')).toBeVisible();
    bo.line.hold();
    openai.release();
    await see(ana.room.heading('Is this the picture?')).toBeVisible();
    await ana.room.press('Regenerate');
    await see(ana.room.picture('Preview, still being drawn')).toBeVisible();
    await bo.room.press('Cancel');
    bo.line.release();
    await see(bo.room.alert(new RegExp(`^Ana asked for another picture ${AGO}`))).toBeAttached();
    await see(bo.room.heading('Drawing')).toBeVisible();
    expect(openai.requests.map(({ isClosedEarly }) => isClosedEarly)).toEqual([false, false]);
    openai.release();
    await see(bo.room.heading('Is this the picture?')).toBeVisible();
  });

  test('a Cancel finds the picture finished, and leaves it', async () => {
    const product = await startProduct();
    const { openai } = product;
    openai.next('held');
    const { ana, bo } = await two(product);
    await ana.room.ask(PROMPT);
    await see(bo.room.picture('Preview, still being drawn')).toBeVisible();
    bo.line.hold();
    openai.release();
    await see(ana.room.heading('Is this the picture?')).toBeVisible();
    await bo.room.press('Cancel');
    bo.line.release();
    await see(bo.room.heading('Is this the picture?')).toBeVisible();
    await see(bo.room.picture('Generated image')).toBeVisible();
    await see(bo.room.alert(/^It was too late to cancel/)).toBeAttached();
    await see(ana.room.button('Approve')).toBeVisible();
  });

  test('Start over does not take away what was approved meanwhile', async () => {
    const product = await startProduct();
    const { ana, bo } = await twoDeciding(product);
    await bo.room.press('Start over');
    await see(bo.room.question).toBeVisible();
    bo.line.hold();
    await ana.room.press('Approve');
    await see(ana.room.heading('Approved')).toBeVisible();
    await bo.room.question.getByRole('button', { name: 'Start over' }).click();
    bo.line.release();
    await see(bo.room.alert(new RegExp(`^Ana approved this image ${AGO}`))).toBeAttached();
    await see(bo.room.heading('Approved')).toBeVisible();
    await see(ana.room.heading('Approved')).toBeVisible();
  });
});
