/** The colours that the demo painter owns. */

export interface Palette {
  readonly name: string;
  /** What the words of a prompt can ask for; see `words.ts`. */
  readonly moods: readonly Mood[];
  /** From the zenith to the horizon. */
  readonly sky: readonly [string, string, string];
  /** The sun, the moon, a lamp. */
  readonly light: string;
  /** From far to near: five steps into the dark. */
  readonly tones: readonly [string, string, string, string, string];
  readonly accents: readonly [string, string, string, string];
}

export const moods = [
  'day',
  'dusk',
  'night',
  'warm',
  'cool',
  'red',
  'orange',
  'yellow',
  'green',
  'blue',
  'violet',
  'pink',
  'white',
  'grey',
  'autumn',
  'winter',
] as const;
export type Mood = (typeof moods)[number];

export const palettes: readonly Palette[] = [
  {
    name: 'first-light',
    moods: ['day', 'warm', 'orange'],
    sky: ['#84a3b8', '#e9c6a4', '#f8dfb6'],
    light: '#fff3d4',
    tones: ['#cba9a0', '#a3838b', '#71657a', '#474b65', '#252e45'],
    accents: ['#e2725b', '#f0b86e', '#5b8a8c', '#f7ead3'],
  },
  {
    name: 'noon',
    moods: ['day', 'cool', 'blue'],
    sky: ['#5aa3c8', '#a5d1dc', '#f0f3e0'],
    light: '#fff8dc',
    tones: ['#8fbcc4', '#5a9aa8', '#35788c', '#1f566d', '#12384c'],
    accents: ['#e4572e', '#f2a65a', '#2a9d8f', '#f7f0dc'],
  },
  {
    name: 'ember',
    moods: ['dusk', 'warm', 'red', 'orange'],
    sky: ['#3f1f3c', '#a73d42', '#f4a05a'],
    light: '#ffdfa8',
    tones: ['#c65f48', '#983a40', '#6a2a3d', '#442036', '#241427'],
    accents: ['#ffb454', '#f26b4e', '#4f7c82', '#f6e3c5'],
  },
  {
    name: 'blue-hour',
    moods: ['dusk', 'cool', 'blue'],
    sky: ['#1d2c54', '#4a5c90', '#dcaca8'],
    light: '#fde7c6',
    tones: ['#7e88ad', '#586691', '#3b4975', '#263258', '#151d3a'],
    accents: ['#f4b183', '#e8747c', '#6fb3b8', '#f5efe3'],
  },
  {
    name: 'midnight',
    moods: ['night', 'cool', 'blue'],
    sky: ['#0a1026', '#182b55', '#3f618c'],
    light: '#f6f0d6',
    tones: ['#3c5d85', '#2a466b', '#1d3352', '#122239', '#0a1425'],
    accents: ['#f2c14e', '#e07a5f', '#7fb7c9', '#f3ead7'],
  },
  {
    name: 'moss',
    moods: ['day', 'green'],
    sky: ['#c9d8c2', '#e4e8cf', '#f7f1d8'],
    light: '#fffbe3',
    tones: ['#b3c3a2', '#8aa585', '#5d8068', '#3a5c4c', '#1f3b34'],
    accents: ['#c4572f', '#d9a441', '#7a9e9f', '#f5ecd2'],
  },
  {
    name: 'aurora',
    moods: ['night', 'cool', 'green'],
    sky: ['#061722', '#0e3d45', '#338777'],
    light: '#e9f8df',
    tones: ['#2d6e68', '#1f5358', '#163c46', '#0f2a36', '#081821'],
    accents: ['#e9c46a', '#e76f51', '#8fe3b0', '#d5ebe2'],
  },
  {
    name: 'rose',
    moods: ['day', 'warm', 'pink'],
    sky: ['#e3b0b6', '#f3d3c7', '#fcebda'],
    light: '#fff6ea',
    tones: ['#d79aa2', '#b9778a', '#8f5674', '#643d5d', '#3d2743'],
    accents: ['#e4574f', '#f3b562', '#5f8f94', '#fdf1e3'],
  },
  {
    name: 'ochre',
    moods: ['day', 'warm', 'yellow', 'autumn', 'orange'],
    sky: ['#ecdcae', '#f3d28c', '#f0b65c'],
    light: '#fff5d6',
    tones: ['#d99a3f', '#b8702e', '#8a4b29', '#5b3326', '#33211f'],
    accents: ['#b23a2e', '#e8c25a', '#41655d', '#f6e7c3'],
  },
  {
    name: 'frost',
    moods: ['day', 'cool', 'white', 'winter', 'grey'],
    sky: ['#aec4d4', '#d9e3e8', '#f6f1ea'],
    light: '#fffdf5',
    tones: ['#c3d1da', '#9db3c1', '#748ea1', '#4c677d', '#2a4257'],
    accents: ['#d1495b', '#edae49', '#66a182', '#f7f5f0'],
  },
  {
    name: 'violet',
    moods: ['dusk', 'night', 'violet', 'pink'],
    sky: ['#1b1138', '#4d2b70', '#b9669a'],
    light: '#ffe5cd',
    tones: ['#8c5089', '#663c76', '#472a60', '#2e1d49', '#180f2c'],
    accents: ['#ff9f7a', '#f6d06f', '#7fd1c7', '#f5e6e8'],
  },
  {
    name: 'ink',
    moods: ['day', 'grey', 'white'],
    sky: ['#d3cec3', '#e6e2d9', '#f5f2eb'],
    light: '#fffdf8',
    tones: ['#bdb8ad', '#8f8b83', '#64615c', '#3f3d3b', '#1e1d1d'],
    accents: ['#c8402f', '#8f8b83', '#3f3d3b', '#f4f1ea'],
  },
  {
    name: 'terracotta',
    moods: ['day', 'warm', 'red', 'autumn'],
    sky: ['#e4c09f', '#efd9bd', '#f8eddb'],
    light: '#fff5e1',
    tones: ['#dca77f', '#c47d56', '#9c5638', '#6d3a2a', '#40241f'],
    accents: ['#2f6f73', '#e2b04a', '#a63d2f', '#f8eddc'],
  },
  {
    name: 'lagoon',
    moods: ['day', 'dusk', 'cool', 'blue', 'green'],
    sky: ['#1f7a8c', '#69bab0', '#f5e8c2'],
    light: '#fff7da',
    tones: ['#4fa3a5', '#2f8189', '#1f626f', '#154656', '#0d2d3b'],
    accents: ['#ff8c61', '#f2c14e', '#c8553d', '#fdf3dc'],
  },
];
