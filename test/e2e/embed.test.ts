/** `<proof-room>` on a page of another origin. */
import type { Locator, Page } from 'playwright';
import { expect, test } from 'vitest';
import type { ProofRoom } from '../../client/components/room/proof-room.ts';
import type { RoomEventMap } from '../../client/components/room/room-events.ts';
import { useBrowser } from '../support/browser.ts';
import { type HostPage, startHostPage } from '../support/host-page.ts';
import { makePictures } from '../support/people.ts';
import { type Product, type ProductOptions, startProduct } from '../support/product.ts';
import { digest, Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';
const TOKEN = 'an-access-token-of-more-than-32-characters';

async function startBoth(config?: ProductOptions['config']): Promise<{ host: HostPage; product: Product }> {
  const host = await startHostPage();
  const product = await startProduct({ config: { allowedOrigins: [host.origin], ...config } });
  return { host, product };
}

const roomIn = (page: Page, id: string): Room => new Room(page, page.locator(`#${id}`));

interface HostEvent {
  /** The id of the element that dispatched it. */
  readonly room: string;
  readonly type: string;
  readonly stage?: string;
  readonly sessionId?: string;
  readonly file?: string;
  /** Of the file's bytes, computed on the page. */
  readonly digest?: string;
  readonly sha256?: string;
}

/** Events that rooms dispatch for their own parts. */
const internalEvents = ['proof-intent', 'proof-select', 'proof-compare', 'proof-saved', 'start-over'];
const isInternal = ({ type }: HostEvent): boolean => internalEvents.includes(type);

/** Records all events that reach the page's window. */
async function recordEvents(page: Page): Promise<HostEvent[]> {
  const events: HostEvent[] = [];
  await page.exposeFunction('record', (event: HostEvent) => void events.push(event));
  await page.addInitScript((internal) => {
    const { record } = window as unknown as { record(event: HostEvent): void };
    const base = (event: Event) => ({ type: event.type, room: event.target instanceof Element ? event.target.id : '' });
    const listen = <Type extends keyof RoomEventMap>(
      type: Type,
      listener: (event: RoomEventMap[Type]) => void | Promise<void>,
    ): void => window.addEventListener(type, (event) => void listener(event as RoomEventMap[Type]));
    listen('proof-session', (event) => record({ ...base(event), sessionId: event.detail.sessionId }));
    listen('proof-stage', (event) => record({ ...base(event), stage: event.detail.stage }));
    listen('proof-approved', async (event) => {
      const { file, sha256 } = event.detail;
      const { type, room } = base(event);
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer())).toHex();
      record({ type, room, file: `${file.name} ${file.type} ${file.size}`, digest, sha256 });
    });
    for (const type of ['proof-ended', ...internal]) window.addEventListener(type, (event) => record(base(event)));
  }, internalEvents);
  return events;
}

test('two rooms on one page are two sessions, and tell the page what it needs and nothing else', async () => {
  const { host, product } = await startBoth();
  const element = (id: string) => `<proof-room id="${id}" server="${product.address}"></proof-room>`;
  host.show({ proofroom: product.address, body: `${element('left')}${element('right')}<aside></aside>` });
  const page = await browser.newPage();
  const events = await recordEvents(page);
  await page.goto(host.origin);
  const [left, right] = [roomIn(page, 'left'), roomIn(page, 'right')];
  await see(left.live).toBeVisible();
  await see(right.live).toBeVisible();
  await right.prompt.fill('A heron');
  await left.makePicture(PROMPT);
  await see(right.heading('What should the picture show?')).toBeVisible();
  await see(right.prompt).toHaveValue('A heron');

  // Moved to another place on the page, a room keeps its session.
  await page.locator('#left').evaluate((room) => document.querySelector('aside')?.append(room));
  await see(left.live).toBeVisible();
  await see(left.picture('Generated image')).toBeVisible();
  await left.press('Approve');
  await see(left.heading('Approved')).toBeVisible();

  await makePictures([right], ['A heron', 'An owl']);
  await right.select(1);
  await right.openComparison();
  await page.keyboard.press('Escape');
  await right.startOver();
  await see(right.heading('What should the picture show?')).toBeVisible();
  await see(left.heading('Approved')).toBeVisible();
  await page.locator('#right').evaluate((room) => {
    (room as ProofRoom).name = 'Ana';
    room.remove();
  });
  await page.evaluate(() => new Promise(requestAnimationFrame));

  const of = (room: string, type: string) => events.filter((event) => event.room === room && event.type === type);
  const stagesOf = (room: string) => of(room, 'proof-stage').map(({ stage }) => stage);
  await expect.poll(() => of('left', 'proof-approved'), { timeout: 15_000 }).toHaveLength(1);
  expect(stagesOf('left').at(-1)).toBe('final');
  const decided = ['initial_input', 'generating', 'user_feedback'];
  await expect
    .poll(() => stagesOf('right'), { timeout: 15_000 })
    .toEqual([...decided, 'generating', 'user_feedback', 'initial_input']);
  const { final } = product.openai.sent[0] ?? {};
  expect(of('left', 'proof-approved')[0]).toMatchObject({
    file: `a-fox-in-the-snow.png image/png ${final?.byteLength}`,
    digest: digest(final),
    sha256: digest(final),
  });
  expect(of('right', 'proof-approved')).toEqual([]);
  const sessionsOf = (room: string) => new Set(of(room, 'proof-session').map(({ sessionId }) => sessionId));
  expect([sessionsOf('left').size, sessionsOf('right').size]).toEqual([1, 1]);
  expect(sessionsOf('left')).not.toEqual(sessionsOf('right'));
  expect(events.filter((event) => isInternal(event) || event.type === 'proof-ended')).toEqual([]);
  expect(page.url()).toBe(`${host.origin}/`);
});

