/** A prompt as a model rewrote it, made fit to stand in every snapshot: no longer than a person's own may be. */
const MOST_CHARACTERS = 4_000;

/** The field of a result, or none of it; what is too long is cut. */
export function revisedPromptOf(text: string | null | undefined): { readonly revisedPrompt?: string } {
  return text ? { revisedPrompt: text.slice(0, MOST_CHARACTERS).toWellFormed() } : {};
}
