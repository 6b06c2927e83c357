/** Colours, as `#rrggbb`: mixed as the eye mixes them. */

type Lab = readonly [lightness: number, a: number, b: number];

function channels(hex: string): [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

const toLinear = (channel: number) =>
  channel <= 10.31475 ? channel / 3294.6 : ((channel / 255 + 0.055) / 1.055) ** 2.4;

function toChannel(linear: number): string {
  const value = linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(Math.min(1, Math.max(0, value)) * 255)
    .toString(16)
    .padStart(2, '0');
}

/** To OKLab, where a straight line between two colours has no muddy middle: https://bottosson.github.io/posts/oklab/ */
function toLab(hex: string): Lab {
  const [red, green, blue] = channels(hex);
  const [r, g, b] = [toLinear(red), toLinear(green), toLinear(blue)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromLab([lightness, a, b]: Lab): string {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const red = toChannel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = toChannel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  const blue = toChannel(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
  return `#${red}${green}${blue}`;
}

/** `from` at 0, `to` at 1. */
export function mix(from: string, to: string, amount: number): string {
  const a = toLab(from);
  const b = toLab(to);
  return fromLab([a[0] + (b[0] - a[0]) * amount, a[1] + (b[1] - a[1]) * amount, a[2] + (b[2] - a[2]) * amount]);
}

/** The colour at `position` (0 to 1) along `colours`, which must not be empty. */
export function along(colours: readonly string[], position: number): string {
  const last = colours.length - 1;
  const place = Math.min(1, Math.max(0, position)) * last;
  const index = Math.min(last, Math.floor(place));
  const from = colours[index];
  if (from === undefined) throw new RangeError('No colours');
  return mix(from, colours[index + 1] ?? from, place - index);
}

/** `hex` let through by `opacity` (0 to 1), as the canvas takes it. */
export function veil(hex: string, opacity: number): string {
  const [r, g, b] = channels(hex);
  return `rgba(${r}, ${g}, ${b}, ${opacity.toFixed(3)})`;
}

export const lighten = (hex: string, amount: number): string => mix(hex, '#fffaf0', amount);
export const darken = (hex: string, amount: number): string => mix(hex, '#0d0b16', amount);

/** From 0 (black) to 1 (white), as the eye sees it. */
export const lightness = (hex: string): number => toLab(hex)[0];
