/** The results as a picture: how many times what is to be reached each figure is, on a logarithmic axis, with its spread. */
import { type FigureResult, hasTarget, isPeer } from './report.ts';

const WIDTH = 960;
const LINE = 22;
const TOP = 48;
const LEFT = 470;
const RIGHT = 30;
const LEAST = 0.25;
const MOST = 32;
const TICKS = [0.25, 0.5, 1, 2, 4, 8, 16, 32];

/** Where a factor lies, in pixels from the left. */
function x(factor: number): number {
  const part = Math.log2(Math.min(MOST, Math.max(LEAST, factor)) / LEAST) / Math.log2(MOST / LEAST);
  return Math.round((LEFT + part * (WIDTH - LEFT - RIGHT)) * 10) / 10;
}

const escapeText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** As SVG, of those figures that are to reach something. */
export function plot(all: readonly FigureResult[], heading: string): string {
  const results = all.filter(hasTarget);
  const height = TOP + results.length * LINE + 16;
  const ticks = TICKS.map((tick) => {
    const style = tick === 1 ? 'stroke="#2a7d46" stroke-width="2"' : 'stroke="#ddd"';
    return `<line x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 8}" y2="${height - 12}" ${style}/>
<text x="${x(tick)}" y="${TOP - 14}" text-anchor="middle">${tick}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<title>${escapeText(heading)}</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="18" font-weight="bold">${escapeText(heading)}</text>
<text x="12" y="34">Times what is to be reached; left of the green line it is reached. Hollow: peers.</text>
${ticks.join('\n')}
${results.map((result, index) => line(result, TOP + index * LINE + LINE / 2)).join('\n')}
</svg>
`;
}

function line(result: FigureResult, y: number): string {
  const { distance, sides } = result;
  const [[product, own] = ['', undefined]] = Object.entries(sides);
  const colour = distance.median <= 1 ? '#2a7d46' : '#b3432b';
  const factorOf = (median: number) =>
    result.isMoreBetter ? (own?.median ?? 0) / median : median / (own?.median ?? 1);
  const peers = Object.entries(sides)
    .filter(([side]) => isPeer(side, product, result.limit))
    .map(([side, { median }]) => {
      const at = x(distance.median * factorOf(median));
      return `<circle cx="${at}" cy="${y}" r="4" fill="none" stroke="#555"><title>${escapeText(side)}</title></circle>`;
    });
  return `<text x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${escapeText(`${result.title}: ${result.figure}`)}</text>
<line x1="${x(distance.least)}" x2="${x(distance.most)}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="3"/>
${peers.join('')}<circle cx="${x(distance.median)}" cy="${y}" r="5" fill="${colour}"/>`;
}
