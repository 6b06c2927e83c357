/** Animations and scrolling of a page, through all of its shadow roots. */
import type { JSHandle, Page } from 'playwright';

/** How many animations and transitions are running. */
export async function runningAnimations(page: Page): Promise<number> {
  await using animations = await animationsOf(page);
  return animations.evaluate((all) => all.filter(({ playState }) => playState === 'running').length);
}

/** Finishes every animation that has an end. Waiting for it would take forever on a page in the background, which draws no frames. */
export async function finishAnimations(page: Page): Promise<void> {
  await using animations = await animationsOf(page);
  await animations.evaluate((all) => {
    for (const animation of all) {
      if (Number.isFinite(animation.effect?.getComputedTiming().endTime)) animation.finish();
    }
  });
}

/** Stops every animation without an end at its start, so that two pictures of the page can be compared. */
export async function stopEndlessAnimations(page: Page): Promise<void> {
  await using animations = await animationsOf(page);
  await animations.evaluate((all) => {
    for (const animation of all) {
      if (animation.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY) continue;
      animation.pause();
      animation.currentTime = 0;
    }
  });
}

/** Resolves once nothing on a visible page has scrolled for some frames: smooth scrolling is over. */
export async function scrollingEnds(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const elementsIn = (root: Document | ShadowRoot): Element[] =>
      [...root.querySelectorAll('*')].flatMap((element) => [
        element,
        ...(element.shadowRoot ? elementsIn(element.shadowRoot) : []),
      ]);
    const offsets = () => elementsIn(document).map(({ scrollLeft, scrollTop }) => `${scrollLeft} ${scrollTop}`);
    const nextFrame = () => new Promise(requestAnimationFrame);
    let last = '';
    for (let unchanged = 0; unchanged < 10; unchanged += 1) {
      await nextFrame();
      const now = offsets().join();
      if (now !== last) unchanged = 0;
      last = now;
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
