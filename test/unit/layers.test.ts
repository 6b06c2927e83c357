/** The layer check is made of Biome's `noRestrictedImports` in biome.json: it speaks in the editor, too, and needs no code of ours. */
import { expect, test } from 'vitest';
import { lint } from '../support/biome.ts';

type Import = readonly [from: string, to: string];

const refused: readonly Import[] = [
  ['shared/protocol.ts', '../server/limits.ts'],
  ['shared/protocol.ts', '../client/session-state.ts'],
  ['shared/protocol.ts', 'node:fs'],
  ['client/session-client.ts', '../server/limits.ts'],
  ['client/components/review.ts', '../../server/limits.ts'],
  ['client/components/review.ts', 'node:fs/promises'],
  ['server/app.ts', '../client/session-state.ts'],
  ['server/connect/connection.ts', '../http/page.ts'],
  ['server/connect/connection.ts', '../app.ts'],
  ['server/http/page.ts', '../connect/upgrade.ts'],
  ['server/http/page.ts', '../../client/session-state.ts'],
  ['server/session/session.ts', '../connect/outbox.ts'],
  ['server/session/session.ts', '../http/images.ts'],
  ['server/session/session.ts', '../../test/support/biome.ts'],
  ['server/generate/queue.ts', '../session/session.ts'],
  ['server/generate/queue.ts', '../connect/outbox.ts'],
  ['server/session/machine.ts', './session.ts'],
  ['server/session/machine.ts', '../limits.ts'],
  ['server/session/attempts.ts', './machine.ts'],
  ['server/session/attempts.ts', 'node:crypto'],
  ['server/session/state.ts', './session.ts'],
  ['server/session/machine.ts', '../generate/generator.ts'],
  ['server/session/machine.ts', 'node:crypto'],
  ['server/session/machine.ts', 'valibot'],
  ['server/session/machine.ts', 'lit/decorators.js'],
];

const allowed: readonly Import[] = [
  ['shared/protocol.ts', './session.ts'],
  ['shared/protocol.ts', 'valibot'],
  ['client/components/review.ts', '../../shared/session.ts'],
  ['client/components/review.ts', '../session-client.ts'],
  ['client/components/review.ts', 'lit'],
  ['server/app.ts', './connect/upgrade.ts'],
  ['server/app.ts', './http/page.ts'],
  ['server/connect/connection.ts', '../session/session.ts'],
  ['server/connect/connection.ts', '../../shared/protocol.ts'],
  ['server/connect/connection.ts', '../limits.ts'],
  ['server/http/images.ts', '../session/sessions.ts'],
  ['server/session/session.ts', '../generate/queue.ts'],
  ['server/session/session.ts', 'node:crypto'],
  ['server/generate/queue.ts', '../../shared/session.ts'],
  ['server/session/machine.ts', '../../shared/session.ts'],
  ['server/session/machine.ts', './attempts.ts'],
  ['server/session/state.ts', './attempts.ts'],
  ['test/unit/machine.test.ts', '../../server/session/machine.ts'],
];

const forms = {
  import: (to: string) => `import '${to}';`,
  'import type': (to: string) => `import type { Name } from '${to}';`,
  export: (to: string) => `export { name } from '${to}';`,
  'dynamic import': (to: string) => `await import('${to}');`,
};

test.each(Object.entries(forms))('layers point one way, for %s', async (_name, statement) => {
  const { all, files } = filesOf([...refused, ...allowed], statement);
  const found = (await lint(files)).filter(({ rule }) => rule === 'lint/style/noRestrictedImports');

  const here = all.filter(({ path, line }) => found.some((it) => it.path === path && it.line === line));
  expect(here.map(({ pair }) => pair)).toEqual(refused);
});

interface Placed {
  readonly pair: Import;
  readonly path: string;
  /** From 1. */
  readonly line: number;
}

/** One file per importer, one statement per line. */
function filesOf(imports: readonly Import[], statement: (to: string) => string) {
  const lines = new Map<string, string[]>();
  const all: Placed[] = [];
  for (const pair of imports) {
    const [path, to] = pair;
    const text = lines.get(path) ?? [];
    lines.set(path, text);
    all.push({ pair, path, line: text.push(statement(to)) });
  }
  const files = Object.fromEntries(Array.from(lines, ([path, text]) => [path, text.join('\n')]));
  return { all, files };
}
