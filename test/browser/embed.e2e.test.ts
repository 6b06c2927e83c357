import type { Locator, Page } from 'playwright';
import { expect, test } from 'vitest';
import type { ProofRoom } from '../../client/components/room/proof-room.ts';
import type { RoomEventMap } from '../../client/components/room/room-events.ts';
import { useBrowser } from '../support/browser.ts';
import { type HostPage, startHostPage } from '../support/host-page.ts';
import { drawRow } from '../support/people.ts';
import { type Product, type ProductOptions, startProduct } from '../support/product.ts';
import { digest, enter, Room, see } from '../support/room.ts';

const browser = useBrowser();
const PROMPT = 'A fox in the snow';

async function startBoth(config?: ProductOptions['config']): Promise<{ host: HostPage; product: Product }> {
  const host = await startHostPage();
  const product = await startProduct({ config: { allowedOrigins: [host.origin], ...config } });
  return { host, product };
}

interface Told {
  readonly room: string;
  readonly type: string;
  readonly stage?: string;
  readonly sessionId?: string;
  readonly name?: string;
  readonly digest?: string;
  readonly sha256?: string;
}

/** Everything that the rooms of a page tell it, computed there. */
async function listenTo(page: Page): Promise<Told[]> {
  const told: Told[] = [];
  await page.exposeFunction('roomTold', (what: Told) => void told.push(what));
  await page.addInitScript(() => {
    const { roomTold } = window as unknown as { roomTold(what: Told): void };
    const nameOf = (event: Event): string => (event.target instanceof Element ? event.target.id : 'nobody');
    const listen = <Type extends keyof RoomEventMap>(
      type: Type,
      tell: (event: RoomEventMap[Type]) => void | Promise<void>,
    ): void => window.addEventListener(type, (event) => void tell(event as RoomEventMap[Type]));
    listen('proof-session', (event) =>
      roomTold({ room: nameOf(event), type: event.type, sessionId: event.detail.sessionId }),
    );
    listen('proof-stage', (event) => roomTold({ room: nameOf(event), type: event.type, stage: event.detail.stage }));
    listen('proof-approved', async (event) => {
      const room = nameOf(event);
      const { file, sha256 } = event.detail;
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer())).toHex();
      roomTold({ room, type: event.type, name: `${file.name} ${file.type} ${file.size}`, digest, sha256 });
    });
    listen('proof-ended', (event) => roomTold({ room: nameOf(event), type: event.type }));
    for (const type of ['proof-intent', 'proof-select', 'proof-compare', 'proof-saved', 'start-over']) {
      window.addEventListener(type, (event) => roomTold({ room: nameOf(event), type: event.type }));
    }
  });
  return told;
}

/** What is a room's own affair. */
const inner = ({ type }: Told): boolean =>
  ['proof-intent', 'proof-select', 'proof-compare', 'proof-saved', 'start-over'].includes(type);

const roomIn = (page: Page, id: string): Room => new Room(page, page.locator(`#${id}`));

test('two rooms side by side on another origin are two sessions, and each tells the page of its own', async () => {
  const { host, product } = await startBoth();
  const element = (id: string) => `<proof-room id="${id}" server="${product.address}"></proof-room>`;
  host.show({ proofroom: product.address, body: `${element('left')}${element('right')}` });
  const page = await browser.newPage();
  const told = await listenTo(page);
  await page.goto(host.origin);
  const [left, right] = [roomIn(page, 'left'), roomIn(page, 'right')];
  await see(left.live).toBeVisible();
  await see(right.live).toBeVisible();

  await right.prompt.fill('A heron');
  await left.makePicture(PROMPT);
  await see(right.heading('What should the picture show?')).toBeVisible();
  await see(right.prompt).toHaveValue('A heron');
  await left.press('Approve');
  await see(left.heading('Approved')).toBeVisible();
  await right.press('Generate');
  await see(right.picture('Generated image')).toHaveAccessibleName('Generated image: A heron');
  await see(left.heading('Approved')).toBeVisible();

  const of = (room: string, type: string) => told.filter((one) => one.room === room && one.type === type);
  const stages = (room: string) => of(room, 'proof-stage').map(({ stage }) => stage);
  const decided = ['initial_input', 'generating', 'user_feedback', 'final'];
  await expect.poll(() => stages('left'), { timeout: 15_000 }).toEqual(decided);
  await expect.poll(() => stages('right'), { timeout: 15_000 }).toEqual(decided.slice(0, 3));
  await expect.poll(() => of('left', 'proof-approved'), { timeout: 15_000 }).toHaveLength(1);
  const { final } = product.openai.sent[0] ?? {};
  expect(of('left', 'proof-approved')[0]).toMatchObject({
    name: `a-fox-in-the-snow.png image/png ${final?.byteLength}`,
    digest: digest(final),
    sha256: digest(final),
  });
  expect(of('right', 'proof-approved')).toEqual([]);
  const sessions = [...of('left', 'proof-session'), ...of('right', 'proof-session')].map(({ sessionId }) => sessionId);
  expect(new Set(sessions).size).toBe(2);
  expect(told.filter(inner)).toEqual([]);
  expect(page.url()).toBe(`${host.origin}/`);
});

