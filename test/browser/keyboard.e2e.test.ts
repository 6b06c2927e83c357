import type { Locator } from 'playwright';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { startProduct } from '../support/product.ts';
import { enter, type Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const MOST_STOPS = 30;

/** Whether the focus can be seen on the element that has it, as an outline of 2 px or more that isn't transparent. */
function focusRing(room: Room): Promise<string> {
  return room.page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    if (!element || element === document.body) return 'outside the page';
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
    const isSeen =
      outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 && !/ 0\)$|transparent/.test(outlineColor);
    return isSeen ? 'seen' : `not seen on ${element.localName} ${element.textContent?.trim().slice(0, 40)}`;
  });
}

/** Presses Tab until the focus is there, around the whole page if need be; at each stop on the way it must be seen. */
async function tabTo(room: Room, target: Locator): Promise<void> {
  const isThere = () => target.evaluate((element) => (element.getRootNode() as ShadowRoot).activeElement === element);
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await room.page.keyboard.press('Tab');
    expect(await focusRing(room)).toMatch(/^(seen|outside the page)$/);
    if (await isThere()) return;
  }
  expect.unreachable(`${MOST_STOPS} presses of Tab do not lead to ${target}`);
}

test('the whole loop goes by keyboard alone, with a focus that is seen and goes along', async () => {
  const { address, openai } = await startProduct();
  const room = await enter(await browser.newPage(), address);
  const { keyboard } = room.page;

  await tabTo(room, room.prompt);
  await keyboard.type(PROMPT);
  await tabTo(room, room.button('Generate'));
  openai.next('held');
  await keyboard.press('Enter');
  await see(room.heading('Drawing')).toBeFocused();

  await tabTo(room, room.button('Cancel'));
  await keyboard.press('Space');
  await see(room.prompt).toBeFocused();
  openai.next('held');
  await keyboard.press('Control+Enter');
  await see(room.heading('Drawing')).toBeFocused();
  await see(room.picture('Preview, still being drawn')).toBeVisible();
  openai.release();
  await see(room.heading('Is this the picture?')).toBeFocused();

  await tabTo(room, room.prompt);
  await keyboard.press('Control+A');
  await keyboard.type('A heron');
  await tabTo(room, room.button('Regenerate'));
  await keyboard.press('Enter');
  await see(room.picture('Generated image')).toHaveAccessibleName('Generated image: A heron');
  await see(room.heading('Is this the picture?')).toBeFocused();

  await tabTo(room, room.button('Approve'));
  await keyboard.press('Enter');
  await see(room.heading('Approved')).toBeFocused();
  await tabTo(room, room.root.getByRole('link', { name: 'Download' }));
  await keyboard.press('Enter');
  await tabTo(room, room.button('Start over'));
  await keyboard.press('Enter');
  await see(room.prompt).toBeFocused();
  await see(room.prompt).toHaveValue('');
});

test('every control of every stage is reached by Tab, and seen when it is', async () => {
  const { address } = await startProduct();
  const room = await enter(await browser.newPage(), address);
  const byTab = async (...names: string[]) => {
    for (const name of names) await tabTo(room, room.root.getByRole('button', { name }).first());
  };
  await byTab('Change your name', 'Share', 'Generate', 'A sailing boat off a winter coast');
  await room.makePicture(PROMPT);
  await byTab('Share', 'Look closely at No. 1', 'Approve', 'Regenerate', 'Copy image', 'Start over');
  await tabTo(room, room.root.getByText('About this picture'));
  await tabTo(room, room.root.getByText('Session state', { exact: true }));
});

test('a dialog takes the focus, Escape closes it, and the focus is back where it was', async () => {
  const { address } = await startProduct();
  const room = await enter(await browser.newPage(), address);
  const { keyboard } = room.page;
  const share = room.button('Share');
  const people = room.root.getByRole('button', { name: /Change your name$/ });
  await tabTo(room, share);
  await keyboard.press('Enter');
  await see(room.heading('Share this session')).toBeFocused();
  await keyboard.press('Escape');
  await see(share).toBeFocused();
  await people.focus();
  await keyboard.press('Enter');
  await see(room.root.getByRole('textbox', { name: 'Your name' })).toBeFocused();
  await keyboard.press('Escape');
  await see(people).toBeFocused();
});

test('nobody is moved by what somebody else does', async () => {
  const { address } = await startProduct();
  const ana = await enter(await browser.newPage(), address);
  const bo = await enter(await browser.newPage(), ana.reviewLink);
  await bo.prompt.pressSequentially('A heron');
  await see(ana.prompt).toHaveValue('A heron');
  await ana.makePicture(PROMPT);
  await see(bo.picture('Generated image')).toBeVisible();
  await see(bo.prompt).toBeFocused();
  await see(bo.prompt).toHaveValue('A heron');
});
