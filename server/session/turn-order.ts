/** Who comes next where several wait: turns go round by address, and within an address by session. */

/** The session and the address that a request comes from. Limits and turns count by both. */
export interface Requester {
  /** The address that limits are counted by. */
  readonly address: string;
  readonly sessionId: string;
}

/** What one address waits for: by session, whose turn comes first stands first. Items of a session wait in their order. */
type Sessions<Item> = Map<string, readonly Item[]>;

/**
 * Items that take turns: a newcomer waits for at most one turn of each other address, and within an address for at most one turn of
 * each other session, however many items these have.
 */
export class TurnOrder<Item extends { readonly requester: Requester }> {
  /** By address; whose turn comes first stands first. */
  readonly #addresses: Map<string, Sessions<Item>>;

  constructor(addresses: Map<string, Sessions<Item>> = new Map()) {
    this.#addresses = addresses;
  }

  get size(): number {
    return this.#addresses.values().reduce((sum, sessions) => sum + sizeOf(sessions), 0);
  }

  /** The item comes after all others of its session. A session or an address that had none before gets the last turn. */
  add(item: Item): void {
    const { address, sessionId } = item.requester;
    const sessions: Sessions<Item> = this.#addresses.get(address) ?? new Map();
    this.#addresses.set(address, sessions.set(sessionId, [...(sessions.get(sessionId) ?? []), item]));
  }

  /** False when it was not there. */
  delete(item: Item): boolean {
    const { address, sessionId } = item.requester;
    const sessions = this.#addresses.get(address);
    const items = sessions?.get(sessionId);
    if (!sessions || !items?.includes(item)) return false;
    replace(sessions, sessionId, without(items, item));
    replace(this.#addresses, address, sessions);
    return true;
  }

  /** Takes out the item whose turn it is. Its session and its address then have the last turn. */
  next(): Item | undefined {
    for (const [address, sessions] of this.#addresses) {
      for (const [sessionId, items] of sessions) {
        const [first] = items;
        sessions.delete(sessionId);
        replace(sessions, sessionId, items.slice(1));
        this.#addresses.delete(address);
        replace(this.#addresses, address, sessions);
        return first;
      }
    }
    return undefined;
  }

  /** All items in the order in which their turns come, as long as nobody comes or leaves. */
  inOrder(): Item[] {
    const copy = new TurnOrder(
      new Map(this.#addresses.entries().map(([address, sessions]) => [address, new Map(sessions)])),
    );
    const items: Item[] = [];
    for (let item = copy.next(); item; item = copy.next()) items.push(item);
    return items;
  }
}

const sizeOf = <Item>(sessions: Sessions<Item>): number =>
  sessions.values().reduce((sum, items) => sum + items.length, 0);
const without = <Item>(items: readonly Item[], item: Item): Item[] => items.filter((one) => one !== item);

/** A key whose value is empty is removed, so that nothing is kept for those who left. */
function replace<Value extends { readonly length: number } | { readonly size: number }>(
  map: Map<string, Value>,
  key: string,
  value: Value,
): void {
  if (('size' in value ? value.size : value.length) > 0) map.set(key, value);
  else map.delete(key);
}
