/** The service that a request goes to: what the adapters and the sentences about failures need to know of it. */

interface ResponsesService {
  /** As it stands at the beginning of a sentence. */
  readonly name: string;
  /** Streams events while it works. */
  readonly api: 'responses';
  /** The model that calls the image tool. */
  readonly model: string;
  readonly imageModel: string;
}

interface ImagesService {
  /** As it stands at the beginning of a sentence. */
  readonly name: string;
  /** Says nothing before its one answer. */
  readonly api: 'images';
  /** A compatible server may lack the endpoint for edits. */
  readonly endpoint: 'generations' | 'edits';
  /** Absent if the server draws with a model of its own choice. */
  readonly imageModel?: string | undefined;
}

export type Service = ResponsesService | ImagesService;

export function responsesService({ model, imageModel }: { model: string; imageModel: string }): ResponsesService {
  return { name: 'OpenAI', api: 'responses', model, imageModel };
}

/** The name leaves out the server's host, because everybody in a session can read it, even with a watch link alone. */
export function imagesService(
  { baseURL, imageModel }: { baseURL?: string; imageModel?: string | undefined },
  endpoint: ImagesService['endpoint'] = 'generations',
): ImagesService {
  const isOpenAI = baseURL === undefined || URL.parse(baseURL)?.hostname === 'api.openai.com';
  return { name: isOpenAI ? 'OpenAI' : 'The image server', api: 'images', endpoint, imageModel };
}
