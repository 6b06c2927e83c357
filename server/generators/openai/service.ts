/** Who is asked for an image: the names that stand in sentences about it. */
export interface Service {
  /** As a sentence begins: `OpenAI`, or `The image server`. */
  readonly name: string;
  readonly api: 'responses' | 'images';
  /** Absent where the server draws with a model of its own choice. */
  readonly imageModel?: string | undefined;
  /** The model that calls the image tool; the Images API has none. */
  readonly model?: string | undefined;
}

export const openAI = { name: 'OpenAI', api: 'responses' } as const satisfies Service;

/** A service's name after the beginning of a sentence. */
export const inSentence = (name: string): string => name.replace(/^The /, 'the ');
