/** The events that the machine takes in, and its answer to each. Pure. */
import type { GenerationError, ImageReference, InvitationEntry, RecordEntry } from '../../shared/model.ts';
import type { RejectCode, ReviewCommand } from '../../shared/protocol.ts';
import type { Act, FinishedImage } from './attempts.ts';
import type { Author } from './record.ts';
import type { State } from './state.ts';

export interface CommandEvent {
  readonly type: 'command';
  readonly command: ReviewCommand;
  readonly act: Act;
  readonly author: Author;
  /** The id of the generation that the command may start. */
  readonly generationId: string;
  /** The id of the entry that the command may add to the record. */
  readonly entryId: string;
  /** The images that other participants have open. */
  readonly lookedAt: readonly string[];
}
export interface GeneratedEvent extends FinishedImage {
  readonly type: 'generated';
  readonly generationId: string;
  readonly candidate: number;
  /** Images that the service sent beside the one it was asked for. Each becomes an attempt of its own. */
  readonly more?: readonly ImageReference[];
  /** The image is shown, and the candidate goes on until it is `reported`, or has `failed`, which takes the image back. */
  readonly isProvisional?: true;
}
/** The service's last word about an image that is shown. */
export interface ReportedEvent extends Omit<FinishedImage, 'image'> {
  readonly type: 'reported';
  readonly generationId: string;
  readonly candidate: number;
  readonly imageId: string;
  /** As in `GeneratedEvent`. */
  readonly more?: readonly ImageReference[];
}
export interface FailedEvent {
  readonly type: 'failed';
  readonly generationId: string;
  readonly candidate: number;
  readonly error: GenerationError;
}
/** The server needs the memory of attempts that nobody looks at. */
export interface ForgetEvent {
  readonly type: 'forget';
  /** Images that stay whatever the state says of them: on show, or being sent, so that dropping them would free nothing. */
  readonly keep: readonly string[];
  /** The id of the entry in the record that says so. */
  readonly entryId: string;
  readonly at: string;
}
/** Who may take part has changed. */
export interface InvitationEvent {
  readonly type: 'invitation';
  readonly entry: InvitationEntry;
}
export type CandidateEvent = GeneratedEvent | ReportedEvent | FailedEvent;
export type Event = CommandEvent | CandidateEvent | ForgetEvent | InvitationEvent;

export type MachineRejection = Extract<
  RejectCode,
  | 'not_allowed'
  | 'stale'
  | 'wrong_stage'
  | 'image_not_found'
  | 'decision_not_found'
  | 'image_in_use'
  | 'attempts_full'
  | 'record_full'
>;

/** The session compares the states before and after to see what else it has to do, such as start a generation or drop images. */
export type Transition =
  | {
      readonly accepted: true;
      readonly state: State;
      /** The shared draft becomes this text. */
      readonly draft?: string;
    }
  | { readonly accepted: false; readonly code: MachineRejection };

export interface MachineLimits {
  /** Kept and discarded attempts together. */
  readonly ATTEMPTS_PER_SESSION: number;
  /** Entries of the record, but for those that must not be refused: withdrawals, revocations, and what was given up for memory. */
  readonly RECORD_ENTRIES: number;
}

export const accept = (state: State): Transition => ({ accepted: true, state });
export const reject = (code: MachineRejection): Transition => ({ accepted: false, code });

/** The state with one more entry in its record. */
export function recorded<Before extends State>(state: Before, entry: RecordEntry): Before {
  return { ...state, revision: state.revision + 1, record: [...state.record, entry] };
}

export const isFull = ({ record }: State, { RECORD_ENTRIES }: MachineLimits): boolean =>
  record.length >= RECORD_ENTRIES;

export const hasDigest = (image: ImageReference, sha256?: string) => sha256 === undefined || sha256 === image.sha256;
