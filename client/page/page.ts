/** The page around `<proof-room>`: keeps the address bar in step with the session, and the title and the language with the element. */
import '@fontsource-variable/libre-franklin';
import '../components/room/proof-room.ts';
import type { StageDetail, TurnDetail } from '../components/room/room-events.ts';
import { loadFirstTexts, preferredLanguage } from '../model/language.ts';
import { parsePageAddress, sessionLink } from '../model/server-address.ts';
import type { Texts } from '../model/texts.ts';
import { chooseNotifications, notificationState, TurnSignal } from './turn-signal.ts';

const titles = {
  initial_input: 'page.title',
  generating: 'page.titleGenerating',
  user_feedback: 'page.titleReview',
  final: 'page.titleEndedReview',
  unknown: 'page.title',
} as const satisfies Record<StageDetail['stage'], string>;

const outcomeTitles = {
  approved: 'page.titleFinal',
  declined: 'page.titleDeclined',
  unknown: 'page.titleEndedReview',
} as const satisfies Record<NonNullable<StageDetail['outcome']>, string>;

// The page has no language of its own: it follows its reader, and the element follows the page.
document.documentElement.lang = preferredLanguage();

const room = document.createElement('proof-room');
room.autofocus = true;

let texts: Texts | undefined;
let titleIn = (t: Texts): string => t('page.title');

const signal = new TurnSignal(() => showTitle());
let due: TurnDetail['due'];

function showTitle(title = titleIn): void {
  titleIn = title;
  if (texts) document.title = signal.titled(texts, title(texts));
}

function openAddress(): void {
  const { base, sessionId, sessionKey } = parsePageAddress(location);
  room.server = base === '/' ? undefined : base;
  room.session = sessionId;
  room.sessionKey = sessionKey;
}

room.addEventListener('proof-session', ({ detail: { sessionId, sessionKey } }) => {
  history.replaceState(history.state, '', sessionLink(room.server, sessionId, sessionKey));
});
room.addEventListener('proof-turn', ({ detail }) => {
  due = detail.due;
  signal.turnChanged(due, texts);
});
room.addEventListener('proof-stage', ({ detail: { stage, outcome } }) => {
  const isWatched = stage === 'user_feedback' && due === undefined;
  showTitle((t) => t(isWatched ? 'page.titleWatched' : outcome ? outcomeTitles[outcome] : titles[stage]));
});
room.notifications = notificationState();
room.addEventListener('proof-notify', async ({ detail: { on } }) => {
  room.notifications = await chooseNotifications(on);
});
room.addEventListener('proof-ended', ({ detail: { reason } }) =>
  showTitle((t) => t('page.titleEnded', { title: t(`ended.${reason}`) })),
);
room.addEventListener('proof-language', async ({ detail: { language } }) => {
  document.documentElement.lang = language;
  texts = await loadFirstTexts(language);
  showTitle();
});
// Another key pasted into the address bar changes only the fragment, which loads no page.
window.addEventListener('hashchange', openAddress);

// Its address is relative to that of the page, which changes when a session is created: then the browser would look for it elsewhere.
const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
if (icon) icon.setAttribute('href', icon.href);

// The room is all that there is on this page, so that keys are meant for it wherever the focus is.
document.addEventListener('keydown', (event) => {
  if (event.target !== room) room.keyPressed(event);
});

// The server says in the page's head what a person may expect of it, where it lets everybody create a session.
const expected = document.querySelector<HTMLMetaElement>('meta[name=proofroom-server]')?.content;
if (expected) room.expected = { demo: expected === 'demo' };

openAddress();
document.querySelector('main')?.append(room);
