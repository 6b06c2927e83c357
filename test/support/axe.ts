/** What axe finds wrong with a page. */
import axe from 'axe-core';
import type { Page } from 'playwright';
import { comeToRest } from './motion.ts';

/** Makes axe part of every page in this tab; a policy that forbids scripts does not keep it out. */
export async function bringAxe(page: Page): Promise<void> {
  await page.addInitScript({ content: axe.source });
}

/** Each violation as the rule's id, the element that breaks it, and how. */
export async function violations(page: Page): Promise<string[]> {
  await comeToRest(page);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    return (await axe.run(document)).violations;
  });
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}
