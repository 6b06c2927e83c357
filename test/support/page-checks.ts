/** Checks of a whole page in its present state: accessibility in both colour schemes, and layout in wide and narrow windows. */
import axe from 'axe-core';
import type { Page } from 'playwright';
import { expect } from 'vitest';
import { finishAnimations } from './motion.ts';

/** In CSS pixels. The narrow one is that of WCAG's rule on reflow. */
const WIDE = 1440;
const NARROW = 320;
const HEIGHT = 900;

/** Makes axe part of every page that the tab opens; a CSP that forbids scripts does not keep it out. */
export async function addAxe(page: Page): Promise<void> {
  await page.addInitScript({ content: axe.source });
}

/** Fails the test where axe finds a violation or something is wider than the window, and goes on. Leaves the window wide and light. */
export async function checkPage(page: Page, moment: string): Promise<void> {
  await page.setViewportSize({ width: NARROW, height: HEIGHT });
  expect.soft(await overflow(page), `${moment}, ${NARROW} pixels wide: beyond the window's edge`).toEqual([]);
  await page.setViewportSize({ width: WIDE, height: HEIGHT });
  expect.soft(await overflow(page), `${moment}, ${WIDE} pixels wide: beyond the window's edge`).toEqual([]);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    expect.soft(await violations(page), `${moment}, ${colorScheme}: axe's violations`).toEqual([]);
  }
}

/** Each violation as the rule's id, the element that breaks it, and how. */
async function violations(page: Page): Promise<string[]> {
  await finishAnimations(page);
  const { violations } = await page.evaluate(() => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    return axe.run(document, { resultTypes: ['violations'] });
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}

/** Elements outside the window. A page that clips what is too wide has no scroll bar that would show it. */
function overflow(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    // Parts that observe their size follow a resize in the next frame.
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    const elementsIn = (root: Document | ShadowRoot): Element[] =>
      [...root.querySelectorAll('*')].flatMap((element) => [
        element,
        ...(element.shadowRoot ? elementsIn(element.shadowRoot) : []),
      ]);
    // The strip and JSON scroll by themselves, enlarged pictures are clipped, and some texts are for screen readers alone.
    const mayOverflow = (element: Element): boolean => {
      const root = element.getRootNode();
      const isInside = element.closest('[role="toolbar"], pre, .surface, .unseen') !== null;
      return isInside || (root instanceof ShadowRoot && mayOverflow(root.host));
    };
    return elementsIn(document)
      .filter((element) => element.checkVisibility() && !mayOverflow(element))
      .filter((element) => {
        const { left, right } = element.getBoundingClientRect();
        return left < -1 || right > window.innerWidth + 1;
      })
      .map((element) => element.outerHTML.slice(0, 120));
  });
}
