/** Chromium, and what the bench watches in a page. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { chromiumLaunchOptions } from '../support/chromium.ts';
import { BarePage } from './bare-page.ts';
import type { Bench } from './row.ts';

/** A final picture is told from a preview by its width in pixels, as it comes from upstream. */
export const FINAL_WIDTH = 1536;
export const PARTIAL_WIDTH = 1520;

/** For what a page does on a busy machine. */
const PATIENCE_MS = 120_000;

export async function openBrowser({ scope }: Bench): Promise<Browser> {
  const browser = await chromium.launch(chromiumLaunchOptions());
  scope.defer(() => browser.close());
  return browser;
}

/** Both in milliseconds since the page began. */
interface Seen {
  readonly clickedAt: number;
  readonly shownAt: number;
  readonly opaqueAt: number;
}

declare global {
  interface Window {
    /** When there was first a field to type a prompt into. */
    benchPromptAt?: number;
    /** Moves the focus to that field. */
    benchFocus?: () => void;
    /** The middle of the button with that text. */
    benchButton?: (text: string) => { readonly x: number; readonly y: number };
    /** Resolves when the final picture has been clicked for, shown, and is fully opaque. */
    benchSeen?: (width: number | undefined) => Promise<Seen>;
  }
}

/** Runs in the page before its own scripts, whatever product's page it is. */
function watchPage(): void {
  const roots = (root: Document | ShadowRoot): (Document | ShadowRoot)[] => [
    root,
    ...[...root.querySelectorAll('*')].flatMap(({ shadowRoot }) => (shadowRoot ? roots(shadowRoot) : [])),
  ];
  const all = <Found extends Element>(selector: string) =>
    roots(document).flatMap((root) => [...root.querySelectorAll<Found>(selector)]);
  const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
  /** After the frame that comes next has been painted. */
  const painted = async () => {
    await frame();
    await new Promise((resolve) => setTimeout(resolve));
  };
  /** With everything around it, which may fade it too. */
  const opacity = (element: Element | null): number => {
    if (!element) return 1;
    const root = element.getRootNode();
    const around = element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
    return Number(getComputedStyle(element).opacity) * opacity(around);
  };

  const isSeen = (element: HTMLElement) => element.getBoundingClientRect().height > 0;
  const findField = () => all<HTMLElement>('textarea:not([disabled]), input[type=text]:not([disabled])').find(isSeen);
  const lookForPrompt = () => {
    if (findField()) window.benchPromptAt = performance.now();
    else requestAnimationFrame(lookForPrompt);
  };
  requestAnimationFrame(lookForPrompt);
  window.benchFocus = () => findField()?.focus();
  window.benchButton = (text) => {
    const button = all<HTMLElement>('button').find((one) => one.textContent.trim() === text && isSeen(one));
    if (!button) throw new Error(`There is no button "${text}".`);
    const { x, y, width, height } = button.getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2 };
  };

  // From the beginning: a click may overtake a call of `benchSeen`.
  const clicked = Promise.withResolvers<number>();
  document.addEventListener('click', ({ timeStamp }) => clicked.resolve(timeStamp), { capture: true, once: true });
  window.benchSeen = async (width) => {
    const clickedAt = await clicked.promise;
    const isFinal = ({ naturalWidth }: HTMLImageElement) =>
      width === undefined ? naturalWidth > 200 : naturalWidth === width;
    const find = () =>
      all<HTMLImageElement>('img').find((img) => img.complete && img.clientWidth > 200 && isFinal(img));
    let picture = find();
    for (; !picture; picture = find()) await frame();
    await picture.decode();
    await painted();
    const shownAt = performance.now();
    while (opacity(find() ?? picture) < 0.99) await painted();
    return { clickedAt, shownAt, opaqueAt: performance.now() };
  };
}

/** A tab of a profile. */
export async function openPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.addInitScript(watchPage);
  return page;
}

/** A tab in a profile of its own, on a processor as slow as wanted. */
export async function openBarePage(browser: Browser, options: { slowerBy?: number } = {}): Promise<BarePage> {
  const page = await BarePage.open(browser);
  await page.addInitScript(watchPage);
  if (options.slowerBy !== undefined) await page.send('Emulation.setCPUThrottlingRate', { rate: options.slowerBy });
  return page;
}

export interface PictureTimes {
  /** From the click until the picture was decoded and painted, in milliseconds. */
  readonly shown: number;
  /** From the click until it was fully opaque. */
  readonly opaque: number;
}

/**
 * Clicks on a button and waits for the final picture.
 * @param width of the final picture; undefined where no other one comes
 */
export async function timePicture(page: BarePage, button: string, width: number | undefined): Promise<PictureTimes> {
  const at = await page.evaluate((text) => window.benchButton?.(text), button);
  const [times] = await Promise.all([
    page.evaluate((finalWidth) => window.benchSeen?.(finalWidth ?? undefined), width ?? null),
    at && page.click(at),
  ]);
  if (!times) throw new Error('The page is not watched.');
  return { shown: times.shownAt - times.clickedAt, opaque: times.opaqueAt - times.clickedAt };
}

/** The longest task of any page in milliseconds, while something is done. */
export async function longestTask(browser: Browser, doIt: () => Promise<unknown>): Promise<number> {
  await browser.startTracing(undefined, { categories: ['toplevel'] });
  await doIt();
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: readonly TraceEvent[] };
  const ofThread = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const threads = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const mainThreads = new Set(threads.map(ofThread));
  const tasks = traceEvents.filter((event) => event.name.endsWith('RunTask') && mainThreads.has(ofThread(event)));
  return Math.max(0, ...tasks.map(({ dur = 0 }) => dur)) / 1000;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** In microseconds. */
  readonly dur?: number;
  readonly args?: { readonly name?: string };
}
