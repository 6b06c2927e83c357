/** Every place in the simulator that checks a rule, and whether each was come to often enough to prove anything. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Ledger } from './ledger.ts';

/** In a thousand schedules. The rarest come to a dozen or more, so that a seed without luck does not fail, and a check that fell asleep does. */
const LEAST_IN_A_THOUSAND = 3;

export interface Site {
  /** Such as `wire-rules.ts:120`. */
  readonly place: string;
  readonly times: number;
}

/** All places, with how often each was come to, rarest first. */
export function sites(ledger: Ledger): Site[] {
  return places()
    .map((place) => ({ place, times: ledger.timesAt(place) }))
    .toSorted((one, other) => one.times - other.times);
}

/** Those that were come to too rarely in so many schedules. */
export function rareSites(ledger: Ledger, runs: number): Site[] {
  return sites(ledger).filter(({ times }) => times < (LEAST_IN_A_THOUSAND * runs) / 1_000);
}

function places(): string[] {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => {
      const lines = readFileSync(join(import.meta.dirname, file), 'utf8').split('\n');
      return lines.flatMap((line, at) => (/\b(ledger|own)\.check\(/.test(line) ? [`${basename(file)}:${at + 1}`] : []));
    });
}
