/** The little that the browser remembers between visits. A page may be denied its storage (a sandboxed frame, say): then nothing is. */

import * as v from 'valibot';
import { Options } from '../shared/session.ts';

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

function readOptions(text: string): Options {
  try {
    return v.parse(Options, JSON.parse(text));
  } catch {
    return {};
  }
}

export const keepsakes = {
  /** The person's name, for all servers, until they change it. */
  name: (): string | undefined => read('localStorage', NAME),
  keepName: (name: string): void => write('localStorage', NAME, name),
  /** What this person last wanted pictures to be like; whether a server offers it is another question. */
  options: (): Options => readOptions(read('localStorage', OPTIONS) ?? '{}'),
  keepOptions: (options: Options): void => write('localStorage', OPTIONS, JSON.stringify(options)),
  /** A server's access token, until the tab is closed. */
  token: (server: string | URL): string | undefined => read('sessionStorage', tokenOf(server)),
  keepToken: (server: string | URL, token: string): void => write('sessionStorage', tokenOf(server), token),
} as const;
