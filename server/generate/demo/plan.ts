/** From a request to what is going to be painted: the same request, the same plan. */
import type { GenerateRequest } from '../../generators/generator.ts';
import { type FamilyName, familyNames } from './families/index.ts';
import { type Mood, type Palette, palettes } from './palettes.ts';
import { at, Random, seedOf } from './random.ts';
import { type Recipe, readRecipe } from './recipe.ts';
import { askedDensity, askedFamilies, askedMoods, askedWeather, type Weather } from './words.ts';

/** How much care the print gets: a sketch in coarse dots, the usual one, or one with more light and a frame. */
export type Finish = 'sketch' | 'usual' | 'rich';

export interface Plan {
  readonly family: FamilyName;
  readonly palette: Palette;
  /** Where things stand. */
  readonly layoutSeed: string;
  /** What they look like in the small. */
  readonly detailSeed: string;
  readonly density: number;
  readonly finish: Finish;
  readonly weather: Weather | undefined;
}

const qualityDensity = { auto: 1, low: 0.7, medium: 1, high: 1.35, xhigh: 1.5, max: 1.6 } as const;
const qualityFinish = {
  auto: 'usual',
  low: 'sketch',
  medium: 'usual',
  high: 'rich',
  xhigh: 'rich',
  max: 'rich',
} as const;

/** The moods that become a family when the words ask for none; a family that isn't here takes any. */
const suited: Partial<Record<FamilyName, readonly Mood[]>> = {
  city: ['night', 'dusk'],
  sea: ['day', 'dusk', 'blue'],
  forest: ['green', 'autumn', 'cool', 'winter'],
};

/** What is painted when the words ask for nothing: a face would claim to be of somebody. */
const unasked = familyNames.filter((name) => name !== 'portrait');

/** Whatever is random here comes from the prompt, the attempt, the feedback and the parent's own recipe. */
export function planPicture(request: GenerateRequest): Plan {
  const { prompt, feedback, attempt, options, parent } = request;
  const text = `${prompt} ${feedback ?? ''}`;
  const { quality = 'auto' } = options;
  const recipe = parent === undefined ? undefined : readRecipe(parent.bytes);
  const shared = {
    detailSeed: seedOf('detail', prompt, attempt, feedback ?? ''),
    density: askedDensity(feedback ?? prompt) * qualityDensity[quality],
    finish: qualityFinish[quality],
    weather: askedWeather(text),
  };
  if (recipe !== undefined) {
    return { ...shared, family: recipe.family, layoutSeed: recipe.layoutSeed, palette: nextPalette(request, recipe) };
  }
  const family = turnBy(askedFamilies(text), unasked, seedOf('family', prompt), attempt);
  const wanted = fitting(text);
  const colours =
    wanted.length > 0 ? wanted : palettes.filter(({ moods }) => moods.some((mood) => suited[family]?.includes(mood)));
  return {
    ...shared,
    family,
    palette: turnBy(colours, palettes, seedOf('palette', prompt), attempt),
    layoutSeed: seedOf('layout', prompt, attempt),
  };
}

/** From attempt to attempt another one, in an order that the prompt shuffles; out of all when the words ask for none. */
function turnBy<Item>(wanted: readonly Item[], all: readonly Item[], seed: string, attempt: number): Item {
  return at(new Random(seed).shuffle(wanted.length === 0 ? all : wanted), attempt);
}

/** The palettes that the words of `text` ask for; none when they ask for none. */
function fitting(text: string): Palette[] {
  const wishes = askedMoods(text);
  const suits = (palette: Palette) => palette.moods.reduce((sum, mood) => sum + (wishes.get(mood) ?? 0), 0);
  const best = Math.max(...palettes.map(suits));
  if (best === 0) return [];
  const first = palettes.filter((palette) => suits(palette) === best);
  // One alone would give every attempt the same colours.
  return first.length > 1 ? first : palettes.filter((palette) => suits(palette) >= Math.max(1, best - 1));
}

/** A refinement always shows: in the colours that the feedback asks for, or else in related ones. */
function nextPalette({ feedback, prompt, attempt }: GenerateRequest, recipe: Recipe): Palette {
  const others = palettes.filter((palette) => palette.name !== recipe.palette);
  const wanted = fitting(feedback ?? '').filter((palette) => palette.name !== recipe.palette);
  const before = palettes.find((palette) => palette.name === recipe.palette);
  const related = others.filter((palette) => before?.moods.some((mood) => palette.moods.includes(mood)));
  return turnBy(wanted.length > 0 ? wanted : related, others, seedOf('palette', prompt, feedback ?? ''), attempt);
}
