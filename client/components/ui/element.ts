/** Registering custom elements. */

/**
 * Registers a custom element, unless the page has one of that name already: `/embed.js` may be loaded twice, and a second copy
 * must not fail where the first one works.
 */
export function element(name: `proof-${string}`): (elementClass: CustomElementConstructor) => void {
  return (elementClass) => {
    if (!customElements.get(name)) customElements.define(name, elementClass);
  };
}
