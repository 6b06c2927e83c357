/** What a row of the bench is. Each file in `rows/` exports one or a few that share an idea. */

export interface Bench {
  /** One short round with small numbers, only to see that everything works. */
  readonly isQuick: boolean;
  /** Set while the product is profiled: the folder for its profiles. */
  readonly profiles?: string;
  /** Disposes what a side has opened, when the row is over. */
  readonly scope: AsyncDisposableStack;
}

/** So many of something; a fiftieth of it in a quick round. */
export const scaled = ({ isQuick }: Bench, count: number): number => (isQuick ? Math.ceil(count / 50) : count);

/** One measurement: a number for each figure of the row. */
export type Measure = () => Promise<Readonly<Record<string, number>>>;

/**
 * Opens one side of a comparison and returns how it is measured.
 * @throws {AbsentPeer} when its program is not installed
 */
export type Side = (bench: Bench) => Promise<Measure>;

export interface Figure {
  readonly unit: string;
  /** More is better. Absent: less is. */
  readonly isMoreBetter?: true;
  readonly target: Target;
}

/** What is to be reached: a factor of the limit, a factor of the best peer, the figure itself, several of these, or nothing. */
export interface Target {
  readonly limit?: number;
  readonly peers?: number;
  readonly value?: number;
}

export interface Row {
  /** For the command line, such as `fan-out-100`. */
  readonly name: string;
  readonly title: string;
  readonly figures: Readonly<Record<string, Figure>>;
  /** Measured in turn, in every round. The first one is what the row is about. */
  readonly sides: Readonly<Record<string, Side>>;
  /** The side that all others are divided by. */
  readonly limit?: string;
  /** Each measurement starts new processes, so that there is nothing to warm up. It takes long: there are three rounds at most. */
  readonly startsAnew?: true;
}

export class AbsentPeer extends Error {
  override readonly name = 'AbsentPeer';
}
