/** The parts of the room that its first screen does without. Each of them is a file that the browser loads once. */
import { LazyPart } from '../../model/lazy-part.ts';

/** The connection to a session, and what it takes to ask for a picture. Needed at once, but not to begin to write. */
export const sessionPart = new LazyPart(() => import('./room-session.ts'));

/** What a review shows beyond the prompt of its first picture. */
export const stagesPart = new LazyPart(async () => (await import('./stages.ts')).stages);

/** What opens above it. */
export const dialogsPart = new LazyPart(async () => (await import('./dialogs.ts')).dialogs);

/** Safari has no such callback. */
const whenIdle: (callback: () => void) => void =
  'requestIdleCallback' in window ? (callback) => requestIdleCallback(callback) : (callback) => setTimeout(callback);

/** Loads all parts while the browser has nothing else to do, so that none has to be waited for, and that they are here when the server is not. */
export function loadPartsWhenIdle(): void {
  whenIdle(() => void stagesPart.load().then(() => whenIdle(() => void dialogsPart.load())));
}
