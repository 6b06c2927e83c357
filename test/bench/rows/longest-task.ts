/** The longest task of the page while a picture of 3 MB arrives, taken from a trace. */
import { longestTask } from '../browser.ts';
import { img, type PictureOptions, proofroom } from '../picture-sides.ts';
import type { Row } from '../row.ts';

const options: PictureOptions = {
  api: 'images',
  measure: async (browser, doIt) => ({ task: await longestTask(browser, doIt) }),
};

export const rows: readonly Row[] = [
  {
    name: 'longest-task',
    title: 'Longest task of the page while a picture arrives',
    figures: { task: { unit: 'ms', target: { value: 20 } } },
    sides: { Proofroom: proofroom(options), '<img>': img(options) },
    limit: '<img>',
  },
];
