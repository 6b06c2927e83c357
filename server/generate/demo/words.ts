/** The few words of a prompt that the painter understands. */
import type { FamilyName } from './families/index.ts';
import type { Mood } from './palettes.ts';

const familyWords: Readonly<Record<FamilyName, string>> = {
  hills:
    'hill mountain landscape valley alps peak volcano desert dune field meadow sunrise sunset horizon sky cloud snow winter village fuji canyon prairie',
  sea: 'sea ocean water wave boat ship sail beach coast island harbour harbor lake lighthouse fish whale surf sailing shore bay',
  forest:
    'forest tree wood jungle fox deer wolf bear owl squirrel rabbit mushroom leaf pine birch fairy path autumn park',
  city: 'city street town building skyline tower house bridge car train neon tokyo paris york london berlin urban office architecture robot cyberpunk',
  geometry:
    'geometric geometry bauhaus abstract pattern shape grid logo icon poster design square triangle tile quilt mosaic minimal modern',
  ribbons:
    'wind flow music dance dream silk ribbon fire flame hair motion energy wave song river swirl jazz smoke dragon',
  circles:
    'space planet star moon cosmos universe galaxy circle bubble balloon orbit sun atom astronaut rocket sphere glass solar alien',
  'paper-cut': 'paper cave collage layer origami story tale castle garden night magic secret bird butterfly nest',
  vessels:
    'vase vessel still-life flower bouquet table cup coffee tea bottle jug pottery ceramic fruit apple lemon kitchen pear bowl rose tulip breakfast wine teapot',
  portrait:
    'portrait face woman man girl boy grandfather grandmother person people queen king mother father head lady self-portrait child friend artist dancer model',
};

const moodWords: Readonly<Record<Mood, string>> = {
  day: 'day morning noon sunrise beach light bright brighter lighter sunny daylight spring summer sunshine cheerful',
  dusk: 'dusk evening sunset sundown twilight dawn',
  night:
    'night midnight dark darker darkness moonlight moon star starry neon gloomy firefly fireflies space planet cosmos universe galaxy',
  warm: 'warm warmer hot summer sunrise fire cosy cozy sunny desert',
  cool: 'cool cooler cold colder fresh calm ice winter',
  red: 'red crimson scarlet ruby blood cherry strawberry apple',
  orange: 'orange fox tiger pumpkin copper rust mandarin',
  yellow: 'yellow gold golden lemon honey sunflower banana amber mustard',
  green: 'green emerald jungle moss grass garden olive spring lime jade',
  blue: 'blue navy azure sapphire indigo cobalt turquoise teal',
  violet: 'violet purple lavender lilac plum magenta cyberpunk',
  pink: 'pink rose blossom coral flamingo peach',
  white: 'white snow ice pale snowy polar minimal',
  grey: 'grey gray black ink monochrome silver fog mist stone noir pencil',
  autumn: 'autumn fall october harvest leaves brown earth clay',
  winter: 'winter snow ice frost snowy christmas december frozen',
};

export type Weather = 'snow' | 'rain';

const weatherWords: Readonly<Record<Weather, string>> = {
  snow: 'snow snowy snowing winter blizzard snowfall christmas',
  rain: 'rain rainy raining storm drizzle stormy',
};

/** More (1) or less (-1) of everything. */
const amountWords: Readonly<Record<'more' | 'less', string>> = {
  more: 'more detailed details busy busier rich richer crowded dense lush complex',
  less: 'less simple simpler minimal calm calmer quiet fewer empty sparse reduce remove',
};

function tokens(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().match(/\p{L}+(?:-\p{L}+)*/gu) ?? [];
  return new Set(words.flatMap((word) => [word, word.replace(/s$/, ''), word.replace(/es$/, '')]));
}

function score(words: ReadonlySet<string>, known: string): number {
  return known.split(' ').filter((word) => words.has(word)).length;
}

/** Whether `text` has one of `words`, which spaces separate. */
export const mentions = (text: string, words: string): boolean => score(tokens(text), words) > 0;

/** The names that `text` asks for most, best only; none when it asks for nothing. */
function asked<Name extends string>(text: string, table: Readonly<Record<Name, string>>): Name[] {
  const words = tokens(text);
  const names = Object.keys(table) as Name[];
  const best = Math.max(...names.map((name) => score(words, table[name])));
  return best === 0 ? [] : names.filter((name) => score(words, table[name]) === best);
}

export const askedFamilies = (text: string): FamilyName[] => asked(text, familyWords);
export const askedWeather = (text: string): Weather | undefined => asked(text, weatherWords)[0];

/** How often `text` asks for each mood. */
export function askedMoods(text: string): ReadonlyMap<Mood, number> {
  const words = tokens(text);
  const names = Object.keys(moodWords) as Mood[];
  return new Map(names.map((name) => [name, score(words, moodWords[name])]));
}

/** A factor for how much there is of everything: 1 when `text` doesn't say. */
export function askedDensity(text: string): number {
  const words = tokens(text);
  const wish = Math.sign(score(words, amountWords.more) - score(words, amountWords.less));
  return wish > 0 ? 1.4 : wish < 0 ? 0.65 : 1;
}
