/** Cuts long work into several tasks. */

/**
 * Resolves in a task of its own, so that what a person does meanwhile need not wait for the end of the work. Where there are no such tasks
 * (Safari, Node) it resolves at once.
 */
export async function nextTask(): Promise<void> {
  await globalThis.scheduler?.yield?.();
}
