/** The page that a test inside the browser runs in, through all its shadow roots. */
import axe from 'axe-core';

/** Elements inside that match. */
export function deep(root: ParentNode | null | undefined, selector = '*'): HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>('*') ?? [])].flatMap((element) => [
    ...(element.matches(selector) ? [element] : []),
    ...deep(element.shadowRoot, selector),
  ]);
}

/** The element that has the focus. */
export function focused(): Element | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}

/** Its text as it is read: one space where the source has many. */
export const wordsOf = (element: Element | null | undefined): string | undefined =>
  element?.textContent?.replaceAll(/\s+/g, ' ').trim();

/** Resolves when all that moves to an end has come to it: what fades in has no contrast to be measured until it is there. */
export async function comeToRest(): Promise<void> {
  const roots = [document, ...deep(document).flatMap(({ shadowRoot }) => shadowRoot ?? [])];
  const ending = roots
    .flatMap((root) => root.getAnimations())
    .filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime));
  await Promise.allSettled(ending.map(({ finished }) => finished));
}

/** What axe finds wrong: each violation as the rule's id, the element that breaks it, and how. */
export async function violations(): Promise<string[]> {
  await comeToRest();
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
}

/** Whatever is to be decoded meanwhile waits until the test lets it go on; returns how. */
export async function whileNothingIsDecoded(work: () => Promise<void>): Promise<() => void> {
  const decoded = Promise.withResolvers<void>();
  const { decode } = HTMLImageElement.prototype;
  HTMLImageElement.prototype.decode = () => decoded.promise;
  try {
    await work();
  } finally {
    HTMLImageElement.prototype.decode = decode;
  }
  return decoded.resolve;
}
