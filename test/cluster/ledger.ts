/** What the tabs of one session were shown and told, and what is wrong with it: rules M6, M12, R11 and R13, checked as it comes. */

import type { SessionState } from '../../client/session/session-client.ts';
import type { RecordEntry } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';

/** What one tab was shown last. */
interface Seen {
  readonly snapshot: SnapshotMessage | undefined;
  readonly record: readonly RecordEntry[];
}

export class Ledger {
  /** What is wrong, in sentences. */
  readonly problems: string[] = [];
  /** The digests of all attempts that anybody was shown, by their prompt. */
  readonly shown = new Map<string, Set<string>>();
  /** Prompts of which somebody was told that the server that drew them had stopped. */
  readonly takenOver = new Set<string>();
  /** Why candidates gave no picture, by their prompt and number. */
  readonly failures = new Map<string, Map<number, string>>();
  /** The highest that anybody was shown. */
  revision = 0;
  readonly #states = new Map<number, string>();
  readonly #snapshots = new Map<number, SnapshotMessage>();
  readonly #entries: string[] = [];
  readonly #seen = new Map<unknown, Seen>();

  /** @param tab whose state it is */
  observe(tab: unknown, { snapshot, record, progress, connection }: SessionState): void {
    const before = this.#seen.get(tab);
    this.#seen.set(tab, { snapshot, record });
    if (connection.status === 'closed') this.problems.push(`a tab was closed: ${connection.reason}`);
    if (snapshot && snapshot !== before?.snapshot) this.#observeSnapshot(snapshot, before?.snapshot);
    if (record !== before?.record) this.#observeRecord(record);
    if (snapshot?.stage !== 'generating') return;
    for (const { reasons } of progress.values()) {
      if (reasons?.some(({ detail }) => detail === 'server_stopped')) this.takenOver.add(snapshot.generation.prompt);
    }
  }

  /** Attempts that were there and have gone, though nobody has started over. Call it at the end. */
  checkAttempts(): void {
    let before: SnapshotMessage | undefined;
    for (const [, snapshot] of [...this.#snapshots].sort(([one], [other]) => one - other)) {
      const isStartedOver = snapshot.stage === 'initial_input' || this.#startsOver(before, snapshot);
      const kept = new Set(idsIn(snapshot));
      const lost = before && !isStartedOver ? idsIn(before).filter((id) => !kept.has(id)) : [];
      if (lost.length > 0) this.problems.push(`revision ${snapshot.revision} has lost ${lost.length} attempts`);
      before = snapshot;
    }
  }

  /** The snapshot of a start over may not have been seen. The numbers of attempts begin anew then. */
  #startsOver(before: SnapshotMessage | undefined, { attempts, turn }: SnapshotMessage): boolean {
    return (
      before?.stage === 'final' &&
      turn > before.turn &&
      !attempts.some(({ image }) => idsIn(before).includes(image.imageId))
    );
  }

  #observeSnapshot(snapshot: SnapshotMessage, before: SnapshotMessage | undefined): void {
    const { revision } = snapshot;
    if (before && revision < before.revision) {
      this.problems.push(`a tab went back from revision ${before.revision} to ${revision}`);
    }
    this.revision = Math.max(this.revision, revision);
    // The draft has no revision (rule W9).
    const { draft: _draft, ...state } = snapshot;
    const text = JSON.stringify(state);
    const known = this.#states.get(revision);
    if (known !== undefined && known !== text)
      this.problems.push(`revision ${revision} is not the same for all:\n${known}\n${text}`);
    this.#states.set(revision, text);
    this.#snapshots.set(revision, snapshot);
    const generation = snapshot.stage === 'generating' ? snapshot.generation : snapshot.lastGeneration;
    for (const { candidate, error } of generation?.failures ?? []) {
      const failures = this.failures.get(generation?.prompt ?? '') ?? new Map<number, string>();
      this.failures.set(generation?.prompt ?? '', failures.set(candidate, error.detail ?? error.code));
    }
    for (const { prompt, image } of snapshot.attempts) {
      this.shown.set(prompt, (this.shown.get(prompt) ?? new Set()).add(image.sha256));
    }
  }

  #observeRecord(record: readonly RecordEntry[]): void {
    for (const [at, entry] of record.entries()) {
      const text = JSON.stringify(entry);
      const known = this.#entries[at];
      if (known !== undefined && known !== text)
        this.problems.push(`entry ${at} of the record has changed:\n${known}\n${text}`);
      this.#entries[at] = text;
    }
  }
}

const idsIn = ({ attempts, discarded = [] }: SnapshotMessage): string[] =>
  [...attempts, ...discarded].map(({ image }) => image.imageId);