test('a room joins the session it is given, to watch by its attribute, to decide with its key', async () => {
  const { host, product } = await startBoth();
  const ana = await enter(await browser.newPage(), product.address);
  await ana.makePicture(PROMPT);
  const sessionId = new URL(ana.reviewLink).pathname.replace('/s/', '');
  host.show({
    proofroom: product.address,
    body: `<proof-room id="room" server="${product.address}" session="${sessionId}"></proof-room>`,
  });
  const page = await browser.newPage();
  await page.goto(host.origin);
  const room = roomIn(page, 'room');
  await see(room.heading('You are watching')).toBeVisible();
  await see(room.picture('Generated image')).toBeVisible();
  const key = new URL(ana.reviewLink).hash.slice(1);
  await page.locator('#room').evaluate((element, sessionKey) => {
    (element as ProofRoom).sessionKey = sessionKey;
  }, key);
  await see(room.button('Approve')).toBeVisible();
  await room.press('Share');
  await see(room.root.getByRole('textbox', { name: 'Review link' })).toHaveValue(ana.reviewLink);
  await room.press('Close');
  await room.press('Approve');
  await see(ana.heading('Approved')).toBeVisible();
});

test('a token that the page gives opens a session without asking anybody (S2)', async () => {
  const accessToken = 'an-access-token-of-more-than-32-characters';
  const { host, product } = await startBoth({ accessToken });
  host.show({ proofroom: product.address, body: '<p>No room yet.</p>' });
  const page = await browser.newPage();
  await page.goto(host.origin);
  await page.evaluate(
    ([server, token]) => {
      const room = Object.assign(document.createElement('proof-room'), { id: 'room', server, token });
      document.body.append(room);
    },
    [product.address, accessToken] as const,
  );
  await see(roomIn(page, 'room').heading('What should the picture show?')).toBeVisible();
});

test("token and name may be set by a script after the element, as in the README's own lines (S2)", async () => {
  const accessToken = 'an-access-token-of-more-than-32-characters';
  const { host, product } = await startBoth({ accessToken });
  host.show({
    proofroom: product.address,
    body: `<proof-room id="room" server="${product.address}"></proof-room>`,
    script: `Object.assign(document.querySelector('proof-room'), { token: '${accessToken}', name: 'Ana' });`,
  });
  const page = await browser.newPage();
  await page.goto(host.origin);
  const room = roomIn(page, 'room');
  await room.makePicture(PROMPT);
  await room.press('Approve');
  await see(room.heading('Approved')).toBeVisible();
  expect((await room.snapshot()).decisions).toMatchObject([{ by: 'Ana' }]);
});

test('what is opened, compared and started over in a room is its own affair, and so is that it is taken away', async () => {
  const { host, product } = await startBoth();
  host.show({ proofroom: product.address, body: `<proof-room id="room" server="${product.address}"></proof-room>` });
  const page = await browser.newPage();
  const told = await listenTo(page);
  await page.goto(host.origin);
  const room = roomIn(page, 'room');
  await drawRow([room], [PROMPT, 'A heron']);
  await room.open(1);
  await room.press('Compare');
  await see(room.comparison).toBeVisible();
  await page.keyboard.press('Escape');
  await room.press('Start over');
  await room.question.getByRole('button', { name: 'Start over' }).click();
  await see(room.heading('What should the picture show?')).toBeVisible();
  await page.locator('#room').evaluate((element) => {
    (element as ProofRoom).name = 'Ana';
    element.remove();
  });
  await page.evaluate(() => new Promise(requestAnimationFrame));
  expect(told.filter(({ type }) => type === 'proof-stage').at(-1)).toMatchObject({ stage: 'initial_input' });
  expect(told.filter((one) => inner(one) || one.type === 'proof-ended')).toEqual([]);
});

