/** What moves on a page, through all of its shadow roots. */
import type { JSHandle, Page } from 'playwright';

/** How many animations and transitions are under way, those without an end included. */
export async function movements(page: Page): Promise<number> {
  await using animations = await animationsOf(page);
  return animations.evaluate((all) => all.filter(({ playState }) => playState === 'running').length);
}

/** Brings all to its end that has one: a page that draws no frames for a while would not come there by itself. */
export async function comeToRest(page: Page): Promise<void> {
  await using animations = await animationsOf(page);
  await animations.evaluate((all) => {
    for (const animation of all) {
      if (Number.isFinite(animation.effect?.getComputedTiming().endTime)) animation.finish();
    }
  });
}

function animationsOf(page: Page): Promise<JSHandle<Animation[]>> {
  return page.evaluateHandle(() => {
    const animationsIn = (root: Document | ShadowRoot): Animation[] => {
      const inner = [...root.querySelectorAll('*')].flatMap(({ shadowRoot }) =>
        shadowRoot ? animationsIn(shadowRoot) : [],
      );
      return [...root.getAnimations(), ...inner];
    };
    return animationsIn(document);
  });
}
