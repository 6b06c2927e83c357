/** From measurements to medians, ratios and a table. */
import type { Figure, Row, Target } from './row.ts';

/** One number or ratio over all rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface SideResult extends Spread {
  readonly values: readonly number[];
  /** To the limit, each round for itself. */
  readonly ratio?: Spread;
}

export interface FigureResult {
  readonly row: string;
  readonly title: string;
  readonly figure: string;
  readonly unit: string;
  readonly target: Target;
  readonly isMoreBetter: boolean;
  /** The name of the side that the ratios are to. */
  readonly limit?: string;
  /** By name; the first is the product's. */
  readonly sides: Readonly<Record<string, SideResult>>;
  /** How many times what is to be reached the product takes, or lacks: 1 or less is reached. */
  readonly distance: Spread;
}

/** What one row has measured: for each side, the figures of each round. */
export type Measurements = ReadonlyMap<string, readonly Readonly<Record<string, number>>[]>;

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const half = sorted.length / 2;
  const median = sorted.length % 2 === 1 ? at(Math.floor(half)) : (at(half - 1) + at(half)) / 2;
  return { median, least: at(0), most: at(sorted.length - 1) };
}

export function resultsOf(row: Row, measurements: Measurements): FigureResult[] {
  return Object.entries(row.figures).map(([name, figure]) => resultOf(row, name, figure, measurements));
}

function resultOf(row: Row, name: string, figure: Figure, measurements: Measurements): FigureResult {
  const valuesOf = (side: string) => (measurements.get(side) ?? []).map((figures) => figures[name] ?? Number.NaN);
  const limitValues = row.limit === undefined ? [] : valuesOf(row.limit);
  const ratios = (values: readonly number[]) =>
    values.map((value, round) => value / (limitValues[round] ?? Number.NaN));
  const sides = [...measurements.keys()].map((side): [string, SideResult] => {
    const values = valuesOf(side);
    return [side, { ...spreadOf(values), values, ...(limitValues.length > 0 && { ratio: spreadOf(ratios(values)) }) }];
  });
  const [[product, own] = missing(row)] = sides;
  const peers = sides.filter(([side]) => isPeer(side, product, row.limit)).map(([, { median }]) => median);
  const isMoreBetter = figure.isMoreBetter ?? false;
  const { limit, peers: ofPeers, value } = figure.target;
  const goals = [
    ...(limit !== undefined ? limitValues.map((of) => of * limit) : []),
    ...(ofPeers !== undefined && peers.length > 0 ? [Math.min(...peers) * ofPeers] : []),
    ...(value !== undefined ? [value] : []),
  ];
  const distanceOf = (own: number, goal: number) => (isMoreBetter ? goal / own : own / goal);
  const distances = own.values.map((ownValue, round) => {
    const ofRound =
      limit === undefined ? goals : [(limitValues[round] ?? 0) * limit, ...goals.slice(limitValues.length)];
    return Math.max(...ofRound.map((goal) => distanceOf(ownValue, goal)));
  });
  return {
    row: row.name,
    title: row.title,
    figure: name,
    unit: figure.unit,
    target: figure.target,
    isMoreBetter,
    ...(row.limit !== undefined && { limit: row.limit }),
    sides: Object.fromEntries(sides),
    distance: spreadOf(distances),
  };
}

function missing({ name }: Row): never {
  throw new Error(`The row ${name} has no measurement.`);
}

/** `Proofroom, url` is the product in another way. */
export const isPeer = (side: string, product: string, limit: string | undefined): boolean =>
  side !== limit && !side.startsWith(product);

const number = (value: number): string =>
  value.toLocaleString('en', { maximumSignificantDigits: Math.abs(value) < 100 ? 2 : 3 });

const spread = ({ median, least, most }: Spread): string => `${number(median)} (${number(least)} to ${number(most)})`;

function goal({ target, isMoreBetter }: FigureResult): string {
  const or = isMoreBetter ? 'or more' : 'or less';
  const parts = [
    target.limit === undefined ? [] : [`${target.limit} × limit`],
    target.peers === undefined ? [] : [`${target.peers} × peers`],
    target.value === undefined ? [] : [number(target.value)],
  ].flat();
  return parts.length > 0 ? `${parts.join(', ')} ${or}` : '';
}

export const hasTarget = ({ target }: FigureResult): boolean => Object.keys(target).length > 0;

function reached(result: FigureResult): string {
  if (!hasTarget(result)) return '';
  const { median } = result.distance;
  if (median <= 1) return 'yes';
  return median < 1.1 ? `${number((median - 1) * 100)} % away` : `${number(median)} times away`;
}

/** As Markdown. */
export function table(results: readonly FigureResult[]): string {
  const lines = results.map((result) => {
    const [[product, own] = missing({ name: result.row } as Row), ...others] = Object.entries(result.sides);
    const beside = others
      .filter(([side]) => side !== result.limit)
      .map(([side, { median }]) => `${side.replace(`${product}, `, '')} ${number(median)}`);
    const limit = result.limit === undefined ? undefined : result.sides[result.limit];
    const cells = [
      `${result.title}: ${result.figure}, ${result.unit}`,
      spread(own),
      beside.join(', '),
      limit ? `${result.limit} ${number(limit.median)}` : '',
      own.ratio ? spread(own.ratio) : '',
      goal(result),
      reached(result),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| figure | Proofroom | beside | limit | × limit | to reach | reached |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}
