/** The Tab key, as people without a mouse use it. */
import type { Locator, Page } from 'playwright';
import { expect } from 'vitest';

const MOST_STOPS = 40;

/** Presses Tab until the target has the focus, around the whole page if need be. The focus must be visible at each stop on the way. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  const isReached = () => target.evaluate((element) => (element.getRootNode() as ShadowRoot).activeElement === element);
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await page.keyboard.press('Tab');
    expect(await describeFocus(page)).toMatch(/^(visible|outside the page)$/);
    if (await isReached()) return;
  }
  expect.unreachable(`${MOST_STOPS} presses of Tab do not lead to ${target}`);
}

/** A focus is visible as an outline of 2 px or more on the element or on a part of it, or as a shadow in place of the outline. */
function describeFocus(page: Page): Promise<string> {
  return page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    if (!element || element === document.body) return 'outside the page';
    const isVisible = [element, ...element.querySelectorAll('*')].some((part) => {
      const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(part);
      if (outlineStyle === 'none' || Number.parseFloat(outlineWidth) < 2) return false;
      return !/ 0\)$|transparent/.test(outlineColor) || boxShadow !== 'none';
    });
    return isVisible ? 'visible' : `not visible on ${element.localName} ${element.textContent?.trim().slice(0, 40)}`;
  });
}