test('S2, W5: token, name, session and key can be given by the page, before or after the element is on it', async () => {
  const { host, product } = await startBoth({ accessToken: TOKEN });
  const { address } = product;
  host.show({
    proofroom: address,
    body: `<proof-room id="ana" server="${address}"></proof-room>`,
    script: `Object.assign(document.querySelector('proof-room'), { token: '${TOKEN}', name: 'Ana' });`,
  });
  const page = await browser.newPage();
  const events = await recordEvents(page);
  await page.goto(host.origin);
  const ana = roomIn(page, 'ana');
  await ana.makePicture(PROMPT);
  const sessionId = events.find(({ type }) => type === 'proof-session')?.sessionId ?? expect.fail('no session');

  // A session alone lets one watch, until the key comes.
  await page.evaluate(
    ([server, session]) => {
      document.body.append(
        Object.assign(document.createElement('proof-room'), { id: 'bo', server, session, name: 'Bo' }),
      );
    },
    [address, sessionId] as const,
  );
  const bo = roomIn(page, 'bo');
  await see(bo.heading('You are watching')).toBeVisible();
  await see(bo.picture('Generated image')).toBeVisible();
  await ana.press('Share');
  const reviewLink = await ana.root.getByRole('textbox', { name: 'Review link' }).inputValue();
  expect(reviewLink).toMatch(`${address}/s/${sessionId}#`);
  await ana.press('Close');
  await page.locator('#bo').evaluate((room, sessionKey) => {
    (room as ProofRoom).sessionKey = sessionKey;
  }, new URL(reviewLink).hash.slice(1));
  await bo.press('Approve');
  await see(ana.text(/by Bo,/)).toBeVisible();

  await page.evaluate(
    ([server, token]) => {
      document.body.append(Object.assign(document.createElement('proof-room'), { id: 'cy', server, token }));
    },
    [address, TOKEN] as const,
  );
  await see(roomIn(page, 'cy').heading('What should the picture show?')).toBeVisible();
});

test("S1: a page whose origin is not listed gets no session, and the server's log says which variable to set", async () => {
  browser.allowErrors(/WebSocket connection to .* failed: .*403/);
  const { host, product } = await startBoth({ allowedOrigins: ['https://another.example'] });
  host.show({ proofroom: product.address, body: `<proof-room id="room" server="${product.address}"></proof-room>` });
  const page = await browser.newPage();
  await page.goto(host.origin);
  const room = roomIn(page, 'room');
  await see(room.reconnecting).toBeVisible();
  await see(room.status(/connection is lost/)).toBeAttached();
  await see(room.prompt).toHaveCount(0);
  const isReported = (line: string) => line.includes('PROOFROOM_ALLOWED_ORIGINS') && line.includes(host.origin);
  expect(product.logs.filter(isReported)).not.toEqual([]);
});

const properties = [
  'color',
  'background-color',
  'font-size',
  'font-style',
  'text-transform',
  'letter-spacing',
  'border-radius',
  'padding',
  'line-height',
  'inline-size',
  'block-size',
  'direction',
  'user-select',
  'text-align',
] as const;

/** The computed values of properties that a page's styles would change first. */
const styleOf = (part: Locator): Promise<string[]> =>
  part.evaluate((element, names) => names.map((name) => getComputedStyle(element).getPropertyValue(name)), properties);

test("a room takes light or dark from its page's color-scheme, and no other style", async () => {
  const { host, product } = await startBoth();
  const page = await browser.newPage();
  const room = roomIn(page, 'room');
  const hostButton = page.getByRole('button', { name: "The page's own" });
  const stylesWith = async (colorScheme: 'light' | 'dark', style: string): Promise<string[][]> => {
    const body = `<proof-room id="room" server="${product.address}"></proof-room><button>The page's own</button>`;
    host.show({ proofroom: product.address, body, style });
    await page.emulateMedia({ colorScheme });
    await page.goto(host.origin);
    await see(room.live).toBeVisible();
    return Promise.all(
      [room.button('Generate'), room.prompt, room.heading('What should the picture show?')].map(styleOf),
    );
  };
  const plain = await stylesWith('light', '');
  const restyled = await stylesWith(
    'dark',
    `html { font-size: 10px; direction: rtl; user-select: none; quotes: none; }
    proof-room { font: 9px monospace; }
    body { font: italic 30px/3 serif; margin: 8px; color: red; letter-spacing: 4px; text-transform: uppercase; text-align: right;
      word-spacing: 9px; cursor: wait; visibility: visible; }
    button, textarea, h2, p, label, div { all: unset; color: hotpink !important; background: lime !important;
      padding: 40px !important; }`,
  );
  expect((await styleOf(hostButton)).slice(0, 2)).toEqual(['rgb(255, 105, 180)', 'rgb(0, 255, 0)']);
  expect(restyled).toEqual(plain);
  const dark = await stylesWith('dark', ':root { color-scheme: light dark }');
  expect(dark.map(([color]) => color)).not.toEqual(plain.map(([color]) => color));
});
