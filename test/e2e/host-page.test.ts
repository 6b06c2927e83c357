/** What a `<proof-room>` asks of the page around it, and what it keeps from it. */
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { useBrowser } from '../support/browser.ts';
import { type HostContent, type HostPage, startHostPage } from '../support/host-page.ts';
import { makePictures } from '../support/people.ts';
import { startProduct } from '../support/product.ts';
import { Room, see } from '../support/room.ts';

const browser = useBrowser();

async function startBoth(): Promise<{ host: HostPage; address: string }> {
  const host = await startHostPage();
  const { address } = await startProduct({ config: { allowedOrigins: [host.origin] } });
  return { host, address };
}

async function openIn(host: HostPage, address: string, content: Partial<HostContent> = {}): Promise<Room> {
  host.show({ proofroom: address, body: `<proof-room id="room" server="${address}"></proof-room>`, ...content });
  const page = await browser.newPage();
  await page.goto(host.origin);
  return new Room(page, page.locator('#room'));
}

test('keys in the room start none of the shortcuts of the page around it; Escape, and shortcuts with Ctrl, still do', async () => {
  const { host, address } = await startBoth();
  const ana = await openIn(host, address, {
    // As an app would: every key is a shortcut, unless it is typed into a field of the app's own.
    script: `window.shortcuts = [];
      for (const type of ['keydown', 'keypress', 'keyup', 'beforeinput', 'input', 'paste', 'copy', 'compositionstart'])
        document.addEventListener(type, (event) => {
          shortcuts.push(event.key ?? event.type);
          if (event.key?.length === 1 && event.type === 'keydown') event.preventDefault();
        });`,
  });
  const shortcuts = () =>
    ana.page.evaluate(() => {
      const all = new Set((window as unknown as { shortcuts: string[] }).shortcuts.splice(0));
      return [...all];
    });
  await ana.prompt.focus();
  await ana.page.keyboard.type('a fish jumps');
  await ana.page.keyboard.press('ControlOrMeta+a');
  await ana.page.keyboard.press('ControlOrMeta+c');
  await ana.page.keyboard.press('End');
  await ana.page.keyboard.press('ControlOrMeta+v');
  await see(ana.prompt).toHaveValue('a fish jumpsa fish jumps');
  expect(await shortcuts()).toEqual([]);
  await ana.page.keyboard.press('Tab');
  await ana.page.keyboard.press('Escape');
  expect(await shortcuts()).toEqual(['Tab', 'Escape']);

  await makePictures([ana], ['A fox', 'A hare']);
  await shortcuts();
  await ana.attempt(1).focus();
  await ana.page.keyboard.press('ArrowRight');
  await ana.page.keyboard.press('Delete');
  await see(ana.status('No. 2 was discarded.')).toBeVisible();
  await ana.press('Undo');
  await ana.button('Regenerate').focus();
  await ana.page.keyboard.press('x');
  expect(await shortcuts()).toEqual([]);
  await ana.page.keyboard.press('Control+k');
  expect(await shortcuts()).toEqual(['Control', 'k']);
  await ana.openComparison();
  await ana.page.keyboard.press('+');
  await ana.page.keyboard.press('Escape');
  await see(ana.comparison).toBeHidden();
  expect((await shortcuts()).filter((key) => key !== 'Control')).not.toContain('+');
  // The room's own shortcuts count only where the focus is in the room, which it is once more when the dialog is closed.
  await see(ana.button('Compare')).toBeFocused();
  await ana.page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await ana.page.keyboard.press('a');
  expect(await shortcuts()).toEqual(['a']);
  await see(ana.heading('Is this the picture?')).toBeVisible();
  await see(ana.button('Approve')).not.toHaveAttribute('aria-disabled', 'true');
  await ana.button('Regenerate').focus();
  await ana.page.keyboard.press('a');
  await see(ana.heading('Approved')).toBeVisible();
  expect(await shortcuts()).toEqual([]);
});

