/** The palettes, and how people ask for them. */

/** How people name colours, in English and German. The usual endings, as in `darker`, match as well. */
export const moodKeywords = {
  warm: 'warm|wärm|hot|fire|summer|autumn|sunset|sunrise|desert|heiß|feuer|sommer|herbst',
  cold: 'cold|cool|ice|winter|snow|frost|kalt|kält|kühl|eis|schnee',
  dark: 'dark|dusk|evening|night|midnight|moon|dunkel|dunkl|abend|nacht',
  light: 'light|bright|pale|morning|sunny|hell|morgen|sonnig',
  red: 'red|crimson|scarlet|rot',
  orange: 'orange|copper|fox|fuchs',
  yellow: 'yellow|gold|golden|gelb',
  green: 'green|forest|grün|wald',
  teal: 'teal|turquoise|türkis',
  blue: 'blue|navy|blau',
  purple: 'purple|violet|lilac|lavender|lila|violett',
  pink: 'pink|rose|rosa',
  brown: 'brown|earth|coffee|braun',
  grey: 'grey|gray|black|monochrome|grau|schwarz',
  white: 'white|snow|weiß|schnee',
};

export type Mood = keyof typeof moodKeywords;

/** Colours are written `#rrggbb`. */
export interface Palette {
  readonly pale: string;
  readonly deep: string;
  /** Stands out from all the others. */
  readonly accent: string;
  /** Between pale and deep, from light to dark. */
  readonly tones: readonly [string, string, string, string];
  /** A dark palette paints on its deep colour, all others on their pale one. */
  readonly moods: readonly Mood[];
}

export const palettes = {
  ember: palette('#f6e7d2 #f0b48a #e2703f #b83a34 #6d2436 #2a1620', '#f2a33a', 'warm', 'red', 'orange'),
  harbour: palette('#f1ebdd #b5d0d8 #6aa3b8 #2f6f96 #1a4566 #0f2438', '#e8603c', 'cold', 'blue'),
  meadow: palette('#f3eed9 #c5d6a4 #86ae6f #3f7d5a #22554a #14302a', '#f0b23c', 'light', 'green'),
  midnight: palette('#f4ecd6 #8fa6d6 #5468b0 #344388 #1f2a5c #0e1530', '#f5c95a', 'dark', 'cold', 'blue'),
  rose: palette('#fbebe6 #f7c6c5 #ee8fa0 #c5517c #7a2c5b #3a1730', '#e4572e', 'light', 'warm', 'pink'),
  sunflower: palette('#fff3d1 #f9d56a #f2b134 #d98324 #8d4f1c #2d2416', '#d9472b', 'light', 'warm', 'yellow'),
  iris: palette('#f1eaf4 #cdbbe6 #9a7fce #6450a8 #3d2f78 #21163d', '#f39a4a', 'cold', 'purple'),
  lagoon: palette('#edf1e4 #a8d8cb #55b0a5 #1f7f80 #135457 #0b2c32', '#ef6f51', 'cold', 'teal', 'green'),
  charcoal: palette('#f3f1ec #d0cdc6 #98958f #5d5b57 #333230 #161616', '#d8321f', 'grey'),
  velvet: palette('#f7e3cc #d98a6a #b04a44 #7c2637 #4a1728 #1d0d14', '#f0873e', 'dark', 'warm', 'red'),
  pine: palette('#eef0dc #8fb79a #4c8a72 #27604f #174038 #0b1f1c', '#f2b950', 'dark', 'green'),
  walnut: palette('#f4e9d8 #e2c49a #c39162 #8f5f3d #5a3a28 #2c1d14', '#c8502c', 'warm', 'brown'),
  orchid: palette('#f5e6ee #b79ae0 #7d5cb8 #523a8c #33235f #190e2b', '#ff8f6b', 'dark', 'purple'),
  frost: palette('#f4f7f8 #d3e2ea #a4c1d3 #6c93b2 #3d6387 #1b2b3d', '#e0604c', 'light', 'cold', 'white'),
} as const;

function palette(fromLightToDark: string, accent: string, ...moods: Mood[]): Palette {
  const [pale = '', one = '', two = '', three = '', four = '', deep = ''] = fromLightToDark.split(' ');
  return { pale, tones: [one, two, three, four], deep, accent, moods };
}

/** Red, green and blue, from 0 to 255. */
export const channels = (colour: string): Uint8Array => Buffer.from(colour.slice(1), 'hex');

/** `one` with `part` (0 to 1) of `other` in it. */
export function mix(one: string, other: string, part: number): string {
  const target = channels(other);
  const mixed = channels(one).map((value, index) => Math.round(value + ((target[index] ?? 0) - value) * part));
  return `#${Buffer.from(mixed).toString('hex')}`;
}
