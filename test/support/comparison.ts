/** The compare dialog with three attempts, on a page of its own. */
import { css } from 'lit';
import { afterEach, beforeEach, expect } from 'vitest';
import { page } from 'vitest/browser';
import '../../client/components/compare/compare.ts';
import type { Compare } from '../../client/components/compare/compare.ts';
import { SelectAttemptEvent } from '../../client/components/ui/events.ts';
import { tokens } from '../../client/components/ui/tokens.styles.ts';
import { type Intent, IntentEvent } from '../../client/model/intent.ts';
import * as states from './component-states.ts';
import { animationsEnd, deep } from './dom.ts';

/** No. 2 has half as many pixels along each side as No. 1, and the same shape. No. 3 has another shape. */
export const [fine, coarse, wide] = await Promise.all([
  states.paint('fine', { width: 2000, height: 1500, colour: 'teal' }),
  states.paint('coarse', { width: 1000, height: 750, colour: 'tan' }),
  states.paint('wide', { width: 1536, height: 1024, colour: 'plum' }),
]);
const prompts = ['A heron at first light', 'A heron, brighter', 'A sailing boat'];
export const attempts = [fine, coarse, wide].map(({ reference }, index) => ({
  ...states.attemptOf(reference),
  number: index + 1,
  prompt: prompts[index] ?? '',
}));
export const images = new Map([fine, coarse, wide].map((picture) => [picture.reference.imageId, picture]));

/** In whole pixels, from the pane's left and top edge. */
interface Placement {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The elements are new in each test. */
export class Comparison {
  /** The dialog's parent. */
  parent = document.createElement('main');
  /** Has the focus when the dialog is opened. */
  opener = document.createElement('button');
  compare = document.createElement('proof-compare') as Compare;
  readonly intents: Intent[] = [];
  /** The image ids of `SelectAttemptEvent`s. */
  readonly selected: string[] = [];

  async begin(): Promise<void> {
    await page.viewport(1000, 700);
    document.documentElement.lang = 'en';
    document.title = 'Compare';
    this.intents.length = 0;
    this.selected.length = 0;
    this.parent = document.createElement('main');
    this.opener = document.createElement('button');
    this.opener.textContent = 'Compare with the one before';
    this.compare = document.createElement('proof-compare') as Compare;
    Object.assign(this.compare, { attempts, images, decides: true });
    this.parent.addEventListener(IntentEvent.type, (event) => {
      if (event instanceof IntentEvent) this.intents.push(event.intent);
    });
    this.parent.addEventListener(SelectAttemptEvent.type, (event) => {
      if (event instanceof SelectAttemptEvent) this.selected.push(event.imageId);
    });
    attachStyledRoot(this.parent).append(this.opener, this.compare);
    document.body.append(this.parent);
    await this.compare.updateComplete;
  }

  end(): void {
    this.parent.remove();
  }

  /** Opens the dialog on two pictures. */
  async show(left = 'fine', right = 'coarse'): Promise<void> {
    this.opener.focus();
    this.compare.show(left, right);
    await expect.poll(() => this.pictures.length).toBe(2);
    await animationsEnd();
  }

  /** Opens the dialog on one picture. */
  async lookAt(imageId: string): Promise<void> {
    this.opener.focus();
    this.compare.show(imageId);
    await expect.poll(() => this.pictures.length).toBe(1);
    await animationsEnd();
  }

  async set(properties: Partial<Compare>): Promise<void> {
    Object.assign(this.compare, properties);
    await this.compare.updateComplete;
  }

  /** Elements of the dialog, through all shadow roots. */
  all(selector: string): HTMLElement[] {
    return deep(this.compare.shadowRoot, selector);
  }

  one(selector: string): HTMLElement {
    const [element] = this.all(selector);
    if (!element) throw new Error(`There is no ${selector}.`);
    return element;
  }

  get pictures(): HTMLElement[] {
    return this.all('.picture');
  }

  /** The first pane. */
  get pane(): HTMLElement {
    return this.one('.surface');
  }

  get alts(): (string | null)[] {
    return this.all('img, [role="img"]').map((image) => image.getAttribute('alt') ?? image.getAttribute('aria-label'));
  }

  get isOpen(): boolean {
    return this.one('dialog').matches('[open]');
  }

  get percentage(): string {
    return this.one('output').textContent;
  }

  /** @param index 0 for the first picture, 1 for the second */
  placementOf(index: number): Placement {
    const picture = this.pictures[index]?.getBoundingClientRect() ?? new DOMRect();
    // The slider shows both pictures in one pane.
    const pane = (this.all('.surface')[index] ?? this.pane).getBoundingClientRect();
    return {
      left: Math.round(picture.left - pane.left),
      top: Math.round(picture.top - pane.top),
      width: Math.round(picture.width),
      height: Math.round(picture.height),
    };
  }

  /** Dispatches a touch event on the first pane, at a point counted from the pane's middle. */
  touch(type: 'pointerdown' | 'pointermove' | 'pointerup', pointerId: number, x: number, y: number): void {
    const { left, top, width, height } = this.pane.getBoundingClientRect();
    const at = { clientX: left + width / 2 + x, clientY: top + height / 2 + y };
    const init = { pointerId, pointerType: 'touch', bubbles: true, composed: true, cancelable: true, button: 0, ...at };
    this.pictures[0]?.dispatchEvent(new PointerEvent(type, init));
  }
}

/** A shadow root with the colours, type and measures that components inherit. */
function attachStyledRoot(element: HTMLElement): ShadowRoot {
  const root = element.attachShadow({ mode: 'open' });
  const type = css`
    :host {
      font: 400 var(--body) / 1.5 var(--font);
    }
  `;
  root.adoptedStyleSheets = [tokens, type].flatMap(({ styleSheet }) => styleSheet ?? []);
  return root;
}

/** Call it at the top of a test file. */
export function useComparison(): Comparison {
  const comparison = new Comparison();
  beforeEach(() => comparison.begin());
  afterEach(() => comparison.end());
  return comparison;
}

export const button = (name: string) => page.getByRole('button', { name, exact: true });
