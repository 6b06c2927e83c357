/** What a component test asks of its page: elements, focus, motion, axe. All of it looks into shadow roots. */
import axe from 'axe-core';

/** The matching elements inside, in document order, through all shadow roots. */
export function deep(root: ParentNode | null | undefined, selector = '*'): HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>('*') ?? [])].flatMap((element) => [
    ...(element.matches(selector) ? [element] : []),
    ...deep(element.shadowRoot, selector),
  ]);
}

/** The element that has the focus, in whichever shadow root. */
export function focused(): Element | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}

/** An element's text with single spaces. */
export const wordsOf = (element: Element | null | undefined): string | undefined =>
  element?.textContent?.replaceAll(/\s+/g, ' ').trim();

/** Waits for all animations that end: axe measures the contrast of a text only once it has faded in. */
export async function comeToRest(): Promise<void> {
  const roots = [document, ...deep(document).flatMap(({ shadowRoot }) => shadowRoot ?? [])];
  const ending = roots
    .flatMap((root) => root.getAnimations())
    .filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime));
  await Promise.allSettled(ending.map(({ finished }) => finished));
}

/** What axe finds: each violation with the rule's id, the element and what is wrong. */
export async function violations(): Promise<string[]> {
  await comeToRest();
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
}

/** Images that are decoded during `work` stay undecoded until the returned function is called. */
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
