/** A prompt as a model rewrote it, made fit to stand in every snapshot. */
const MOST_CHARACTERS = 16_000;

/** The field of a result, or none of it; what is too long is cut. */
export function revisedPromptOf(text: string | null | undefined): { readonly revisedPrompt?: string } {
  return text ? { revisedPrompt: text.slice(0, MOST_CHARACTERS).toWellFormed() } : {};
}
