/** Which bytes are not here, which of them are on their way, and which are worth asking for. */

/** Knows nothing of what is here: callers leave out the images they have. */
export class MissingImages {
  /** On their way over this connection: asked for, or due after the join (rule W1). */
  readonly #coming = new Set<string>();
  /** Asked for over this connection and not answered; some of `#coming`. */
  readonly #asked = new Set<string>();
  /** The view needs them: they are asked for again on the next connection. */
  readonly #wished = new Set<string>();
  /** The server does not have them. */
  readonly #gone = new Set<string>();
  /** Their bytes were wrong once; not asked for a third time. */
  readonly #mistrusted = new Set<string>();

  /** A new connection has joined; the server sends those of `shown` by itself. What the view wishes for is to be asked for. */
  joined(shown: readonly string[], isKnown: (imageId: string) => boolean): string[] {
    this.#coming.clear();
    this.#asked.clear();
    this.#gone.clear();
    for (const imageId of shown) this.#coming.add(imageId);
    return this.#ask([...this.#wished].filter(isKnown));
  }

  /** The images that a snapshot shows and that are not here: those to ask for. */
  shown(imageIds: readonly string[]): string[] {
    return this.#ask(imageIds.filter((imageId) => !this.#gone.has(imageId)));
  }

  /** The view needs these: those to ask for now. Without a connection they wait for the next one. */
  wish(imageIds: readonly string[], isJoined: boolean): string[] {
    for (const imageId of imageIds) this.#wished.add(imageId);
    return isJoined ? this.#ask(imageIds) : [];
  }

  arrived(imageId: string): void {
    this.#forget(imageId);
    this.#mistrusted.delete(imageId);
  }

  /** The bytes that came were not those that the reference names: true when asking once more is due. */
  mistrust(imageId: string): boolean {
    this.#coming.delete(imageId);
    this.#asked.delete(imageId);
    if (this.#mistrusted.has(imageId)) {
      this.#forget(imageId);
      this.#gone.add(imageId);
      return false;
    }
    this.#mistrusted.add(imageId);
    return this.#ask([imageId]).length > 0;
  }

  /** The server answered that it does not have the image. */
  refused(imageId: string): void {
    this.#forget(imageId);
    this.#gone.add(imageId);
  }

  /** What was asked for over this connection and is not here yet. */
  get unanswered(): string[] {
    return [...this.#asked];
  }

  #ask(imageIds: readonly string[]): string[] {
    const toAsk = [...new Set(imageIds)].filter((imageId) => !this.#coming.has(imageId));
    for (const imageId of toAsk) {
      this.#coming.add(imageId);
      this.#asked.add(imageId);
    }
    return toAsk;
  }

  #forget(imageId: string): void {
    this.#coming.delete(imageId);
    this.#asked.delete(imageId);
    this.#wished.delete(imageId);
  }
}
