/**
 * What the browser remembers between visits. Where the page has no storage, as in a sandboxed frame, or the storage is full, a value is
 * remembered until the page is left. Values with a form of their own are in `stored-input.ts`.
 */
type Store = 'localStorage' | 'sessionStorage';

/** The values that the storages did not take, which have no key in common. */
const unwritten = new Map<string, string>();

/** Undefined where there is nothing to read. */
export function read(store: Store, key: string): string | undefined {
  try {
    return (unwritten.get(key) ?? window[store].getItem(key)) || undefined;
  } catch {
    return undefined;
  }
}

/** An empty value removes what was there. */
export function write(store: Store, key: string, value: string): void {
  try {
    if (value) window[store].setItem(key, value);
    else window[store].removeItem(key);
    unwritten.delete(key);
  } catch {
    unwritten.set(key, value);
  }
}

const NAME = 'proofroom.name';
const LANGUAGE = 'proofroom.language';
const SHORTCUTS = 'proofroom.shortcuts';
const NOTIFICATIONS = 'proofroom.notifications';
const tokenKey = (server: string): string => `proofroom.token ${server}`;

export const browserStorage = {
  /** The name that this person last chose, for all servers. */
  name: (): string | undefined => read('localStorage', NAME),
  saveName: (name: string): void => write('localStorage', NAME, name),
  /** Calls `listener` with the name that this person chooses in another tab. Returns the undo. */
  onName: (listener: (name: string) => void): (() => void) => {
    const onStorage = ({ key, newValue }: StorageEvent) => {
      if (key === NAME && newValue) listener(newValue);
    };
    window.addEventListener('storage', onStorage);
    return () => window.removeEventListener('storage', onStorage);
  },
  /** The language that this person chose in place of the page's own. */
  language: (): string | undefined => read('localStorage', LANGUAGE),
  saveLanguage: (language: string): void => write('localStorage', LANGUAGE, language),
  /** Whether keys do what controls do, unless this person has turned them off. */
  hasShortcuts: (): boolean => read('localStorage', SHORTCUTS) !== 'off',
  saveShortcuts: (on: boolean): void => write('localStorage', SHORTCUTS, on ? '' : 'off'),
  /** Whether this person wants to be notified of their turn. */
  wantsNotifications: (): boolean => read('localStorage', NOTIFICATIONS) === 'on',
  saveNotifications: (on: boolean): void => write('localStorage', NOTIFICATIONS, on ? 'on' : ''),
  /** The access token of a server, by its full address, until the tab is closed. */
  token: (server: string): string | undefined => read('sessionStorage', tokenKey(server)),
  saveToken: (server: string, token: string): void => write('sessionStorage', tokenKey(server), token),
} as const;
