/** The page around `<proof-room>`: keeps the address bar and the session together, and the title up to date. */
import '@fontsource-variable/libre-franklin';
import '../components/room/proof-room.ts';
import type { Stage } from '../../shared/model.ts';
import { farewells } from '../model/sentences.ts';

const titles = {
  initial_input: 'Proofroom',
  generating: 'Drawing … · Proofroom',
  user_feedback: 'Ready to decide · Proofroom',
  final: 'Approved · Proofroom',
} as const satisfies Record<Stage, string>;

const room = document.createElement('proof-room');
room.autofocus = true;

/** The server takes no longer one; what is left of a longer one still leads to no session, and above all to no new one. */
const LONGEST_ID = 256;

/** `/s/<id>#<key>`; the key stands in the fragment, which no server sees (rule W5). */
function joinAddressed(): void {
  const [, encodedId] = /^\/s\/([^/]+)$/.exec(location.pathname) ?? [];
  room.session = encodedId === undefined ? undefined : decoded(encodedId).slice(0, LONGEST_ID);
  room.sessionKey = location.hash.slice(1) || undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

room.addEventListener('proof-session', ({ detail: { sessionId, sessionKey } }) => {
  const address = `/s/${encodeURIComponent(sessionId)}${sessionKey ? `#${sessionKey}` : ''}`;
  history.replaceState(history.state, '', address);
});
room.addEventListener('proof-stage', ({ detail: { stage } }) => {
  document.title = titles[stage];
});
room.addEventListener('proof-ended', ({ detail: { reason } }) => {
  document.title = `${farewells[reason].title} · Proofroom`;
});
// A link to the same session with another key, pasted into the address bar, loads nothing anew.
window.addEventListener('hashchange', joinAddressed);

joinAddressed();
document.querySelector('main')?.append(room);