test("a room is light or dark as its page is, not as the person's system is", async () => {
  const { host, product } = await startBoth();
  const body = `<proof-room id="room" server="${product.address}"></proof-room>`;
  const inkOf = async (colorScheme: 'light' | 'dark', style: string) => {
    host.show({ proofroom: product.address, body, style });
    const page = await browser.newPage({ colorScheme });
    await page.goto(host.origin);
    const heading = roomIn(page, 'room').heading('What should the picture show?');
    await see(heading).toBeVisible();
    return (await looksOf(heading)).color;
  };
  const light = await inkOf('light', '');
  expect(await inkOf('dark', '')).toBe(light);
  expect(await inkOf('dark', ':root { color-scheme: light dark }')).not.toBe(light);
});

test('a room that the page takes out and puts back is in the same session, with its picture', async () => {
  const { host, product } = await startBoth();
  host.show({
    proofroom: product.address,
    body: `<proof-room id="room" server="${product.address}"></proof-room><aside></aside>`,
  });
  const page = await browser.newPage();
  const told = await listenTo(page);
  await page.goto(host.origin);
  const room = roomIn(page, 'room');
  await room.makePicture(PROMPT);
  await page.locator('#room').evaluate((element) => document.querySelector('aside')?.append(element));
  await see(room.live).toBeVisible();
  await see(room.picture('Generated image')).toBeVisible();
  await room.press('Approve');
  await see(room.heading('Approved')).toBeVisible();
  expect(new Set(told.flatMap(({ sessionId }) => sessionId ?? [])).size).toBe(1);
});

test("a page whose origin is not listed gets no session: the room says that it can't connect, the log says why (S1)", async () => {
  browser.allowErrors(/WebSocket connection to .* failed: .*403/);
  const { host, product } = await startBoth({ allowedOrigins: ['https://another.example'] });
  host.show({
    proofroom: product.address,
    body: `<proof-room id="room" server="${product.address}"></proof-room>`,
  });
  const page = await browser.newPage();
  await page.goto(host.origin);
  const room = roomIn(page, 'room');
  await see(room.root.getByText(/^Reconnecting/)).toBeVisible();
  await see(room.status(/connection is lost/)).toBeAttached();
  await see(room.prompt).toHaveCount(0);
  expect(
    product.logs.filter((line) => line.includes('PROOFROOM_ALLOWED_ORIGINS') && line.includes(host.origin)),
  ).not.toEqual([]);
});

/** How a part looks that the styles of a page would change first. */
function looksOf(part: Locator): Promise<Record<string, string>> {
  return part.evaluate((element) => {
    const {
      color,
      backgroundColor,
      fontSize,
      fontStyle,
      textTransform,
      letterSpacing,
      borderRadius,
      padding,
      lineHeight,
    } = getComputedStyle(element);
    return {
      color,
      backgroundColor,
      fontSize,
      fontStyle,
      textTransform,
      letterSpacing,
      borderRadius,
      padding,
      lineHeight,
    };
  });
}

test("the page's own styles stay out of the room", async () => {
  const { host, product } = await startBoth();
  const body = `<proof-room id="room" server="${product.address}"></proof-room><button>The page's own</button>`;
  const parts = (room: Room) => [room.button('Generate'), room.prompt, room.heading('What should the picture show?')];
  const style = `
    body { font: italic 30px/3 serif; color: red; letter-spacing: 4px; text-transform: uppercase; text-align: right;
      word-spacing: 9px; cursor: wait; visibility: visible; }
    button, textarea, h2, p, label, div { all: unset; color: hotpink !important; background: lime !important; padding: 40px !important; }
  `;
  const looks = [];
  for (const content of [{ style: '' }, { style }]) {
    host.show({ proofroom: product.address, body, ...content });
    const page = await browser.newPage();
    await page.goto(host.origin);
    const room = roomIn(page, 'room');
    await see(room.live).toBeVisible();
    looks.push(await Promise.all(parts(room).map(looksOf)));
    if (content.style) {
      const own = await looksOf(page.getByRole('button', { name: "The page's own" }));
      expect(own).toMatchObject({ color: 'rgb(255, 105, 180)', backgroundColor: 'rgb(0, 255, 0)' });
    }
  }
  expect(looks[1]).toEqual(looks[0]);
});
