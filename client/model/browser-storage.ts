/** The little that the browser remembers between visits. A page may be denied its storage (a sandboxed frame, say): then nothing is. */

import * as v from 'valibot';
import { Options } from '../../shared/model.ts';
import { Unsent } from './unsent-input.ts';

type Store = 'localStorage' | 'sessionStorage';

function read(store: Store, key: string): string | undefined {
  try {
    return window[store].getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(store: Store, key: string, value: string): void {
  try {
    if (value) window[store].setItem(key, value);
    else window[store].removeItem(key);
  } catch {
    // Not kept, then: it holds for this visit alone.
  }
}

const NAME = 'proofroom.name';
const OPTIONS = 'proofroom.options';
const tokenOf = (server: string | URL): string => `proofroom.token ${new URL(server, location.href).origin}`;

const unsentOf = (sessionId: string): string => `proofroom.unsent ${sessionId}`;

/** `{}` for what is not there, and for what an older page has left. */
function understood<Schema extends typeof Options | typeof Unsent>(schema: Schema, text = '{}'): v.InferOutput<Schema> {
  try {
    return v.parse(schema, JSON.parse(text));
  } catch {
    return {};
  }
}

export const keepsakes = {
  /** The person's name, for all servers, until they change it. */
  name: (): string | undefined => read('localStorage', NAME),
  keepName: (name: string): void => write('localStorage', NAME, name),
  /** What this person last wanted pictures to be like; whether a server offers it is another question. */
  options: (): Options => understood(Options, read('localStorage', OPTIONS)),
  keepOptions: (options: Options): void => write('localStorage', OPTIONS, JSON.stringify(options)),
  /** What this tab holds for a session, until it is closed. */
  unsent: (sessionId: string): Unsent => understood(Unsent, read('sessionStorage', unsentOf(sessionId))),
  keepUnsent: (sessionId: string, unsent: Unsent): void => {
    const isEmpty = Object.values(unsent).every((value) => value === undefined || value === '');
    write('sessionStorage', unsentOf(sessionId), isEmpty ? '' : JSON.stringify(unsent));
  },
  /** A server's access token, until the tab is closed. */
  token: (server: string | URL): string | undefined => read('sessionStorage', tokenOf(server)),
  keepToken: (server: string | URL, token: string): void => write('sessionStorage', tokenOf(server), token),
} as const;
