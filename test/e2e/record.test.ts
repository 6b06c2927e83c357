/** The record leaves the page: as a file for programs, and as a page that is printed. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { twoReviewersAndWatcher } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { digest, see } from '../support/room.ts';

const browser = useBrowser();

test('M12, S5: a watcher saves the record as JSON and prints it, white on dark screens, with its pictures', async () => {
  const { address, openai } = await startProduct();
  const { ana, bo, cy } = await twoReviewersAndWatcher(browser, address);
  await ana.makePicture('A fox in the snow');
  await ana.refine(1, 'More snow');
  await see(ana.attempt(2)).toBeVisible();
  await bo.press('Approve');
  await see(cy.heading('Approved')).toBeVisible();

  await cy.page.emulateMedia({ colorScheme: 'dark' });
  await cy.press('Record (1)');
  const dialog = cy.root.getByRole('dialog', { name: 'Record' });
  await see(dialog.getByText('Bo approved No. 2.')).toBeVisible();
  await see(dialog.getByText('Refined from No. 1')).toBeAttached();

  const started = cy.page.waitForEvent('download');
  await cy.press('Download as JSON');
  const download = await started;
  expect(download.suggestedFilename()).toBe('a-fox-in-the-snow-record.json');
  const file: unknown = JSON.parse(await readFile(await download.path(), 'utf8'));
  const digests = openai.sent.map(({ final }) => digest(final));
  expect(file).toMatchObject({
    format: 'proofroom.record',
    version: 1,
    outcome: 'approved',
    approved: { sha256: digests[1] },
    complete: true,
    entries: [{ kind: 'approved', by: 'Bo', number: 2, sha256: digests[1] }],
    attempts: [
      { number: 1, prompt: 'A fox in the snow', image: { sha256: digests[0] } },
      { number: 2, feedback: 'More snow', image: { sha256: digests[1] } },
    ],
  });
  expect(file).toHaveProperty('session', digest(Buffer.from(sessionIdIn(cy.watchLink))).slice(0, 12));

  // The browser's own dialog would keep the page busy.
  await cy.page.context().addInitScript(() => {
    window.print = () => document.documentElement.toggleAttribute('data-printed', true);
  });
  const opened = cy.page.waitForEvent('popup');
  await cy.press('Print …');
  const paper = await opened;
  await paper.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await see(paper).toHaveTitle('Record: A fox in the snow');
  await see(paper.locator('img')).toHaveCount(3);
  await see(paper.locator('html')).toHaveAttribute('data-printed');
  const look = await paper.locator('main').evaluate((main) => {
    const { backgroundColor, color } = getComputedStyle(main);
    const images = [...(main.shadowRoot?.querySelectorAll('img') ?? [])];
    return {
      backgroundColor,
      color,
      isDrawn: images.every(({ complete, naturalWidth }) => complete && naturalWidth > 0),
    };
  });
  expect(look).toEqual({ backgroundColor: 'rgb(255, 255, 255)', color: 'rgb(27, 28, 30)', isDrawn: true });
  await see(paper.getByText(digests[1] ?? '', { exact: true })).toBeVisible();
  const pdf = await paper.pdf({ format: 'A4', preferCSSPageSize: true });
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
});

const sessionIdIn = (link: string): string => new URL(link).pathname.replace('/s/', '');
