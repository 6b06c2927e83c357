/** The context of a session's parts: the server gives one half of it to every session, and the parts share the other half. */
import type { GenerationContext } from './generation-run.ts';
import type { Reservation } from './image-memory.ts';
import type { LatestDocument } from './latest-document.ts';
import type { SessionDocument } from './session-document.ts';
import type { SessionEvents } from './session-events.ts';
import type { SessionImages } from './session-images.ts';
import type { Spending } from './spending.ts';
import type { MakeStep, Step } from './steps.ts';
import type { Stores } from './stores.ts';
import type { Subscribers } from './subscribers.ts';
import type { Event } from './transition.ts';

export interface SessionContext extends Omit<GenerationContext, 'jobs' | 'images' | 'sharing'> {
  readonly stores: Stores;
  readonly spending: Spending;
  readonly events: SessionEvents;
  /** Memory for a copy of an image that is in the store. It may cost copies that nobody looks at. */
  readonly reserveCopy: (bytes: number) => Reservation | undefined;
}

export interface SessionParts extends SessionContext {
  readonly sessionId: string;
  readonly latest: LatestDocument;
  readonly images: SessionImages;
  readonly subscribers: Subscribers;
  /** A participant did something. */
  readonly touch: () => void;
  /** A step of the machine, which those who follow all sessions are told of. */
  readonly machineStep: (before: SessionDocument, event: Event) => Step;
  /** Makes a step that nobody waits for, however long the store can't be reached. */
  readonly settle: (make: MakeStep) => Promise<void>;
}
