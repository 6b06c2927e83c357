/** Every text that a person reads stands in `client/languages/`. This finds what stands elsewhere. */
import { globSync, readFileSync } from 'node:fs';
import { Lang, parse, type SgNode } from '@ast-grep/napi';
import { expect, test } from 'vitest';
import en from '../../../client/languages/en.ts';

const root = new URL('../../../', import.meta.url);
/** The headless client answers programs in English, with codes that the page words. */
const files = globSync('client/{components,model,page}/**/*.ts', { cwd: root.pathname });

/** Names, which are the same in every language; and what a keyboard calls its keys. */
const names = new Set(['Proofroom', 'SHA-256', 'PNG', 'JPEG', 'WebP', 'PROOFROOM']);
const keys = /^(Arrow\w+|Backspace|Delete|End|Enter|Escape|Home|Page\w+|Tab)$/;
const readAttributes =
  /\s(?:aria-label|aria-description|aria-valuetext|aria-roledescription|title|placeholder|alt|label)="([^"]*)"/g;

const hasWords = (text: string): boolean =>
  text.split(/[\s ]+/).some((word) => /\p{L}{2}/u.test(word) && !names.has(word.replace(/[^\p{L}\p{N}-]/gu, '')));

/** A sentence or a label: several words, or one that begins with a capital letter. */
const isRead = (text: string): boolean =>
  hasWords(text) &&
  (/^\p{Lu}[\p{Ll}’']+([ .:?!…]|$)/u.test(text.trim()) || /\p{Ll} \p{Ll}{2,}.*[.?!…]$/u.test(text.trim())) &&
  !keys.test(text);

/** What a template shows by itself: its text and the attributes that people read; expressions are cut out. */
function textsOfTemplate(template: SgNode): string[] {
  const markup = template
    .children()
    .map((part) => (part.kind() === 'template_substitution' ? '\u0000' : part.kind() === '`' ? '' : part.text()))
    .join('')
    .replace(/<!--.*?-->/gs, '');
  const attributes = [...markup.matchAll(readAttributes)].map(([, text = '']) => text);
  return [...attributes, ...markup.replace(/<[^>]*>/g, '\u0000').split('\u0000')].filter(hasWords);
}

const isError = (node: SgNode): boolean =>
  node.ancestors().some((one) => one.kind() === 'throw_statement' || one.kind() === 'import_statement');

function textsOutside(source: string): { line: number; text: string }[] {
  const tree = parse(Lang.TypeScript, source).root();
  const templates = tree.findAll({ rule: { kind: 'template_string' } });
  const found: [SgNode, string][] = [];
  for (const template of templates) {
    const tag = template.parent()?.kind() === 'call_expression' ? template.parent()?.child(0)?.text() : undefined;
    if (tag === 'css' || tag === 'svg') continue;
    if (tag === 'html') for (const text of textsOfTemplate(template)) found.push([template, text]);
    else {
      const text = template
        .children()
        .filter((part) => part.kind() === 'string_fragment')
        .map((part) => part.text())
        .join(' ');
      if (isRead(text) && !isError(template)) found.push([template, text]);
    }
  }
  for (const literal of tree.findAll({ rule: { kind: 'string' } })) {
    const text = literal.text().slice(1, -1);
    if (isRead(text) && !isError(literal)) found.push([literal, text]);
  }
  return found.map(([node, text]) => ({ line: node.range().start.line + 1, text: text.trim() }));
}

test('no component, no part of the model and no page has a text of its own', () => {
  const outside = files.flatMap((file) =>
    textsOutside(readFileSync(new URL(file, root), 'utf8')).map(({ line, text }) => `${file}:${line}: ${text}`),
  );
  expect(outside).toEqual([]);
});

test.each([
  ['a text in a template', ['html`<p>Hello ', '{name}</p>`'].join('$')],
  ['a label', 'html`<button aria-label="Close it"></button>`'],
  ['a word alone', "button({ label: 'Close' })"],
  ['a sentence', 'const text = "it was closed by somebody.";'],
  ['a sentence that is put together', ['const text = `Closed by ', '{name}`;'].join('$')],
])('finds %s', (_, source) => {
  expect(textsOutside(source)).toHaveLength(1);
});

test('every sentence of the catalogue is used', () => {
  const sources = globSync('client/{components,model,page}/**/*.{ts,html}', { cwd: root.pathname }).map((file) =>
    readFileSync(new URL(file, root), 'utf8'),
  );
  const named = new Set(sources.flatMap((source) => source.match(/[\w]+(?:\.\w+)+/g) ?? []));
  // Keys that are put together: `failure.${detail}`.
  const patterns = sources
    .flatMap((source) => source.match(/`\w+\.[^`]*\$\{[^`]*`/g) ?? [])
    .map(
      (template) =>
        new RegExp(
          `^${template
            .slice(1, -1)
            .replaceAll('.', '\\.')
            .replaceAll(/\$\{[^}]*\}/g, '\\w+')}$`,
        ),
    );
  const unused = Object.keys(en).filter((key) => !named.has(key) && !patterns.some((pattern) => pattern.test(key)));
  expect(unused).toEqual([]);
});
