/** The dialog in which pictures are compared, or one is looked at closely, with three pictures to show. */
import { css } from 'lit';
import { afterEach, beforeEach, expect } from 'vitest';
import { page } from 'vitest/browser';
import '../../client/components/compare/compare.ts';
import type { Compare } from '../../client/components/compare/compare.ts';
import { tokens } from '../../client/components/ui/tokens.styles.ts';
import { OpenEvent } from '../../client/components/viewer/open-event.ts';
import { type Intent, IntentEvent } from '../../client/model/intent.ts';
import * as states from './component-states.ts';
import { comeToRest, deep } from './this-page.ts';

/** Number 2 is half as fine as number 1; number 3 is of another shape. */
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

/** In whole pixels, counted from its pane. */
interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export class Comparison {
  /** What the dialog stands in; like the dialog, another one for each test. */
  room = document.createElement('main');
  /** Whence the dialog is opened. */
  opener = document.createElement('button');
  compare = document.createElement('proof-compare') as Compare;
  readonly intents: Intent[] = [];
  readonly opened: string[] = [];

  async begin(): Promise<void> {
    await page.viewport(1000, 700);
    document.documentElement.lang = 'en';
    document.title = 'Compare';
    this.intents.length = 0;
    this.opened.length = 0;
    this.room = document.createElement('main');
    this.opener = document.createElement('button');
    this.opener.textContent = 'Compare with the one before';
    this.compare = document.createElement('proof-compare') as Compare;
    Object.assign(this.compare, { attempts, images, decides: true });
    this.room.addEventListener(IntentEvent.type, (event) => {
      if (event instanceof IntentEvent) this.intents.push(event.intent);
    });
    this.room.addEventListener(OpenEvent.type, (event) => {
      if (event instanceof OpenEvent) this.opened.push(event.imageId);
    });
    furnish(this.room).append(this.opener, this.compare);
    document.body.append(this.room);
    await this.compare.updateComplete;
  }

  end(): void {
    this.room.remove();
  }

  /** Opens the dialog on two pictures. */
  async show(left = 'fine', right = 'coarse'): Promise<void> {
    this.opener.focus();
    this.compare.show(left, right);
    await expect.poll(() => this.sheets.length).toBe(2);
    await comeToRest();
  }

  /** Opens the dialog on one. */
  async lookAt(imageId: string): Promise<void> {
    this.opener.focus();
    this.compare.show(imageId);
    await expect.poll(() => this.sheets.length).toBe(1);
    await comeToRest();
  }

  all(selector: string): HTMLElement[] {
    return deep(this.compare.shadowRoot, selector);
  }

  one(selector: string): HTMLElement {
    const [element] = this.all(selector);
    if (!element) throw new Error(`There is no ${selector}.`);
    return element;
  }

  get sheets(): HTMLElement[] {
    return this.all('.sheet');
  }

  /** The first of the panes that pictures lie in. */
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

  /** Of the picture in the left pane, 0, or in the right one, 1. */
  placeOf(index: number): Place {
    const sheet = this.sheets[index]?.getBoundingClientRect() ?? new DOMRect();
    // Under the slider both lie in one.
    const pane = (this.all('.surface')[index] ?? this.pane).getBoundingClientRect();
    const [left, top, width, height] = [sheet.left - pane.left, sheet.top - pane.top, sheet.width, sheet.height];
    return { left: Math.round(left), top: Math.round(top), width: Math.round(width), height: Math.round(height) };
  }

  /** A finger on the first pane, at a point counted from the pane's middle. */
  touch(type: 'pointerdown' | 'pointermove' | 'pointerup', pointerId: number, x: number, y: number): void {
    const { left, top, width, height } = this.pane.getBoundingClientRect();
    const at = { clientX: left + width / 2 + x, clientY: top + height / 2 + y };
    const init = { pointerId, pointerType: 'touch', bubbles: true, composed: true, cancelable: true, button: 0, ...at };
    this.sheets[0]?.dispatchEvent(new PointerEvent(type, init));
  }
}

/** Gives it the colours, type and measures of the page; returns where its content goes. */
function furnish(room: HTMLElement): ShadowRoot {
  const house = room.attachShadow({ mode: 'open' });
  const type = css`
    :host {
      font: 400 var(--body) / 1.5 var(--font);
    }
  `;
  house.adoptedStyleSheets = [tokens, type].flatMap(({ styleSheet }) => styleSheet ?? []);
  return house;
}

/** For the tests of the file that calls this at its top. */
export function useComparison(): Comparison {
  const comparison = new Comparison();
  beforeEach(() => comparison.begin());
  afterEach(() => comparison.end());
  return comparison;
}

export const button = (name: string) => page.getByRole('button', { name, exact: true });
