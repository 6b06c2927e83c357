/** The Tab key, as somebody without a mouse uses it. */
import type { Locator, Page } from 'playwright';
import { expect } from 'vitest';

const MOST_STOPS = 40;

/** Presses Tab until the focus is there, around the whole page if need be; at each stop on the way it must be seen. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  const isThere = () => target.evaluate((element) => (element.getRootNode() as ShadowRoot).activeElement === element);
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await page.keyboard.press('Tab');
    expect(await focusRing(page)).toMatch(/^(seen|outside the page)$/);
    if (await isThere()) return;
  }
  expect.unreachable(`${MOST_STOPS} presses of Tab do not lead to ${target}`);
}

/** Whether the focus can be seen: as an outline of 2 px or more on what has it or on a part of that, or as a shadow in its place. */
function focusRing(page: Page): Promise<string> {
  return page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    if (!element || element === document.body) return 'outside the page';
    const isSeen = [element, ...element.querySelectorAll('*')].some((part) => {
      const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(part);
      if (outlineStyle === 'none' || Number.parseFloat(outlineWidth) < 2) return false;
      return !/ 0\)$|transparent/.test(outlineColor) || boxShadow !== 'none';
    });
    return isSeen ? 'seen' : `not seen on ${element.localName} ${element.textContent?.trim().slice(0, 40)}`;
  });
}
