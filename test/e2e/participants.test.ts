/** Who is who: one person in several tabs, and two people of the same name. */
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { delayConnection } from '../support/delayed-connection.ts';
import { enterAs, makePictures, seePicture } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { enter, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPTS = ['A fox in the snow', 'A heron in the mist'] as const;

test('R1: a person stays the same after a reload and in a second tab, and is never taken for somebody of the same name', async () => {
  const { address } = await startProduct();
  const ana = await enterAs('Ana', browser, address);
  const other = await enterAs('Ana', browser, ana.reviewLink);
  await makePictures([ana, other], PROMPTS);
  await ana.press('Discard No. 2');
  await see(ana.status('No. 2 was discarded.')).toBeVisible();
  await see(other.status('No. 2 was discarded by Ana.')).toBeVisible();

  await ana.reload();
  const secondTab = await enter(await ana.page.context().newPage(), ana.reviewLink);
  for (const room of [ana, secondTab, other]) await room.root.getByText('Discarded (1)').click();
  for (const room of [ana, secondTab]) await see(room.text('No. 2, by you')).toBeVisible();
  await see(other.text('No. 2, by Ana')).toBeVisible();
  const { participantId } = (await other.snapshot()).discarded?.[0]?.discarded ?? {};
  expect(participantId).toBe((await secondTab.snapshot()).lastAction?.participantId);

  await ana.startOver();
  await see(other.text('Ana started over.')).toBeVisible();
  await see(secondTab.heading('What should the picture show?')).toBeVisible();
  await see(secondTab.text('Ana started over.')).toHaveCount(0);
});

test('M2, M10: of two approvals the second is answered for itself, and says whose the first was', async () => {
  const { address, openai } = await startProduct();
  const ana = await enterAs('Ana', browser, address);
  const openDelayed = async (room: typeof ana) => {
    const page = await room.page.context().newPage();
    const connection = await delayConnection(page);
    return { room: await enter(page, ana.reviewLink), connection };
  };
  const secondTab = await openDelayed(ana);
  const other = await openDelayed(await enterAs('Ana', browser, ana.reviewLink));
  await makePictures([ana, secondTab.room, other.room], PROMPTS);

  for (const { room, connection } of [secondTab, other]) {
    await room.select(1);
    connection.hold();
  }
  await ana.press('Approve');
  await see(ana.heading('Approved')).toBeVisible();
  for (const { room, connection } of [secondTab, other]) {
    await room.press('Approve');
    await see(room.button('Approve')).toHaveAttribute('aria-busy', 'true');
    connection.release();
    await see(room.heading('Approved')).toBeVisible();
    await seePicture(room, openai, 2);
  }
  await see(secondTab.room.alert(/^You approved this image (just now|\d+ s ago)\.$/)).toBeAttached();
  await see(other.room.alert(/^Ana approved this image (just now|\d+ s ago)\.$/)).toBeAttached();
  expect((await ana.snapshot()).decisions).toHaveLength(1);
});

test('a name is shown to others, and remembered for the next session', async () => {
  const { address } = await startProduct();
  const ana = await enter(await browser.newPage(), address);
  await ana.rename('Ana');
  await ana.makePicture(PROMPTS[0]);
  await ana.press('Approve');
  const bo = await enter(await browser.newPage(), ana.reviewLink);
  await see(bo.text(/by Ana,/)).toBeVisible();
  await enter(ana.page, address);
  await ana.nameButton.click();
  await see(ana.root.getByRole('textbox', { name: 'Your name' })).toHaveValue('Ana');
});
