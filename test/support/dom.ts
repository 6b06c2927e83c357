/** Helpers for component tests: elements, focus, animations and axe, through all shadow roots. */
import axe from 'axe-core';
import { withoutIsolates } from './texts.ts';

/** The matching elements inside, in document order, through all shadow roots. */
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

/** An element's text as it is seen, with single spaces. */
export const textOf = (element: Element | null | undefined): string | undefined =>
  element?.textContent && withoutIsolates(element.textContent).replaceAll(/\s+/g, ' ').trim();

const animations = (): Animation[] =>
  [document, ...deep(document).flatMap(({ shadowRoot }) => shadowRoot ?? [])].flatMap((root) => root.getAnimations());

const hasEnd = ({ effect }: Animation): boolean => Number.isFinite(effect?.getComputedTiming().endTime);

/** In a closed `<details>` no time passes. */
const isSeen = ({ effect }: Animation): boolean =>
  effect instanceof KeyframeEffect && effect.target?.checkVisibility() === true;

/** Waits for all animations in view that have an end. Before a text has faded in, axe would measure a wrong contrast. */
export async function animationsEnd(): Promise<void> {
  const ending = animations().filter((animation) => hasEnd(animation) && isSeen(animation));
  await Promise.allSettled(ending.map(({ finished }) => finished));
}

/** The CSS properties that animations without an end change, such as `translate`. */
export const endlesslyAnimated = (): string[] =>
  animations()
    .filter((animation) => !hasEnd(animation))
    .flatMap(({ effect }) => (effect instanceof KeyframeEffect ? effect.getKeyframes() : []))
    .flatMap(({ offset: _o, computedOffset: _c, easing: _e, composite: _m, ...properties }) => Object.keys(properties));

/** The violations that axe finds: each with the rule's id, the element and what is wrong. */
export async function violations(): Promise<string[]> {
  await animationsEnd();
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
}

/** Images that `work` shows are loaded and decoded only when the returned function is called. */
export async function holdDecoding(work: () => Promise<void>): Promise<() => void> {
  const decoded = Promise.withResolvers<void>();
  const { prototype } = HTMLImageElement;
  const original = Object.getOwnPropertyDescriptors(prototype);
  prototype.decode = () => decoded.promise;
  Object.defineProperty(prototype, 'complete', { configurable: true, get: () => false });
  try {
    await work();
  } finally {
    Object.defineProperties(prototype, { decode: original.decode, complete: original.complete });
  }
  return decoded.resolve;
}

/** Elements that reach over an edge of `element`, which is `width` wide, and are not clipped or scrolled on the way. */
export function overflowing(element: Element, width: number): string[] {
  const { left } = element.getBoundingClientRect();
  return deep(element.shadowRoot, ':not(.unseen, svg *, .sweep, option)')
    .filter((inner) => inner.checkVisibility())
    .filter((inner) => {
      const box = inner.getBoundingClientRect();
      return box.right - left > width + 0.5 || (box.left < left - 0.5 && box.width > 1);
    })
    .map((inner) => inner.outerHTML.slice(0, 80));
}
