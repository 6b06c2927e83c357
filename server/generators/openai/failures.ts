/** Failures of a service, and what is known of the request that failed. `failure-sentences.ts` has what people read. */
import type { FailureDetail } from '../../../shared/model.ts';
import { serviceParameter } from '../failure-sentences.ts';
import { GenerationFailed, inSeconds, type Transient, UpstreamFault } from '../generator.ts';
import type { Service } from './service.ts';

/** What is known of the request that failed. */
interface Circumstances extends Transient {
  /** The service certainly drew nothing, unless `mayBeDrawn` says otherwise. */
  readonly drewNothing?: boolean;
  /** How long it took, in seconds. */
  readonly seconds?: number;
}

/** `detail` goes to the log, so it holds no text of the service. */
export function failure(
  known: FailureDetail,
  service: Service,
  detail: string = known,
  { drewNothing = neverSent.has(known), seconds, ...transient }: Circumstances = {},
): GenerationFailed {
  const { name, imageModel } = service;
  const model = service.api === 'responses' ? service.model : undefined;
  const api = service.api === 'images' ? 'Images API' : 'Responses API';
  const params = { service: serviceParameter(name), model, imageModel, api, seconds };
  const mayBeBilled = !drewNothing || transient.mayBeDrawn === true;
  return GenerationFailed.of(known, params, { transient, mayBeBilled, cause: new UpstreamFault(detail) });
}

/** The request did not reach the service. */
const neverSent: ReadonlySet<FailureDetail> = new Set(['unreachable', 'key_unusable']);

/** The service sent no byte for `silenceMs` milliseconds. */
export const silent = (service: Service, silenceMs: number): GenerationFailed =>
  failure('silent', service, 'silence', { ...maybeDrawn(service, silenceMs), seconds: inSeconds(silenceMs) });

/** The Responses API streams events at once, so a request that fails sooner than any model draws has drawn nothing. */
export const FASTEST_DRAWING_MS = 5_000;

/**
 * Rule R10: a request that fails `sentForMs` after it was sent may have drawn the image. The Images API says nothing before its answer;
 * of the Responses API a gateway between may have held the events back.
 */
export const maybeDrawn = ({ api }: Service, sentForMs: number): Transient =>
  api === 'images' || sentForMs >= FASTEST_DRAWING_MS ? { mayBeDrawn: true } : {};
