/** What the painter writes into each of its pictures, so that a refinement can start from the picture alone. */
import { type FamilyName, familyNames } from './families/index.ts';
import { palettes } from './palettes.ts';

export interface Recipe {
  readonly family: FamilyName;
  /** The palette's name. */
  readonly palette: string;
  /** Eight hex digits. */
  readonly layoutSeed: string;
}

const MARK = 'proofroom-demo-painter';
const pattern = new RegExp(`^${MARK} ([a-z-]{1,20}) ([a-z-]{1,20}) ([0-9a-f]{8});`);

/** Plain ASCII, found again in the bytes of any format; the semicolon ends it, since any byte may follow. */
export function writeRecipe({ family, palette, layoutSeed }: Recipe): string {
  return `${MARK} ${family} ${palette} ${layoutSeed};`;
}

/** The recipe in an image's bytes; `undefined` for an image that this painter did not make, or whose metadata is gone. */
export function readRecipe(bytes: Uint8Array): Recipe | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = buffer.indexOf(MARK, 0, 'latin1');
  if (start < 0) return undefined;
  const [, familyName, palette, layoutSeed] = pattern.exec(buffer.toString('latin1', start, start + 100)) ?? [];
  const family = familyNames.find((name) => name === familyName);
  if (family === undefined || layoutSeed === undefined) return undefined;
  const known = palettes.find(({ name }) => name === palette);
  return known === undefined ? undefined : { family, palette: known.name, layoutSeed };
}
