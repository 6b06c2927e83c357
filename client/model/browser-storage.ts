/**
 * What the browser remembers between visits. A page may have no storage, as in a sandboxed frame, and the storage may hold what another
 * version wrote: then there is nothing to read.
 */
import * as v from 'valibot';
import { Options } from '../../shared/options.ts';
import { UnsentInput } from './unsent-input.ts';

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
    // Without storage the value holds for this visit.
  }
}

function parsed<Schema extends v.GenericSchema>(
  schema: Schema,
  text: string | undefined,
): v.InferOutput<Schema> | undefined {
  if (text === undefined) return undefined;
  try {
    return v.parse(schema, JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Who this browser is in a session: the same person after a reload and in another tab. */
const Participant = v.object({ sessionId: v.string(), id: v.string(), secret: v.string(), name: v.string() });
export type StoredParticipant = Readonly<v.InferOutput<typeof Participant>>;
/** The session joined last stands last. */
const Participants = v.array(Participant);

/** Of how many sessions the participants are kept. */
const PARTICIPANTS_KEPT = 50;

const NAME = 'proofroom.name';
const OPTIONS = 'proofroom.options';
const LANGUAGE = 'proofroom.language';
const SHORTCUTS = 'proofroom.shortcuts';
const NOTIFICATIONS = 'proofroom.notifications';
const PARTICIPANTS = 'proofroom.participants';
const unsentKey = (sessionId: string): string => `proofroom.unsent ${sessionId}`;
const tokenKey = (server: string): string => `proofroom.token ${server}`;

const participants = (): readonly StoredParticipant[] => parsed(Participants, read('localStorage', PARTICIPANTS)) ?? [];

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
  /** The options that this person last chose, whether or not a server allows them. */
  options: (): Options => parsed(Options, read('localStorage', OPTIONS)) ?? {},
  saveOptions: (options: Options): void => write('localStorage', OPTIONS, JSON.stringify(options)),
  participant: (sessionId: string): StoredParticipant | undefined =>
    participants().find((one) => one.sessionId === sessionId),
  saveParticipant: (participant: StoredParticipant): void => {
    const others = participants().filter(({ sessionId }) => sessionId !== participant.sessionId);
    write('localStorage', PARTICIPANTS, JSON.stringify([...others, participant].slice(-PARTICIPANTS_KEPT)));
  },
  /** What this tab holds for a session, until it is closed. */
  unsent: (sessionId: string): UnsentInput => parsed(UnsentInput, read('sessionStorage', unsentKey(sessionId))) ?? {},
  saveUnsent: (sessionId: string, unsent: UnsentInput): void => {
    const isEmpty = Object.values(unsent).every((value) => value === undefined || value === '');
    write('sessionStorage', unsentKey(sessionId), isEmpty ? '' : JSON.stringify(unsent));
  },
  /** The access token of a server, by its full address, until the tab is closed. */
  token: (server: string): string | undefined => read('sessionStorage', tokenKey(server)),
  saveToken: (server: string, token: string): void => write('sessionStorage', tokenKey(server), token),
} as const;
