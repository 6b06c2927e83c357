/** What the browser remembers of sessions between visits: who this person is in them, and what they have chosen and typed. */
import * as v from 'valibot';
import { Options } from '../../shared/options.ts';
import { read, write } from './browser-storage.ts';

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

/** What a person has typed or chosen in a session and not sent yet. The tab keeps it, so that a reload loses nothing (rule R1). */
export const UnsentInput = v.object({
  /** Of the prompt field, as far as the server may not have it. */
  draft: v.optional(v.string()),
  /** The `draftRevision` at which that was typed. */
  draftRevision: v.optional(v.number()),
  /** What should change. Absent: the field was not touched; empty: it was emptied. */
  feedback: v.optional(v.string()),
  /** The image that the feedback was typed about; absent: it belongs to none. */
  about: v.optional(v.string()),
  /** The feedback on other images, by their ids. */
  otherFeedback: v.optional(v.record(v.string(), v.string())),
  /** The feedback of a `refine` that has not become an attempt yet. */
  sentFeedback: v.optional(v.string()),
  /** Why to cancel the generation under way. */
  reason: v.optional(v.string()),
  /** The notes of decisions that are not sent yet, by the image that they are about. */
  notes: v.optional(v.record(v.string(), v.string())),
  /** The entry of the record up to which the person has read what the server gave up. */
  readUpTo: v.optional(v.string()),
  /** Chosen for the next generation. */
  options: v.optional(Options),
  /** `startedAt` of the generation that was the last one when the options were chosen; absent if there was none. */
  chosenAfter: v.optional(v.string()),
});

export type UnsentInput = Readonly<v.InferOutput<typeof UnsentInput>>;

/** Who this browser is in a session: the same person after a reload and in another tab. */
const Participant = v.object({ sessionId: v.string(), id: v.string(), secret: v.string(), name: v.string() });
export type StoredParticipant = Readonly<v.InferOutput<typeof Participant>>;
/** The session joined last stands last. */
const Participants = v.array(Participant);

/** Of how many sessions the participants are kept. */
const PARTICIPANTS_KEPT = 50;

const OPTIONS = 'proofroom.options';
const PARTICIPANTS = 'proofroom.participants';
const unsentKey = (sessionId: string): string => `proofroom.unsent ${sessionId}`;

const participants = (): readonly StoredParticipant[] => parsed(Participants, read('localStorage', PARTICIPANTS)) ?? [];

export const storedInput = {
  /** The options that this person last chose, whether or not a server allows them. */
  options: (): Options => parsed(Options, read('localStorage', OPTIONS)) ?? {},
  saveOptions: (options: Options): void => write('localStorage', OPTIONS, JSON.stringify(options)),
  participant: (sessionId: string): StoredParticipant | undefined =>
    participants().find((one) => one.sessionId === sessionId),
  saveParticipant: (participant: StoredParticipant): void => {
    const others = participants().filter(({ sessionId }) => sessionId !== participant.sessionId);
    write('localStorage', PARTICIPANTS, JSON.stringify([...others, participant].slice(-PARTICIPANTS_KEPT)));
  },
  /** What this tab holds for a session until the tab is closed. A server's address stands for the next new session on that server. */
  unsent: (sessionId: string): UnsentInput => parsed(UnsentInput, read('sessionStorage', unsentKey(sessionId))) ?? {},
  saveUnsent: (sessionId: string, unsent: UnsentInput): void => {
    const isEmpty = Object.values(unsent).every((value) => value === undefined || value === '');
    write('sessionStorage', unsentKey(sessionId), isEmpty ? '' : JSON.stringify(unsent));
  },
} as const;
