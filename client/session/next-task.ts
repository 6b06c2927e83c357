/** Cuts long work into several tasks. */

/**
 * Resolves in a task of its own, so that what a person does meanwhile need not wait for the end of the work. It resolves at once where
 * there are no such tasks (Safari, Node), and in a hidden page: nobody clicks there, and browsers hold its tasks back.
 */
export async function nextTask(): Promise<void> {
  if (globalThis.document?.hidden === false) await globalThis.scheduler?.yield?.();
}
