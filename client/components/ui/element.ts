/**
 * Decorates the class of a custom element and registers it, unless the page already has an element of that name: a page may load
 * `/embed.js` twice, and the second copy must not throw.
 */
export function element(name: `proof-${string}`): (elementClass: CustomElementConstructor) => void {
  return (elementClass) => {
    if (!customElements.get(name)) customElements.define(name, elementClass);
  };
}
