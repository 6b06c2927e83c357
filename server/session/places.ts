/**
 * Decides who gets a place among the connections of a session (rule S4). When none is free, a watcher makes way for a reviewer, and anybody
 * for the creator. Among equals, the address with most connections makes way for one with fewer; at one address, the connection that came
 * last makes way for a participant who was there before. So nobody who holds only the watch link can lock a reviewer out, one address can't
 * take all places, and people who come back after a lost connection find theirs.
 */
import { type Caller, isCreatorOf } from './participants.ts';

export interface Places {
  readonly all: number;
  /** Of all, those that watchers may take. */
  readonly watchers: number;
}

/**
 * The caller whose place the newcomer takes; `free` when nobody has to go, `none` when there is no place.
 * @param present in the order of their coming
 */
export function findPlace(newcomer: Caller, present: readonly Caller[], places: Places): 'free' | 'none' | Caller {
  const watchers = present.filter(({ role }) => role === 'watcher').length;
  if (present.length < places.all && (newcomer.role === 'reviewer' || watchers < places.watchers)) return 'free';
  const rank = rankOf(newcomer);
  // A connection that was lost, and that the server still counts.
  const own = present.find((one) => one.participant.id === newcomer.participant.id && rankOf(one) <= rank);
  if (own) return own;
  const lowest = Math.min(rank, ...present.map(rankOf));
  const rivals = present.filter((one) => rankOf(one) === lowest);
  const from = Map.groupBy(rivals, ({ address }) => address);
  const [most = []] = [...from.values()].toSorted((one, other) => other.length - one.length);
  const neighbours = from.get(newcomer.address) ?? [];
  if (lowest < rank || neighbours.length + 1 < most.length) return last(most) ?? 'none';
  const junior = last(neighbours);
  return junior && junior.participant.since > newcomer.participant.since ? junior : 'none';
}

/** Who is of a higher rank comes before those of a lower. */
const rankOf = (caller: Caller): number => (caller.role === 'watcher' ? 0 : isCreator(caller) ? 2 : 1);

/** The newest connection of the participant who came to the session last. */
function last(callers: readonly Caller[]): Caller | undefined {
  return callers.toSorted((one, other) => one.participant.since - other.participant.since).at(-1);
}

/** Whether a caller is the session's creator, and here to decide. */
export const isCreator = ({ role, participant }: Caller): boolean => role === 'reviewer' && isCreatorOf(participant);
