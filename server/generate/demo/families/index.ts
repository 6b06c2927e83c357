/** All families of pictures, by name. */
import type { Family } from '../scene.ts';
import { circles } from './circles.ts';
import { city } from './city.ts';
import { forest } from './forest.ts';
import { geometry } from './geometry.ts';
import { hills } from './hills.ts';
import { paperCut } from './paper-cut.ts';
import { portrait } from './portrait.ts';
import { ribbons } from './ribbons.ts';
import { sea } from './sea.ts';
import { vessels } from './vessels.ts';

export const families = {
  hills,
  sea,
  forest,
  city,
  geometry,
  ribbons,
  circles,
  'paper-cut': paperCut,
  vessels,
  portrait,
} as const satisfies Record<string, Family>;

export type FamilyName = keyof typeof families;
export const familyNames = Object.keys(families) as readonly FamilyName[];
