/** The options for the next generation: what this person last chose, or what a newer generation was asked for with. */
import { type Capabilities, type Options, optionNames, optionProblem, optionTable } from '../../shared/options.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import type { UnsentInput } from './unsent-input.ts';

/**
 * `options` without those that the server would reject: remembered from another server, or in conflict with one another. Of JPEG and a
 * transparent background, JPEG stays.
 */
export function allowedOptions(options: Options, capabilities: Capabilities): Options {
  let allowed: Options = {};
  for (const name of optionNames) {
    const value = options[name];
    // A server takes the least count of any option. Where it doesn't know the option, there is no control to change the count.
    const hasNoControl = typeof value === 'number' && capabilities[optionTable[name].capability] === undefined;
    const more = { ...allowed, [name]: value };
    if (value !== undefined && !hasNoControl && optionProblem(name, more, capabilities) === undefined) allowed = more;
  }
  return allowed;
}

export class OptionChoice {
  #options: Options;
  /** `startedAt` of the last generation that `update` has seen. */
  #seen: string | undefined;
  /** The last result of `allowedBy`: the same object for the same input, so that no component renders without need. */
  #allowed: { readonly of?: Options; readonly by?: Capabilities; readonly options: Options } = { options: {} };

  /** @param options what this person chose last, in whichever session */
  constructor(options: Options) {
    this.#options = options;
  }

  /** Another session is opened: none of its generations has been seen yet. */
  leave(): void {
    this.#seen = undefined;
  }

  /** Holds until a newer generation starts. Returns what `restore` needs after a reload. */
  choose(options: Options): Pick<UnsentInput, 'options' | 'chosenAfter'> {
    this.#options = options;
    return { options, chosenAfter: this.#seen };
  }

  /** After a reload; `update` then decides whether the choice still holds. */
  restore({ options, chosenAfter }: UnsentInput): void {
    if (!options) return;
    this.#options = options;
    this.#seen = chosenAfter;
  }

  /** Takes over the options of a newer generation, also of somebody else's. The number of candidates stays this person's own choice. */
  update(snapshot: SnapshotMessage): void {
    const last =
      snapshot.stage === 'generating' ? snapshot.generation : (snapshot.lastGeneration ?? snapshot.attempts.at(-1));
    // After a discard or a restore an older attempt may be the newest: it replaces no later choice.
    if (!last || (this.#seen !== undefined && last.startedAt <= this.#seen)) return;
    this.#seen = last.startedAt;
    const { candidates: _theirs, ...options } = last.options;
    const { candidates } = this.#options;
    this.#options = { ...options, ...(candidates !== undefined && { candidates }) };
  }

  allowedBy(capabilities: Capabilities): Options {
    if (this.#options !== this.#allowed.of || capabilities !== this.#allowed.by) {
      this.#allowed = {
        of: this.#options,
        by: capabilities,
        options: allowedOptions(this.#options, capabilities),
      };
    }
    return this.#allowed.options;
  }
}
