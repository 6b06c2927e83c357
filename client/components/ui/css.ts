/** Lit's `css` with a `rem` of its own: the text size that people have set in their browser, whatever the page around sets on its root. */
import { type CSSResult, unsafeCSS } from 'lit';

/** Inherited as a length in pixels, so that it is the same inside all elements. `<proof-room>` sets it. */
const UNIT = '--proofroom-rem';
/** Without such a setting. */
const DEFAULT_PX = 16;

try {
  CSS.registerProperty({ name: UNIT, syntax: '<length>', inherits: true, initialValue: `${DEFAULT_PX}px` });
} catch {
  // A second copy of this script on the page.
}

/** Conditions know no custom properties, so there a `rem` has its default size. */
const CONDITION = /@(?:container|media)[^{]*/g;
const REM = /(-?\d*\.?\d+)rem\b/g;

export function css(strings: TemplateStringsArray, ...values: readonly CSSResult[]): CSSResult {
  const text = strings.map((string, at) => `${string}${values[at]?.cssText ?? ''}`).join('');
  return unsafeCSS(
    text
      .replace(CONDITION, (condition) =>
        condition.replace(REM, (_, count: string) => `${Number(count) * DEFAULT_PX}px`),
      )
      .replace(REM, `calc($1 * var(${UNIT}))`),
  );
}
