/** What `npm run build:client` writes beside the code of others that it bundles. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const read = (file: string): Promise<string> => readFile(join(import.meta.dirname, '../../dist', file), 'utf8');

const packagesIn = (licenses: string): string[] =>
  [...licenses.matchAll(/^## (\S+) - /gm)].map(([, name = '']) => name).toSorted();

const libraries = ['@lit/reactive-element', 'diff', 'lit', 'lit-element', 'lit-html', 'valibot'];

test('the page and /embed.js come with the licences of all that is bundled into them, fonts included', async () => {
  const [page, embed] = await Promise.all([read('page/licenses.md'), read('embed.licenses.md')]);
  expect(packagesIn(page)).toEqual(['@fontsource-variable/libre-franklin', ...libraries]);
  expect(packagesIn(embed)).toEqual(libraries);
  expect(page).toContain('SIL OPEN FONT LICENSE');
  for (const text of [page, embed]) expect(text).toContain('Redistributions in binary form');
});
