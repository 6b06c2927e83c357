/** Two people act at once, or on a state that is out of date. */
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { type DelayedPerson, enterDelayed, makePictures } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { see } from '../support/room.ts';

const browser = useBrowser();
const PROMPTS = ['A fox in the snow', 'A heron in the mist'] as const;

async function twoDelayed(address: string): Promise<{ ana: DelayedPerson; bo: DelayedPerson }> {
  const ana = await enterDelayed('Ana', browser, address);
  return { ana, bo: await enterDelayed('Bo', browser, ana.room.reviewLink) };
}

/** The sentence for somebody whose command came too late. */
const sentence = (text: string) => new RegExp(`^${text} (just now|\\d+ seconds? ago)\\.$`);

test('M2: of approve and regenerate in the same moment one wins, and the other person is told who did what', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo } = await twoDelayed(address);
  await makePictures([ana.room, bo.room], PROMPTS.slice(0, 1));
  openai.next('held');
  ana.connection.hold();
  bo.connection.hold();
  await Promise.all([ana.room.press('Approve'), bo.room.press('Regenerate')]);
  ana.connection.release();
  bo.connection.release();
  const approved = ana.room.heading('Approved');
  await see(approved.or(ana.room.heading('Drawing'))).toBeVisible();
  if (await approved.isVisible()) {
    await see(bo.room.alert(sentence('Ana approved this image'))).toBeAttached();
    await see(bo.room.heading('Approved')).toBeVisible();
    expect(openai.requests).toHaveLength(1);
  } else {
    await see(ana.room.alert('Your approval of No. 1 did not count: Bo asked for another picture.')).toBeAttached();
    await see(bo.room.heading('Drawing')).toBeVisible();
    expect(openai.requests).toHaveLength(2);
  }
  expect(await ana.room.state()).toBe(await bo.room.state());
});

test('M10: a command from an earlier turn changes nothing, and its person is told who did what', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo } = await twoDelayed(address);

  // Cancel, when the picture is finished.
  openai.next('held');
  await ana.room.submitPrompt(PROMPTS[0]);
  await see(bo.room.picture('Preview, still being drawn')).toBeVisible();
  bo.connection.hold();
  openai.release();
  await see(ana.room.heading('Is this the picture?')).toBeVisible();
  await bo.room.press('Cancel');
  bo.connection.release();
  await see(bo.room.alert(/^It was too late to cancel/)).toBeAttached();
  await see(bo.room.heading('Is this the picture?')).toBeVisible();

  // Cancel, when the next generation is running.
  openai.next('held');
  openai.next('held');
  await ana.room.press('Regenerate');
  await see(bo.room.picture('Preview, still being drawn')).toBeVisible();
  bo.connection.hold();
  openai.release();
  await see(ana.room.heading('Is this the picture?')).toBeVisible();
  await ana.room.press('Regenerate');
  await see(ana.room.picture('Preview, still being drawn')).toBeVisible();
  await bo.room.press('Cancel');
  bo.connection.release();
  await see(bo.room.alert(sentence('Ana asked for another picture'))).toBeAttached();
  await see(bo.room.heading('Drawing')).toBeVisible();
  expect(openai.requests.map(({ isClosedEarly }) => isClosedEarly)).toEqual([false, false, false]);
  openai.release();
  await see(bo.room.heading('Is this the picture?')).toBeVisible();

  // Approve, when the next generation is running.
  openai.next('held');
  bo.connection.hold();
  await ana.room.press('Regenerate');
  await see(ana.room.heading('Drawing')).toBeVisible();
  await bo.room.press('Approve');
  bo.connection.release();
  await see(bo.room.alert(/^Your approval of No. \d did not count: Ana asked for another picture\.$/)).toBeAttached();
  await see(bo.room.heading('Drawing')).toBeVisible();
  openai.release();
  await see(bo.room.heading('Is this the picture?')).toBeVisible();

  // Approve, when that attempt is discarded.
  bo.connection.hold();
  await ana.room.press('Discard No. 4');
  await see(ana.room.status('No. 4 was discarded.')).toBeVisible();
  await bo.room.press('Approve');
  bo.connection.release();
  await see(bo.room.alert('Your approval of No. 4 did not count: Ana discarded it.')).toBeAttached();
  await see(bo.room.status('Ana discarded No. 4, which you have open.')).toBeVisible();

  // Start over, when an attempt is approved.
  await bo.room.press('Start over');
  await see(bo.room.question).toBeVisible();
  bo.connection.hold();
  await ana.room.press('Approve');
  await see(ana.room.heading('Approved')).toBeVisible();
  await bo.room.question.getByRole('button', { name: 'Start over' }).click();
  bo.connection.release();
  await see(bo.room.alert(sentence('Ana approved this image'))).toBeAttached();
  await see(bo.room.heading('Approved')).toBeVisible();
  await bo.room.press('Dismiss');
  await see(bo.room.text(sentence('Ana approved this image'))).toHaveCount(0);
  expect((await bo.room.snapshot()).decisions).toMatchObject([{ by: 'Ana' }]);
  expect(await ana.room.state()).toBe(await bo.room.state());
});

test('M2, M7: commands after an approval are rejected with its author, except the same approval', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo } = await twoDelayed(address);
  for (const late of ['Regenerate', 'Discard No. 1', 'Approve']) {
    await ana.room.makePicture(PROMPTS[0]);
    await see(bo.room.button(late)).toBeVisible();
    bo.connection.hold();
    // The second click of a double click is the same command.
    await ana.room.button('Approve').dblclick();
    await see(ana.room.heading('Approved')).toBeVisible();
    await bo.room.press(late);
    await see(bo.room.button(late)).toHaveAttribute('aria-busy', 'true');
    bo.connection.release();
    await see(bo.room.heading('Approved')).toBeVisible();
    if (late === 'Approve') await see(bo.room.alert(/\S/)).toHaveCount(0);
    else await see(bo.room.alert(sentence('Ana approved this image'))).toBeAttached();
    await see(ana.room.alert(/\S/)).toHaveCount(0);
    await ana.room.startOver();
    await see(bo.room.prompt).toBeVisible();
  }
  expect((await ana.room.snapshot()).decisions).toMatchObject([{ by: 'Ana' }, { by: 'Ana' }, { by: 'Ana' }]);
  expect(openai.requests).toHaveLength(3);

  await ana.room.prompt.fill(PROMPTS[1]);
  ana.connection.hold();
  await ana.room.button('Generate').dblclick();
  await see(ana.room.button('Generate')).toHaveAttribute('aria-busy', 'true');
  // Playwright does not click a busy button unless it is forced to.
  await ana.room.button('Generate').click({ force: true });
  ana.connection.release();
  await see(ana.room.heading('Is this the picture?')).toBeVisible();
  await see(ana.room.alert(/\S/)).toHaveCount(0);
  expect(openai.requests).toHaveLength(4);
});
