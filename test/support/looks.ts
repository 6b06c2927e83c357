/** The colour schemes and widths in which the page is checked. */
import type { BrowserContextOptions, Page } from 'playwright';
import { expect } from 'vitest';
import { bringAxe, violations } from './axe.ts';
import type { TestBrowser } from './browser.ts';

interface Look {
  readonly colorScheme: 'light' | 'dark';
  /** In CSS pixels. */
  readonly width: number;
}

export const looks: readonly Look[] = [
  { colorScheme: 'light', width: 1440 },
  { colorScheme: 'dark', width: 1440 },
  { colorScheme: 'light', width: 360 },
  { colorScheme: 'dark', width: 360 },
];

/** A tab in a new profile with that look, ready for `isSound`. */
export async function tabWith({ colorScheme, width }: Look, browser: TestBrowser): Promise<Page> {
  const options: BrowserContextOptions = { colorScheme, viewport: { width, height: 900 } };
  const tab = await browser.newPage(options);
  await bringAxe(tab);
  return tab;
}

/** Checks that axe finds nothing, that nothing scrolls sideways, and that no control is beyond the window's edge. */
export async function isSound(tab: Page, moment: string): Promise<void> {
  expect.soft(await violations(tab), moment).toEqual([]);
  const width = await tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(width, `${moment}: pixels beyond the window's width`).toBeLessThanOrEqual(0);
  expect.soft(await controlsOutside(tab), `${moment}: beyond the window's edge`).toEqual([]);
}

/** Controls outside the window: a page that clips what is too wide has no scroll bar that would show it. */
function controlsOutside(tab: Page): Promise<string[]> {
  return tab.evaluate(() => {
    const controlsIn = (root: Document | ShadowRoot): Element[] =>
      [...root.querySelectorAll('*')].flatMap((element) => [
        ...(element.matches('button, a, input, select, textarea, summary') ? [element] : []),
        ...(element.shadowRoot ? controlsIn(element.shadowRoot) : []),
      ]);
    return controlsIn(document)
      .filter((control) => control.checkVisibility() && !control.closest('[role="toolbar"]'))
      .filter((control) => {
        const { left, right } = control.getBoundingClientRect();
        return left < -1 || right > window.innerWidth + 1;
      })
      .map((control) => control.outerHTML.slice(0, 120));
  });
}
