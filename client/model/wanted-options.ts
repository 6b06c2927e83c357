/** What the next picture is to be like: this person's last choice, or what a newer ask was like. */

import type { Options, Supports } from '../../shared/model.ts';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import { supported } from './supported-options.ts';
import type { Unsent } from './unsent-input.ts';

export class WantedOptions {
  #options: Options;
  /** When the ask began that was followed last, or that the last choice was made after. */
  #followed: string | undefined;
  /** One and the same until one of the two changes, so that nobody renders anew for it. */
  #offered: { readonly of?: Options; readonly supports?: Supports | undefined; readonly options: Options } = {
    options: {},
  };

  /** @param options what this person wanted elsewhere before */
  constructor(options: Options) {
    this.#options = options;
  }

  /** Another session: its asks count from the first. */
  leave(): void {
    this.#followed = undefined;
  }

  /** This person's own choice, until somebody asks anew; the answer is what to come back with after a reload. */
  choose(options: Options): Pick<Unsent, 'options' | 'chosenAfter'> {
    this.#options = options;
    return { options, chosenAfter: this.#followed };
  }

  /** A tab that was reloaded: its choice still counts, unless somebody has asked anew. */
  comeBack({ options, chosenAfter }: Unsent): void {
    if (!options) return;
    this.#options = options;
    this.#followed = chosenAfter;
  }

  /** The next picture starts from what the last ask was like, whoever asked; how many at once is each person's own choice. */
  follow(snapshot: SnapshotMessage): void {
    const last =
      snapshot.stage === 'generating' ? snapshot.generation : (snapshot.lastGeneration ?? snapshot.attempts.at(-1));
    // To discard or to restore an attempt is no ask: what somebody has chosen since stays.
    if (!last || (this.#followed !== undefined && last.startedAt <= this.#followed)) return;
    this.#followed = last.startedAt;
    const { candidates: _theirs, ...options } = last.options;
    const { candidates } = this.#options;
    this.#options = { ...options, ...(candidates !== undefined && { candidates }) };
  }

  /** Of them those that the server's generator offers. */
  offeredBy(supports: Supports | undefined): Options {
    if (this.#options !== this.#offered.of || supports !== this.#offered.supports) {
      this.#offered = { of: this.#options, supports, options: supported(this.#options, supports) };
    }
    return this.#offered.options;
  }
}
