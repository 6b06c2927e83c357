/** The page around `<proof-room>`: keeps the address bar in step with the session, and the title with the stage. */
import '@fontsource-variable/libre-franklin';
import '../components/room/proof-room.ts';
import type { StageDetail } from '../components/room/room-events.ts';
import { endedNotices } from '../model/sentences.ts';
import { parsePageAddress, sessionLink } from '../model/server-address.ts';

const titles = {
  initial_input: 'Proofroom',
  generating: 'Drawing … · Proofroom',
  user_feedback: 'Ready to decide · Proofroom',
  final: 'Approved · Proofroom',
  unknown: 'Proofroom',
} as const satisfies Record<StageDetail['stage'], string>;

const room = document.createElement('proof-room');
room.autofocus = true;

function openAddress(): void {
  const { base, sessionId, sessionKey } = parsePageAddress(location);
  room.server = base === '/' ? undefined : base;
  room.session = sessionId;
  room.sessionKey = sessionKey;
}

room.addEventListener('proof-session', ({ detail: { sessionId, sessionKey } }) => {
  history.replaceState(history.state, '', sessionLink(room.server, sessionId, sessionKey));
});
room.addEventListener('proof-stage', ({ detail: { stage } }) => {
  document.title = titles[stage];
});
room.addEventListener('proof-ended', ({ detail: { reason } }) => {
  document.title = `${endedNotices[reason].title} · Proofroom`;
});
// Another key pasted into the address bar changes only the fragment, which loads no page.
window.addEventListener('hashchange', openAddress);

openAddress();
document.querySelector('main')?.append(room);
