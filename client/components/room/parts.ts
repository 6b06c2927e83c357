/** The parts of the room that its first screen does without. Each of them is a file that the browser loads once. */
import { LazyPart } from '../../model/lazy-part.ts';

/** The connection to a session, and what it takes to ask for a picture. Needed at once, but not to begin to write. */
export const sessionPart = new LazyPart(() => import('./room-session.ts'));

/** The parts of a review that follow the prompt of its first picture. */
export const stagesPart = new LazyPart(async () => (await import('./stages.ts')).stages);

/** The dialogs that open above it. */
export const dialogsPart = new LazyPart(async () => (await import('./dialogs.ts')).dialogs);

/** Safari has no such callback. */
const whenIdle: (callback: () => void) => void =
  'requestIdleCallback' in window ? (callback) => requestIdleCallback(callback) : (callback) => setTimeout(callback);

/** Loads the parts that may be needed later, while the browser has nothing else to do: then nobody waits for them, nor needs the server for them. */
export function loadPartsWhenIdle(): void {
  whenIdle(() => void stagesPart.preload().then(() => whenIdle(() => void dialogsPart.preload())));
}
