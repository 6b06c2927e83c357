/** The deliberate mistakes that the simulator must find, and the rules that may find them. */
import type { Rule } from './ledger.ts';

interface Edit {
  readonly file: string;
  /** The exact text, wherever it stands in the file. */
  readonly from: string;
  readonly to: string;
}

export interface Mutation {
  readonly what: string;
  /** The rules that it breaks: one of them must catch it. */
  readonly breaks: readonly [Rule, ...Rule[]];
  readonly edits: readonly [Edit, ...Edit[]];
}

const machine = 'server/session/machine.ts';
const attempts = 'server/session/attempts.ts';
const session = 'server/session/session.ts';
const drawing = 'server/session/drawing.ts';
const sessions = 'server/session/sessions.ts';
const run = 'server/session/generation-run.ts';
const queue = 'server/session/generation-queue.ts';
const outbox = 'server/ws/outbox.ts';
const connection = 'server/ws/connection.ts';
const participant = 'server/ws/participant.ts';
const drain = 'server/drain.ts';
const draft = 'client/session/shared-draft.ts';
const client = 'client/session/session-client.ts';
const line = 'client/session/reconnecting-socket.ts';

export const mutations: readonly Mutation[] = [
  {
    what: 'while an image is drawn, any command but approve cancels it',
    breaks: ['M1', 'discard'],
    edits: [{ file: machine, from: "return command.type === 'cancel'", to: "return command.type !== 'approve'" }],
  },
  {
    what: 'a command that lost a race is not told who won',
    breaks: ['M2'],
    edits: [{ file: session, from: '...(tells && { lastAction: tells })', to: '' }],
  },
  {
    what: 'a cancelled generation goes on beside the next one',
    breaks: ['R2', 'M2', 'R11'],
    edits: [
      {
        file: drawing,
        from: 'this.#run?.abort();',
        to: 'this.#run = undefined;',
      },
    ],
  },
  {
    what: 'approve does not compare the digest',
    breaks: ['M3'],
    edits: [{ file: machine, from: '!attempt || !matches(attempt.image, command.sha256)', to: '!attempt' }],
  },
  {
    what: 'the client approves the newest image, not the one on show',
    breaks: ['M3'],
    edits: [
      {
        file: client,
        from: "{ type: 'approve', imageId, sha256 }",
        to: "{ type: 'approve', imageId: this.state.snapshot.attempts[0].image.imageId, sha256: this.state.snapshot.attempts[0].image.sha256 }",
      },
    ],
  },
  {
    what: 'the result of a cancelled generation joins the next one',
    breaks: ['M4'],
    edits: [
      { file: machine, from: 'state.generation.generationId === event.generationId &&', to: '' },
      {
        file: run,
        from: 'return this.#generate(candidate);',
        to: `return this.#generate(candidate).then((late) => {
            if (signal.aborted) this.#listener.generated(candidate, this.#store(late.image, candidate, 'final', 0), late);
            return late;
          });`,
      },
    ],
  },
  {
    what: 'start over keeps the old error',
    breaks: ['M5'],
    edits: [
      {
        file: machine,
        from: 'accept({ ...common, ...fresh }',
        to: 'accept({ ...common, ...fresh, unfinished: state.unfinished }',
      },
    ],
  },
  {
    what: 'a command makes no new revision',
    breaks: ['M6'],
    edits: [{ file: machine, from: 'revision: state.revision + 1, turn', to: 'revision: state.revision, turn' }],
  },
  {
    what: 'the frame of a snapshot outlives its state',
    breaks: ['M6', 'W6', 'W3', 'W1'],
    edits: [
      {
        file: session,
        from: '      this.#snapshotFrame = undefined;\n      this.#audience',
        to: '      this.#audience',
      },
    ],
  },
  {
    what: 'a command that comes again is done again',
    breaks: ['M7'],
    edits: [{ file: session, from: 'if (known) return known;', to: '' }],
  },
  {
    what: 'another command under a known id gets its answer',
    breaks: ['M7'],
    edits: [{ file: 'server/session/answers.ts', from: 'first.digest === digestOf(command)', to: 'true' }],
  },
  {
    what: 'a cancel forgets the prompt',
    breaks: ['M8'],
    edits: [
      {
        file: machine,
        from: 'state.attempts, { generation })',
        to: 'state.attempts)',
      },
    ],
  },
  {
    what: 'an attempt does not know its parent',
    breaks: ['M9'],
    edits: [{ file: attempts, from: '    ...(parent !== undefined && { parent }),\n', to: '' }],
  },
  {
    what: 'a command from another turn is taken',
    breaks: ['M10'],
    edits: [
      {
        file: machine,
        from: "if (command.turn !== undefined && command.turn !== state.turn) return reject('stale');",
        to: '',
      },
    ],
  },
  {
    what: 'a cancel forgets why',
    breaks: ['M8'],
    edits: [{ file: machine, from: '{ ...state.generation, cancelReason: reason }', to: 'state.generation' }],
  },
  {
    what: 'a candidate that failed is not listed',
    breaks: ['M8'],
    edits: [{ file: machine, from: 'failures: inOrder }', to: '}' }],
  },
  {
    what: 'to discard forgets the error',
    breaks: ['discard'],
    edits: [{ file: machine, from: 'attempts, state.unfinished)', to: 'attempts)' }],
  },
  {
    what: 'to discard the last attempt makes no new turn',
    breaks: ['M10'],
    edits: [{ file: machine, from: 'next.stage === state.stage ? next', to: 'true ? next' }],
  },
  {
    what: 'to discard makes no new revision',
    breaks: ['W9', 'M6', 'discard'],
    edits: [{ file: machine, from: 'revision: state.revision + 1, discarded }, att', to: 'discarded }, att' }],
  },
  {
    what: 'a discarded attempt can be approved',
    breaks: ['M3', 'M1', 'W1'],
    edits: [
      {
        file: machine,
        from: 'const attempt = find(state.attempts, command.imageId);',
        to: 'const attempt = find([...state.attempts, ...state.discarded], command.imageId);',
      },
    ],
  },
  {
    what: 'a restored attempt stands last',
    breaks: ['discard'],
    edits: [{ file: attempts, from: '.toSorted((one, other) => one.number - other.number)', to: '' }],
  },
  {
    what: 'a restored attempt stays among the discarded',
    breaks: ['discard', 'R7', 'M1'],
    edits: [{ file: attempts, from: 'discarded.filter((one) => one !== aside)', to: 'discarded' }],
  },
  {
    what: 'the number of a discarded attempt is given again',
    breaks: ['discard'],
    edits: [
      { file: machine, from: 'const number = state.drawn + 1;', to: 'const number = state.attempts.length + 1;' },
    ],
  },
  {
    what: 'discarded attempts are the last to make room',
    breaks: ['discard'],
    edits: [
      {
        file: attempts,
        from: '[...discarded, ...attempts.slice(0, -1)].map',
        to: '[...attempts.slice(0, -1), ...discarded].map',
      },
    ],
  },
  {
    what: 'discarded attempts do not count among those kept',
    breaks: ['R7'],
    edits: [{ file: attempts, from: 'attempts.length + discarded.length - limit', to: 'attempts.length - limit' }],
  },
  {
    what: 'start over keeps the bytes of what was discarded',
    breaks: ['R7', 'discard'],
    edits: [
      {
        file: machine,
        from: 'const imageIds = [...state.discarded, ...state.attempts].map(imageIdOf);\n  const fresh',
        to: 'const imageIds = state.attempts.map(imageIdOf);\n  const fresh',
      },
    ],
  },
  {
    what: 'the client lets go of what was discarded',
    breaks: ['discard'],
    edits: [{ file: 'client/session/received-images.ts', from: '[...discarded, ...attempts].map', to: 'attempts.map' }],
  },
  {
    what: 'the client takes the discarding of two attempts for one click',
    breaks: ['discard'],
    edits: [
      {
        file: 'client/session/commands.ts',
        from: 'if (canonicalJson(pendingContent) === text) return pending;',
        to: 'if (pending.command.type === content.type) return pending;',
      },
    ],
  },
  {
    what: 'who joins late gets no partial',
    breaks: ['W1'],
    edits: [
      {
        file: outbox,
        from: '      this.#progressDue.add(candidate);\n      this.#partialDue.add(candidate);\n',
        to: '      this.#progressDue.add(candidate);\n',
      },
    ],
  },
  {
    what: 'progress overtakes the snapshot that tells of its generation',
    breaks: ['W1'],
    edits: [{ file: outbox, from: 'if (this.#snapshotDue) return false;', to: '' }],
  },
  {
    what: 'who joins is not counted',
    breaks: ['W1'],
    edits: [
      {
        file: 'server/session/subscribers.ts',
        from: 'this.#watchers.add(watcher);\n    this.tell((one) => one.viewersChanged());',
        to: 'this.#watchers.add(watcher);',
      },
    ],
  },
  {
    what: 'the images that a client has are sent again',
    breaks: ['W2'],
    edits: [{ file: outbox, from: 'for (const imageId of subscription.have) this.#known.add(imageId);', to: '' }],
  },
  {
    what: 'a snapshot does not wait for its image',
    breaks: ['W3'],
    edits: [
      {
        file: outbox,
        from: 'return !this.#hasSentSnapshot || this.#missing(source) === undefined;',
        to: 'return true;',
      },
    ],
  },
  {
    what: 'the last byte of an image is lost on the way out',
    breaks: ['W4', 'R8'],
    edits: [
      {
        file: 'server/ws/image-frames.ts',
        from: 'shown.byteOffset, shown.byteLength)',
        to: 'shown.byteOffset, shown.byteLength - 1)',
      },
    ],
  },
  {
    what: 'frames are shared between images',
    breaks: ['W4', 'R11', 'W2', 'W3'],
    edits: [
      {
        file: 'server/ws/image-frames.ts',
        from: 'this.#frames.get(imageId) ??',
        to: '[...this.#frames.values()][0] ??',
      },
    ],
  },
  {
    what: 'a watcher may decide',
    breaks: ['W5'],
    edits: [
      { file: participant, from: "if (role !== 'reviewer') return refuse('not_allowed', { commandId });", to: '' },
    ],
  },
  {
    what: 'any key opens a session',
    breaks: ['W5'],
    edits: [
      {
        file: 'server/session/admission.ts',
        from: 'join.key !== undefined && !sameSecret(join.key, session.key)',
        to: 'false',
      },
    ],
  },
  {
    what: 'an ack overtakes its snapshot',
    breaks: ['W6'],
    edits: [{ file: outbox, from: "this.#control[0]?.type === 'ack' && this.#snapshotIsReady(source)", to: 'false' }],
  },
  {
    what: 'a command without an answer is not sent again',
    breaks: ['W6'],
    edits: [
      {
        file: client,
        from: 'for (const command of this.#commands.state.pending) this.#connection.send(command);',
        to: '',
      },
    ],
  },
  {
    what: 'the client comes back at once after 4429',
    breaks: ['W7'],
    edits: [{ file: line, from: 'this.#reconnectLater(policy.waitMs ?? 0);', to: 'this.#reconnectLater(0);' }],
  },
  {
    what: 'news replace what somebody types',
    breaks: ['W8'],
    edits: [
      { file: draft, from: 'if (this.#hasFocus) this.#withheld = update;', to: 'if (false) this.#withheld = update;' },
    ],
  },
  {
    what: 'a draft changes what a revision says',
    breaks: ['W9', 'M6'],
    edits: [
      {
        file: 'server/session/snapshot.ts',
        from: '...(lastAction && { lastAction }),',
        to: "...(lastAction && draft !== '' && { lastAction: { ...lastAction, by: draft } }),",
      },
    ],
  },
  {
    what: 'a draft makes a revision',
    breaks: ['W9', 'M1'],
    edits: [
      {
        file: session,
        from: '    this.#draft = text;\n    this.#snapshotFrame',
        to: '    this.#draft = text;\n    this.#state = { ...this.#state, revision: this.#state.revision + 1 };\n    this.#snapshotFrame',
      },
    ],
  },
  {
    what: 'a lost client does not try again',
    breaks: ['R1'],
    edits: [
      {
        file: line,
        from: 'this.#environment.setTimer(() => this.#connect(), waitMs)',
        to: 'this.#environment.setTimer(() => {}, waitMs)',
      },
    ],
  },
  {
    what: 'the client believes in a silent line',
    breaks: ['R1', 'W6', 'M6'],
    edits: [{ file: 'client/session/liveness.ts', from: 'if (!this.#environment.isHidden()) this.#die();', to: '' }],
  },
  {
    what: 'who leaves ends the generation',
    breaks: ['R2'],
    edits: [
      {
        file: session,
        from: 'if (!this.#audience.remove(watcher)) return;',
        to: 'if (!this.#audience.remove(watcher)) return;\n      this.#drawing.abort();',
      },
    ],
  },
  {
    what: 'a big message is announced with another length',
    breaks: ['R4'],
    edits: [{ file: 'server/ws/socket-writer.ts', from: 'nextBytes: byteLength }', to: 'nextBytes: byteLength + 1 }' }],
  },
  {
    what: 'nobody notices that a long snapshot has arrived',
    breaks: ['M6', 'W1', 'W6', 'draft'],
    edits: [{ file: 'server/ws/socket-writer.ts', from: '    this.#arrivalAsked = undefined;\n', to: '' }],
  },
  {
    what: 'the server waits for its peers by a clock that may be set',
    breaks: ['R7', 'W6', 'W1', 'M6'],
    edits: [
      {
        file: 'server/ws/socket-writer.ts',
        from: 'clock.monotonic()',
        to: 'clock.now()',
      },
    ],
  },
  {
    what: 'waits between two tries grow to a minute',
    breaks: ['R5'],
    edits: [{ file: line, from: 'LONGEST_WAIT_MS = 10_000', to: 'LONGEST_WAIT_MS = 60_000' }],
  },
  {
    what: 'a stable connection does not reset the waits',
    breaks: ['R5'],
    edits: [{ file: line, from: 'this.#failures = 0;', to: 'undefined' }],
  },
  {
    what: 'dropped images keep their room',
    breaks: ['R7'],
    edits: [{ file: 'server/session/kept-images.ts', from: 'this.#images.get(imageId)?.room.release();', to: '' }],
  },
  {
    what: 'a generation starts without room for its result',
    breaks: ['R7'],
    edits: [{ file: 'server/session/image-memory.ts', from: '() => this.take(bytes)', to: '() => this.take(0)' }],
  },
  {
    what: 'a candidate that has waited is drawn without room',
    breaks: ['R7'],
    edits: [
      {
        file: 'server/session/generation-rooms.ts',
        from: 'const [room] = this.#memory.reserve(this.#bytesEach) ?? [];',
        to: 'const room = this.#memory.take(0);',
      },
    ],
  },
  {
    what: 'room that comes free starts nobody who waits for it',
    breaks: ['R7'],
    edits: [{ file: queue, from: '      this.#willLook = false;\n      this.#startNext();', to: '' }],
  },
  {
    what: 'previews take no room',
    breaks: ['R7'],
    edits: [
      {
        file: run,
        from: 'const [room] = this.#context.memory.reserve(image.bytes.byteLength) ?? [];',
        to: 'const room = this.#context.memory.take(image.bytes.byteLength);',
      },
    ],
  },
  {
    what: 'a failure of the service is nobody’s',
    breaks: ['R8', 'R7'],
    edits: [{ file: run, from: 'this.#listener.failed(candidate, failure);', to: 'throw error;' }],
  },
  {
    what: 'a generation is measured by a clock that may be set',
    breaks: ['R8'],
    edits: [{ file: run, from: 'clock.monotonic()', to: 'clock.now()' }],
  },
  {
    what: 'a tab whose session is gone shows nothing any more',
    breaks: ['R9'],
    edits: [
      {
        file: client,
        from: 'images: this.#images.finals,',
        to: 'images: this.#connection.endReason ? new Map() : this.#images.finals,',
      },
    ],
  },
  {
    what: 'a prompt is not drawn as it was asked for',
    breaks: ['R11'],
    edits: [
      { file: drawing, from: '      prompt,\n      options,\n', to: "      prompt: 'another',\n      options,\n" },
    ],
  },
  {
    what: 'the options of regenerate are lost on the server',
    breaks: ['options'],
    edits: [{ file: machine, from: 'options: command.options ?? source.options', to: 'options: source.options' }],
  },
  {
    what: 'the options of regenerate are lost in the page',
    breaks: ['options'],
    edits: [
      { file: client, from: "type: 'regenerate', ...input }", to: "type: 'regenerate', ...input, options: {} }" },
    ],
  },
  {
    what: 'the options of refine are lost on the server',
    breaks: ['options'],
    edits: [{ file: machine, from: 'options: command.options ?? parent.options', to: 'options: parent.options' }],
  },
  {
    what: 'the options of refine are lost in the page',
    breaks: ['options'],
    edits: [{ file: client, from: 'imageId, feedback, ...(options && { options })', to: 'imageId, feedback' }],
  },
  {
    what: 'options that are not offered are asked for',
    breaks: ['options'],
    edits: [
      {
        file: participant,
        from: "if (problem !== undefined) return refuse('invalid_message', { commandId",
        to: "if (false) return refuse('invalid_message', { commandId",
      },
    ],
  },
  {
    what: 'an image is refined in other words than those that were written',
    breaks: ['R11'],
    edits: [
      {
        file: drawing,
        from: '...(feedback !== undefined && { feedback })',
        to: '...(feedback && { feedback: prompt })',
      },
    ],
  },
  {
    what: 'an image is refined without its bytes',
    breaks: ['M9'],
    edits: [
      {
        file: drawing,
        from: '...(source && { parent: { bytes: source.bytes, mediaType: source.reference.mediaType } }),',
        to: '',
      },
    ],
  },
  {
    what: 'refine starts from the newest image, not the one it names',
    breaks: ['M9'],
    edits: [{ file: machine, from: 'parent: command.imageId,', to: 'parent: newest(state.attempts).image.imageId,' }],
  },
  {
    what: 'the last discarded stands first',
    breaks: ['discard'],
    edits: [
      {
        file: attempts,
        from: '[...discarded, { ...attempt, discarded: { by, connectionId, at } }]',
        to: '[{ ...attempt, discarded: { by, connectionId, at } }, ...discarded]',
      },
    ],
  },
  {
    what: 'the client does not say which images it has',
    breaks: ['W2'],
    edits: [{ file: client, from: 'this.#images.newestIds(this.#received.snapshot, limit)', to: '[]' }],
  },
  {
    what: 'room that is not there is reserved',
    breaks: ['R7'],
    edits: [
      {
        file: 'server/session/image-memory.ts',
        from: 'return this.hasRoom(count * bytes) ? Array.from({ length: count }, () => this.take(bytes)) : undefined;',
        to: 'return Array.from({ length: count }, () => this.take(bytes));',
      },
    ],
  },
  {
    what: 'sessions that somebody looks at make room',
    breaks: ['R7', 'R2'],
    edits: [{ file: sessions, from: '.filter((session) => session.isResting)', to: '' }],
  },
  {
    what: 'sessions make room before the attempts that nobody would miss',
    breaks: ['R7'],
    edits: [{ file: sessions, from: 'session.forget();', to: '' }],
  },
  {
    what: 'approved images are the first to make room',
    breaks: ['R7'],
    edits: [{ file: sessions, from: '[...open, ...approved]', to: '[...approved, ...open]' }],
  },
  {
    what: 'the approved image is forgotten',
    breaks: ['R7', 'M3'],
    edits: [{ file: machine, from: "if (state.stage === 'final') needed.add(state.approved.imageId);", to: '' }],
  },
  {
    what: 'the newest attempt is forgotten',
    breaks: ['R7', 'M1'],
    edits: [
      {
        file: machine,
        from: 'new Set([...inUse, newest(state.attempts)?.image.imageId])',
        to: 'new Set<string | undefined>(inUse)',
      },
    ],
  },
  {
    what: 'who asks is told that there is no room as long as anything is drawn',
    breaks: ['R7'],
    edits: [
      {
        file: 'server/session/generation-queue.ts',
        from: '&& !isFull;',
        to: '&& this.running === 0;',
      },
    ],
  },
  {
    what: 'any number of candidates may wait',
    breaks: ['S4'],
    edits: [
      {
        file: 'server/session/generation-queue.ts',
        from: ' && !isFull;',
        to: ';',
      },
    ],
  },
  {
    what: 'any number of commands is taken',
    breaks: ['S4'],
    edits: [
      {
        file: participant,
        from: "if (!this.#commands.take()) return refuse('rate_limited', { commandId });",
        to: '',
      },
    ],
  },
  {
    what: 'every second command is too much',
    breaks: ['S4'],
    edits: [{ file: participant, from: 'limits.COMMAND_BURST, limits', to: '2, limits' }],
  },
  {
    what: 'a socket is written to however much it holds',
    breaks: ['R3'],
    edits: [{ file: 'server/ws/socket-writer.ts', from: ' && this.#heldBytes <= this.#capBytes', to: '' }],
  },
  {
    what: 'a server that stops ends what runs at once',
    breaks: ['R6'],
    edits: [{ file: drain, from: 'GENERATION_GRACE_MS = 8_000', to: 'GENERATION_GRACE_MS = 0' }],
  },
  {
    what: 'a server that stops takes new work',
    breaks: ['R6'],
    edits: [{ file: drain, from: '  queue.close();\n', to: '' }],
  },
  {
    what: 'who is sent away is not told when to come back',
    breaks: ['R6'],
    edits: [{ file: drain, from: "'restart', Math.round(random() * RECONNECT_SPREAD_MS)", to: "'restart'" }],
  },
  {
    what: 'who is sent away is asked to come back after a minute',
    breaks: ['R6'],
    edits: [{ file: drain, from: 'RECONNECT_SPREAD_MS = 5_000', to: 'RECONNECT_SPREAD_MS = 60_000' }],
  },
  {
    what: 'who is sent away hears no goodbye',
    breaks: ['R6'],
    edits: [
      {
        file: connection,
        from: "this.#outbox.sendLast({ type: 'goodbye', reason,",
        to: "void ({ type: 'goodbye', reason,",
      },
    ],
  },
  {
    what: 'text that was on its way when the line broke is not sent again',
    breaks: ['draft'],
    edits: [{ file: draft, from: 'if (!this.#isStartingOver) this.#sendNow();', to: '' }],
  },
  {
    what: 'text typed before a refused start over is not sent again',
    breaks: ['draft'],
    edits: [{ file: client, from: "if (command?.type === 'start_over') this.#draft.startOverRejected();", to: '' }],
  },
  {
    what: 'an author is not told when their text is set',
    breaks: ['draft'],
    edits: [
      { file: session, from: 'else if (draftId !== undefined) one.draftChanged(text, author.name, draftId);', to: '' },
    ],
  },
  {
    what: 'a snapshot stands for the text of its reader',
    breaks: ['draft'],
    edits: [
      {
        file: outbox,
        from: 'this.#draftDue = undefined; // The snapshot carries it.',
        to: 'this.#draftDue = undefined;\n    this.#echoDue = undefined;',
      },
      {
        file: outbox,
        from: 'this.#sendEcho() ||\n      this.#sendSnapshot(source) ||',
        to: 'this.#sendSnapshot(source) || this.#sendEcho() ||',
      },
    ],
  },
  {
    what: 'the client does not listen to what becomes of its text',
    breaks: ['draft'],
    edits: [{ file: draft, from: 'if (draftId !== this.#inFlightId) return;', to: 'return;' }],
  },
  {
    what: 'what was set before a text of ours takes its place',
    breaks: ['draft'],
    edits: [{ file: draft, from: 'if (this.#inFlightId !== undefined) return;', to: '' }],
  },
];
