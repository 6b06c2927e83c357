import { describe, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { fine, useComparison } from '../support/comparison.ts';
import { violations } from '../support/this-page.ts';

const comparison = useComparison();

describe.each(['light', 'dark'])('in %s', (scheme) => {
  test.each(['Side by side', 'Slider'])('%s has no accessibility violations', async (way) => {
    comparison.room.style.setProperty('color-scheme', scheme);
    comparison.compare.images = new Map([['fine', fine]]);
    await comparison.show();
    await page.getByText(way).click();
    await comparison.compare.updateComplete;
    expect(await violations()).toEqual([]);
  });
});

describe.each([320, 360, 660, 1000, 1440])('%i pixels wide', (width) => {
  test.each(['Side by side', 'Slider'])('%s needs no scrolling, and every target is 44 pixels high', async (way) => {
    await page.viewport(width, 640);
    await comparison.show();
    await page.getByText(way).click();
    await comparison.compare.updateComplete;
    const heights = comparison.all('.side .button').map(({ offsetHeight }) => offsetHeight);
    expect(heights, 'to approve is one of the usual buttons here').toEqual([44, 44, 44, 44]);
    const dialog = comparison.one('dialog');
    expect([dialog.scrollWidth, dialog.scrollHeight]).toEqual([width, 640]);
    for (const target of comparison.all('button, select, .way, .line')) {
      const { top, bottom, left, right } = target.getBoundingClientRect();
      expect(bottom - top, target.outerHTML).toBeGreaterThanOrEqual(44);
      if (target.matches('button, select'))
        expect([left >= 0, right <= width, bottom <= 640]).toEqual([true, true, true]);
    }
  });
});