test('under a strict policy with Trusted Types, the directives of the README are enough', async () => {
  const { host, address } = await startBoth();
  const ana = await openIn(host, address, {
    policy: { 'require-trusted-types-for': "'script'", 'trusted-types': 'lit-html' },
  });
  await ana.makePicture('A fox');
  await ana.openOptions();
  await ana.picture('Generated image').click();
  await see(ana.heading('Close look at No. 1')).toBeVisible();
  await ana.page.keyboard.press('Escape');
  await ana.press('Approve');
  await see(ana.heading('Approved')).toBeVisible();
});

test('a policy that keeps the page from the server is named, in place of an endless wait', async () => {
  browser.allowErrors(/violates the following Content Security Policy directive: "connect-src 'self'"/);
  const { host, address } = await startBoth();
  const ana = await openIn(host, address, { policy: { 'connect-src': "'self'" } });
  await see(ana.heading('This page may not connect to the server')).toBeVisible();
  await see(ana.text(/has to add the Proofroom server to connect-src/)).toBeVisible();
});

/** Replaces every text on the page, in shadow roots too, as translators do. Returns how many they were. */
function translate(page: Page, { obeys }: { readonly obeys: boolean }): Promise<number> {
  return page.evaluate((obeys) => {
    let count = 0;
    const visit = (root: ParentNode): void => {
      for (const element of root.querySelectorAll<HTMLElement>('*')) {
        if (obeys && element.closest('[translate="no"]')) continue;
        if (element.shadowRoot) visit(element.shadowRoot);
        if (element.matches('script, style, textarea, title')) continue;
        for (const node of [...element.childNodes]) {
          if (node.nodeType !== Node.TEXT_NODE || !node.textContent?.trim()) continue;
          const [outer, inner] = [document.createElement('font'), document.createElement('font')];
          inner.textContent = node.textContent.toUpperCase();
          outer.append(inner);
          node.replaceWith(outer);
          count += 1;
        }
      }
    };
    visit(document);
    return count;
  }, obeys);
}

test('a translator leaves the room alone; one that does not obey breaks nothing', async () => {
  const { host, address } = await startBoth();
  const ana = await openIn(host, address, {
    body: `<p>The page's own text</p><proof-room id="room" server="${address}"></proof-room>`,
  });
  await see(ana.live).toBeVisible();
  expect(await translate(ana.page, { obeys: true })).toBe(1);
  await ana.makePicture('A fox');
  expect(await translate(ana.page, { obeys: false })).toBeGreaterThan(10);
  await ana.prompt.fill('A hare');
  await ana.page.keyboard.press('Control+Enter');
  await see(ana.picture('Generated image')).toHaveAccessibleName('Generated image: A hare');
  await ana.root.getByRole('button', { name: /^approve$/i }).click();
  await see(ana.root.getByRole('heading', { name: /^approved$/i })).toBeVisible();
});

test('a page that isolates itself (COEP) can embed the element, and show the page in a frame', async () => {
  browser.allowErrors(/Blocked autofocusing/);
  const { host, address } = await startBoth();
  const isolated = { 'Cross-Origin-Embedder-Policy': 'require-corp', 'Cross-Origin-Opener-Policy': 'same-origin' };
  const ana = await openIn(host, address, {
    headers: isolated,
    policy: { 'frame-src': `${address}/` },
    body: `<proof-room id="room" server="${address}"></proof-room><iframe id="frame" src="${address}/"></iframe>`,
  });
  expect(await ana.page.evaluate(() => crossOriginIsolated)).toBe(true);
  await ana.makePicture('A fox');
  const frame = ana.page.frameLocator('#frame');
  await see(frame.getByRole('heading', { name: 'What should the picture show?' })).toBeVisible();
  await frame.getByRole('textbox', { name: 'Prompt' }).fill('A heron');
  await frame.getByRole('button', { name: 'Generate' }).click();
  await see(frame.getByRole('img', { name: /^Generated image/ })).toBeVisible();
});
