import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { retrySentence } from '../../../client/model/sentences.ts';
import { createTexts, type MessageKey } from '../../../client/model/texts.ts';
import { failureOf, retrySentence as sentRetry } from '../../../server/generators/failure-sentences.ts';
import { failureDetails, retryDetails } from '../../../shared/model.ts';
import { compileMessages } from '../../../vite.config.ts';
import { english, withoutIsolates } from '../../support/texts.ts';

type Compiled = Readonly<Record<string, unknown>>;

const folder = new URL('../../../client/languages/', import.meta.url);
const files = readdirSync(folder);

async function compiled(file: string): Promise<Compiled> {
  const { default: messages } = (await import(`../../../client/languages/${file.slice(0, -'.ts'.length)}.ts`)) as {
    default: Compiled;
  };
  return messages;
}

/**
 * Each parameter with its kind, and each tag, as the compiled form has them: `["name"]`, `["count", 4]`, `["tag", "text"]`. A plural needs
 * a number as much as a mere number does, and a translation may do with the other.
 */
function parametersOf(nodes: unknown): string[] {
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node: unknown): string[] => {
    if (!Array.isArray(node)) return [];
    const [name, type, forms] = node as unknown[];
    const kind = typeof type === 'number' ? kinds[type] : type === undefined ? 'text' : 'tag';
    const inside =
      kind === 'tag' ? parametersOf(node.slice(1)) : Object.values(Object(forms) as object).flatMap(parametersOf);
    return [`${String(name)}: ${kind}`, ...inside];
  });
}
const kinds = ['number', 'choice', 'number', 'number', 'number', 'date', 'date'];

const en = await compiled('en.ts');

describe.each(files)('%s', (file) => {
  test('its name is a BCP 47 tag in its usual spelling', () => {
    const tag = file.replace(/\.ts$/, '');
    expect(Intl.getCanonicalLocales(tag)).toEqual([tag]);
  });

  test('it has all keys, and each sentence speaks of what the English one does', async () => {
    const messages = await compiled(file);
    const parameters = (all: Compiled) =>
      Object.fromEntries(
        Object.entries(all).map(([key, message]) => [key, [...new Set(parametersOf(message))].sort()]),
      );
    expect(parameters(messages)).toEqual(parameters(en));
  });

  test('plurals have the forms that the language needs', async () => {
    const language = file.replace(/\.ts$/, '');
    const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const incomplete = (node: unknown): boolean => {
      if (Array.isArray(node)) {
        const [, type, forms] = node as unknown[];
        if (type === 2) {
          const given = Object.keys(Object(forms) as object);
          const isOnlyExact = given.every((form) => form.startsWith('=') || form === 'other');
          if (!isOnlyExact && !needed.every((form) => given.includes(form))) return true;
        }
      }
      return typeof node === 'object' && node !== null && Object.values(node).some(incomplete);
    };
    const messages = Object.entries(await compiled(file));
    expect(messages.filter(([, message]) => incomplete(message)).map(([key]) => key)).toEqual([]);
  });
});

test('texts that are filled in are isolated, so that their direction changes nothing around them', () => {
  expect(english('announce.approved', { name: 'דנה' })).toBe('The picture was approved by \u2068דנה\u2069.');
  expect(english('announce.approved', { name: 'Ana' })).toBe('The picture was approved by Ana.');
  const messages = { ...en, ...compileMessages({ 'announce.approved': '{who, select, you {x} other {{name}}} y' }) };
  const arabic = createTexts('ar', messages as never);
  expect(arabic.filled('announce.approved', { who: 'other', name: 'A' })).toBe('\u2068A\u2069 y');
});

describe('the English sentences are those that the server sends', () => {
  const params = {
    imageModel: 'an-image-model',
    model: 'a-model',
    api: 'Images API',
    seconds: 1,
    minutes: 61,
    hours: 3,
  };

  test.each(failureDetails)('%s', (detail) => {
    for (const service of ['OpenAI', 'image_server']) {
      const error = failureOf(detail, { ...params, service, pixels: 2048 });
      const key: MessageKey = `failure.${detail}`;
      expect(withoutIsolates(english.filled(key, error.params))).toBe(error.message);
    }
  });

  test.each(retryDetails)('the retry for %s', (detail) => {
    for (const service of ['OpenAI', 'image_server']) {
      const reasons = [{ detail, params: { service, try: 2, tries: 2 } }];
      const reason = sentRetry(reasons);
      expect(withoutIsolates(retrySentence(english, { reason, reasons })?.text ?? '')).toBe(reason);
    }
  });
});
