/**
 * Deliberate mistakes that the simulator must catch, each with the rules that may catch it. A mistake is described by the structure of
 * the code and not by its text: `find` is a pattern of ast-grep, in which `$A` stands for any node and `$$$A` for any number of nodes
 * (https://ast-grep.github.io/guide/pattern-syntax.html).
 */
import type { Rule } from './rule-checks.ts';

export interface Edit {
  readonly file: string;
  /** The function or method to look in; the whole file when absent. */
  readonly in?: string;
  readonly find: string;
  /** What stands in place of each match, with the pattern's variables; nothing when absent. */
  readonly replace?: string;
}

export interface Mutation {
  readonly mistake: string;
  readonly breaks: readonly [Rule, ...Rule[]];
  readonly edits: readonly [Edit, ...Edit[]];
}

const access = 'server/session/access.ts';
const answers = 'server/session/answers.ts';
const attempts = 'server/session/attempts.ts';
const frames = 'server/ws/image-frames.ts';
const machine = 'server/session/machine.ts';
const memory = 'server/session/image-memory.ts';
const participants = 'server/session/participants.ts';
const places = 'server/session/places.ts';
const latest = 'server/session/latest-document.ts';
const memoryBudgets = 'server/memory/memory-budgets.ts';
const memoryJobs = 'server/memory/memory-job-queue.ts';
const memorySessions = 'server/memory/memory-session-store.ts';
const generation = 'server/session/session-generation.ts';
const sessionAccess = 'server/session/session-access.ts';
const sessionCommands = 'server/session/session-commands.ts';
const sessionDraft = 'server/session/session-draft.ts';
const steps = 'server/session/steps.ts';
const run = 'server/session/generation-run.ts';
const session = 'server/session/session.ts';
const sessionImages = 'server/session/session-images.ts';
const sessionMemory = 'server/session/session-memory.ts';
const sessions = 'server/session/sessions.ts';
const snapshot = 'server/session/snapshot.ts';
const subscribers = 'server/session/subscribers.ts';
const transitions = 'server/session/transition.ts';
const drawing = 'server/session/candidate-drawing.ts';
const decide = 'server/session/decide.ts';
const record = 'server/session/record.ts';
const votes = 'shared/votes.ts';
const connection = 'server/ws/connection.ts';
const outbox = 'server/ws/outbox.ts';
const writer = 'server/ws/socket-writer.ts';
const drain = 'server/drain.ts';
const client = 'client/session/session-client.ts';
const clientCommands = 'client/session/commands.ts';
const clientConnection = 'client/session/session-connection.ts';
const clientDraft = 'client/session/shared-draft.ts';
const clientImages = 'client/session/received-images.ts';
const clientLiveness = 'client/session/liveness.ts';
const clientSocket = 'client/session/reconnecting-socket.ts';

export const mutations: readonly Mutation[] = [
  {
    mistake: 'any command but approve cancels a generation',
    breaks: ['M1', 'discard'],
    edits: [{ file: machine, find: "$C.type === 'cancel' ? $A : $B", replace: "$C.type !== 'approve' ? $A : $B" }],
  },
  {
    mistake: 'a rejected command is not told the last action',
    breaks: ['M2'],
    edits: [{ file: steps, find: '$L && lastAction && { lastAction }', replace: 'false' }],
  },
  {
    mistake: 'a cancelled generation goes on beside the next one',
    breaks: ['R2', 'M2', 'R11', 'R7'],
    edits: [
      { file: generation, in: 'end', find: 'run.abort(isOwn)', replace: 'undefined' },
      { file: generation, in: 'end', find: 'this.#withdraw(jobs, $S)', replace: 'undefined' },
    ],
  },
  {
    mistake: 'approve does not compare the digest',
    breaks: ['M3'],
    edits: [{ file: transitions, find: 'sha256 === undefined || sha256 === $I.sha256', replace: 'true' }],
  },
  {
    mistake: 'the client approves the oldest image, not the one on show',
    breaks: ['M3'],
    edits: [
      {
        file: client,
        find: "this.#command({ type: 'approve', imageId, sha256, $$$N })",
        replace:
          "this.#command({ type: 'approve', imageId: this.state.snapshot.attempts[0].image.imageId, sha256: this.state.snapshot.attempts[0].image.sha256 })",
      },
    ],
  },
  {
    mistake: 'the result of a cancelled generation joins the next one',
    breaks: ['M4'],
    edits: [
      { file: machine, find: '$S.generation.generationId === $E.generationId', replace: 'true' },
      {
        file: generation,
        in: '#publishResult',
        find: 'void this.#session.publish($K, $V);',
        replace: `void this.#session.publish($K, $V);
this.#context.clock.after(300, () => {
  const reservation = this.#context.memory.tryReserve(image.bytes.byteLength);
  const reference = { ...image.reference, imageId: this.#context.newId() };
  const late = { type: 'generated', generationId, candidate, image: reference, ...this.#told(report) };
  const take = () => reservation && this.#take([{ ...image, reference, reservation }], late);
  void this.#context.stores.images.put(this.#context.sessionId, reference.imageId, image.bytes).then(take, take);
});`,
      },
    ],
  },
  {
    mistake: 'a start over keeps the old error',
    breaks: ['M5'],
    edits: [
      {
        file: machine,
        in: 'startOver',
        find: '{ ...common, ...empty }',
        replace: '{ ...common, ...empty, unfinished: state.unfinished }',
      },
    ],
  },
  {
    mistake: 'a command makes no new revision',
    breaks: ['M6'],
    edits: [
      {
        file: machine,
        find: 'return { ...$C, revision: state.revision + 1, turn: $T, lastAction: $L };',
        replace: 'return { ...$C, revision: state.revision, turn: $T, lastAction: $L };',
      },
    ],
  },
  {
    mistake: 'the encoded snapshot outlives its state',
    breaks: ['M6', 'W6', 'W3', 'W1'],
    edits: [{ file: session, in: '#onChanged', find: 'this.#frames.forgetSnapshot()', replace: 'undefined' }],
  },
  {
    mistake: 'a command that is sent again is done again',
    breaks: ['M7'],
    edits: [
      {
        file: sessionCommands,
        in: '#unlessAnswered',
        find: 'before ? { answer: before } : start()',
        replace: 'start()',
      },
      { file: memorySessions, in: 'commit', find: "if (before) return { outcome: 'answered', before };" },
    ],
  },
  {
    mistake: 'another command under a known id gets its answer',
    breaks: ['M7'],
    edits: [{ file: answers, find: '$F.digest === $D', replace: 'true' }],
  },
  {
    mistake: 'a server_busy is remembered as the answer',
    breaks: ['S4', 'M7'],
    edits: [{ file: answers, find: 'if (!answer.accepted && $R) return undefined;' }],
  },
  {
    mistake: 'a cancel forgets the prompt',
    breaks: ['M8'],
    edits: [
      {
        file: machine,
        find: "idle(nextTurn($A, $B, 'cancel'), $C, $D)",
        replace: "idle(nextTurn($A, $B, 'cancel'), $C)",
      },
    ],
  },
  {
    mistake: 'a cancel forgets its reason',
    breaks: ['M8'],
    edits: [{ file: machine, find: '{ ...$G, cancelReason: $R }', replace: '$G' }],
  },
  {
    mistake: 'a failed candidate is not listed',
    breaks: ['M8', 'R13'],
    edits: [{ file: machine, find: '{ ...$G, failures: $F }', replace: '$G' }],
  },
  {
    mistake: 'an attempt does not know its parent',
    breaks: ['M9'],
    edits: [{ file: attempts, find: 'parent !== undefined && { parent }', replace: '{}' }],
  },
  {
    mistake: 'a command from another turn is accepted',
    breaks: ['M10'],
    edits: [{ file: machine, find: "if ($A) return reject('stale');" }],
  },
  {
    mistake: 'a discard forgets the error',
    breaks: ['discard'],
    edits: [{ file: machine, find: 'idle($A, attempts, state.unfinished)', replace: 'idle($A, attempts)' }],
  },
  {
    mistake: 'a discard of the last attempt makes no new turn',
    breaks: ['M10'],
    edits: [{ file: machine, find: '$N.stage === $S.stage ? $N : $X', replace: '$N' }],
  },
  {
    mistake: 'a discard makes no new revision',
    breaks: ['W9', 'M6', 'discard'],
    edits: [
      {
        file: machine,
        find: 'idle({ ...$C, revision: $R, discarded }, $$$A)',
        replace: 'idle({ ...$C, discarded }, $$$A)',
      },
    ],
  },
  {
    mistake: 'a discarded attempt can be approved',
    breaks: ['M3', 'M1', 'W1'],
    edits: [
      {
        file: decide,
        in: 'decide',
        find: 'const attempt = findAttempt(state.attempts, $I);',
        replace: 'const attempt = findAttempt([...state.attempts, ...state.discarded], $I);',
      },
    ],
  },
  {
    mistake: 'a restored attempt stands last',
    breaks: ['discard'],
    edits: [{ file: attempts, find: '$L.toSorted(($A, $B) => $A.number - $B.number)', replace: '$L' }],
  },
  {
    mistake: 'a restored attempt stays among the discarded',
    breaks: ['discard', 'R7', 'M1'],
    edits: [{ file: attempts, in: 'restoreAttempt', find: 'discarded.filter($F)', replace: 'discarded' }],
  },
  {
    mistake: 'the last discarded attempt stands first',
    breaks: ['discard'],
    edits: [{ file: attempts, in: 'discardAttempt', find: '[...discarded, $A]', replace: '[$A, ...discarded]' }],
  },
  {
    mistake: 'the number of a discarded attempt is given again',
    breaks: ['discard'],
    edits: [{ file: machine, find: 'countBefore + 1 + $C', replace: 'state.attempts.length + 1' }],
  },
  {
    mistake: 'discarded attempts do not count towards the limit',
    breaks: ['R7'],
    edits: [{ file: machine, find: 'attempts.length + discarded.length + $C', replace: 'attempts.length + $C' }],
  },
  {
    mistake: 'the candidates of a generation do not count towards the limit of attempts',
    breaks: ['R7'],
    edits: [
      {
        file: machine,
        find: 'attempts.length + discarded.length + generation.candidates',
        replace: 'attempts.length + discarded.length',
      },
    ],
  },
  {
    mistake: 'a session counts as full before it is',
    breaks: ['R13'],
    edits: [{ file: machine, find: '$A > ATTEMPTS_PER_SESSION', replace: '$A > 2' }],
  },
  {
    mistake: 'remove deletes what somebody has decided about',
    breaks: ['R13'],
    edits: [{ file: machine, in: 'remove', find: 'decided.has(imageId) || $L', replace: '$L' }],
  },
  {
    mistake: 'remove deletes what somebody else has open',
    breaks: ['R13'],
    edits: [{ file: machine, in: 'remove', find: '$D || lookedAt.includes(imageId)', replace: '$D' }],
  },
  {
    mistake: 'remove deletes what it can of what it names',
    breaks: ['R13', 'M1'],
    edits: [
      {
        file: machine,
        in: 'remove',
        find: "if (imageIds.some((imageId) => !findAttempt(all, imageId))) return reject('image_not_found');",
      },
    ],
  },
  {
    mistake: 'images of attempts that are gone stay in memory',
    breaks: ['R7'],
    edits: [{ file: sessionImages, in: 'follow', find: 'this.retain($F);' }],
  },
  {
    mistake: 'what somebody has decided about is dropped to free memory',
    breaks: ['R13', 'R7'],
    edits: [
      {
        file: machine,
        in: 'onForget',
        find: 'new Set([...keep, ...decidedImages(state.record), $N])',
        replace: 'new Set([...keep, $N])',
      },
    ],
  },
  {
    mistake: 'what is given up for memory is not put on record',
    breaks: ['R13', 'M8', 'M1', 'R7'],
    edits: [
      {
        file: machine,
        in: 'onForget',
        find: 'recorded(state, $E)',
        replace: '{ ...state, revision: state.revision + 1 }',
      },
    ],
  },
  {
    mistake: 'an approval counts twice',
    breaks: ['M11'],
    edits: [
      {
        file: votes,
        find: 'last.set(decision.participantId, decision)',
        replace: 'last.set(decision.decisionId, decision)',
      },
    ],
  },
  {
    mistake: 'approvals count whoever gave them where several must agree',
    breaks: ['M11'],
    edits: [{ file: votes, find: '(counts || $N)', replace: 'true' }],
  },
  {
    mistake: 'a guest has a vote where several must agree',
    breaks: ['M11'],
    edits: [{ file: access, in: 'admit', find: "role === 'reviewer' && ($A)", replace: "role === 'reviewer'" }],
  },
  {
    mistake: 'the approval of somebody who was turned out counts',
    breaks: ['M11'],
    edits: [
      { file: votes, find: "decision === 'approved' && !revoked", replace: "decision === 'approved'" },
      { file: record, find: 'counts && !isRevoked && { counts }', replace: 'counts && { counts }' },
    ],
  },
  {
    mistake: 'approvals of other images count',
    breaks: ['M11', 'M12'],
    edits: [{ file: votes, find: 'decision.imageId === imageId && $D', replace: 'true' }],
  },
  {
    mistake: 'a withdrawn approval counts',
    breaks: ['M11', 'M12'],
    edits: [{ file: votes, find: '[...last].filter($F)', replace: '[...last]' }],
  },
  {
    mistake: 'an approval that was changed to a request for changes counts',
    breaks: ['M11'],
    edits: [{ file: votes, find: "decision === 'approved' && $C", replace: '$C' }],
  },
  {
    mistake: 'one approval is enough where several are needed',
    breaks: ['M11'],
    edits: [{ file: decide, in: 'decide', find: 'approvals.length >= approvalsNeeded', replace: 'true' }],
  },
  {
    mistake: 'an approval that does not count makes an image final',
    breaks: ['M11'],
    edits: [
      { file: decide, in: 'decide', find: 'isOwnCounted && approvals.length >= $N', replace: 'approvals.length >= $N' },
    ],
  },
  {
    mistake: 'an image stays approved when its approval is withdrawn',
    breaks: ['M11'],
    edits: [{ file: decide, in: 'isUpheld', find: '$A.length >= $N', replace: 'true' }],
  },
  {
    mistake: 'anybody changes how many must agree',
    breaks: ['M11'],
    edits: [
      { file: sessionCommands, in: '#reviewStep', find: "if (given.type === 'require_approvals' && $C) return $R;" },
    ],
  },
  {
    mistake: 'anybody withdraws a decision',
    breaks: ['M12'],
    edits: [{ file: decide, in: 'withdraw', find: "if ($A !== $B) return reject('not_allowed');" }],
  },
  {
    mistake: 'the oldest entry of the record makes way',
    breaks: ['M12'],
    edits: [{ file: transitions, find: '[...state.record, entry]', replace: '[...state.record.slice(-4), entry]' }],
  },
  {
    mistake: 'a decision loses its note',
    breaks: ['M12'],
    edits: [{ file: record, find: 'note !== undefined && { note }', replace: '{}' }],
  },
  {
    mistake: 'the record does not say what an image was made from',
    breaks: ['M12'],
    edits: [{ file: record, find: 'fresh.length > 0 && { attempts: fresh }', replace: '{}' }],
  },
  {
    mistake: 'a full record refuses a withdrawal',
    breaks: ['M12'],
    edits: [
      {
        file: decide,
        in: 'withdraw',
        find: 'if (decision.withdrawn) return accept(state);',
        replace: `if (decision.withdrawn) return accept(state);
if (state.record.length >= 12) return reject('decision_not_found');`,
      },
    ],
  },
  {
    mistake: 'a start over empties the record',
    breaks: ['M12'],
    edits: [
      {
        file: machine,
        in: 'startOver',
        find: '{ ...common, ...empty }',
        replace: '{ ...common, record: [], ...empty }',
      },
    ],
  },
  {
    mistake: 'a request for changes clears the error',
    breaks: ['M8'],
    edits: [
      {
        file: decide,
        in: 'decide',
        find: 'if (!isFinal) return accept(decided);',
        replace: 'if (!isFinal) { const { unfinished: _gone, ...left } = decided; return accept(left); }',
      },
    ],
  },
  {
    mistake: 'a withdrawal that takes up the review makes no new turn',
    breaks: ['M10', 'M6'],
    edits: [{ file: decide, in: 'withdraw', find: '{ ...commonOf(next), turn: $T }', replace: 'commonOf(next)' }],
  },
  {
    mistake: 'who comes back gets no record',
    breaks: ['W10'],
    edits: [
      {
        file: outbox,
        in: 'join',
        find: 'record <= joined.source.record.length ? $A : $B',
        replace: 'joined.source.record.length',
      },
    ],
  },
  {
    mistake: 'a snapshot is sent before the entries that it counts',
    breaks: ['W10'],
    edits: [
      {
        file: outbox,
        find: 'this.#sendOwnDraft() || this.#sendRecord($S) || this.#sendSnapshot($T)',
        replace: 'this.#sendOwnDraft() || this.#sendSnapshot($T) || this.#sendRecord($S)',
      },
    ],
  },
  {
    mistake: 'the client does not say how much of the record it has',
    breaks: ['W10'],
    edits: [{ file: clientConnection, find: 'record > 0 && { record }', replace: '{}' }],
  },
  {
    mistake: 'the client keeps only the last message of the record',
    breaks: ['W10'],
    edits: [
      {
        file: client,
        find: '[...this.#received.record.slice(0, message.from), ...message.entries]',
        replace: '[...message.entries]',
      },
    ],
  },
  {
    mistake: 'nobody is told what others have open',
    breaks: ['W1'],
    edits: [{ file: subscribers, in: 'look', find: 'this.#reportViewers();' }],
  },
  {
    mistake: 'the client does not say again what it has open',
    breaks: ['W1'],
    edits: [{ file: client, in: '#onJoined', find: 'this.#look.joined();' }],
  },
  {
    mistake: 'images of attempts that are gone stay in the store',
    breaks: ['R7'],
    edits: [{ file: sessionImages, in: 'follow', find: 'this.#dropStored(dropped)', replace: 'undefined' }],
  },
  {
    mistake: 'the client drops the images of discarded attempts',
    breaks: ['discard'],
    edits: [{ file: clientImages, find: '[...discarded, ...attempts].map($F)', replace: 'attempts.map($F)' }],
  },
  {
    mistake: 'the client takes two discards for one click',
    breaks: ['discard'],
    edits: [
      {
        file: clientCommands,
        find: 'if ($A === text) return pending;',
        replace: 'if (pending.command.type === content.type) return pending;',
      },
    ],
  },
  {
    mistake: 'another prompt is drawn than was asked for',
    breaks: ['R11'],
    edits: [
      {
        file: generation,
        in: '#requestOf',
        find: 'return { prompt, $$$R };',
        replace: "return { prompt: 'another', $$$R };",
      },
    ],
  },
  {
    mistake: 'the server loses the options of regenerate',
    breaks: ['options'],
    edits: [{ file: machine, find: 'command.options ?? source.options', replace: 'source.options' }],
  },
  {
    mistake: 'the client loses the options of regenerate',
    breaks: ['options'],
    edits: [
      {
        file: client,
        find: "this.#command({ type: 'regenerate', ...$I })",
        replace: "this.#command({ type: 'regenerate', ...$I, options: {} })",
      },
    ],
  },
  {
    mistake: 'the server loses the options of refine',
    breaks: ['options'],
    edits: [{ file: machine, find: 'command.options ?? parent.options', replace: 'parent.options' }],
  },
  {
    mistake: 'the client loses the options of refine',
    breaks: ['options'],
    edits: [
      {
        file: client,
        find: "this.#command({ type: 'refine', imageId, feedback, $$$O })",
        replace: "this.#command({ type: 'refine', imageId, feedback })",
      },
    ],
  },
  {
    mistake: 'options that are not supported are requested',
    breaks: ['options'],
    edits: [{ file: sessions, find: "if ($P !== undefined) return reject('invalid_message', $P);" }],
  },
  {
    mistake: 'an image is refined by another text',
    breaks: ['R11'],
    edits: [
      { file: generation, find: 'feedback !== undefined && { feedback }', replace: 'feedback && { feedback: prompt }' },
    ],
  },
  {
    mistake: 'an image is refined without its bytes',
    breaks: ['M9'],
    edits: [{ file: generation, find: 'source && { parent: $P }', replace: '{}' }],
  },
  {
    mistake: 'refine starts from the newest image, not the one it names',
    breaks: ['M9'],
    edits: [
      {
        file: machine,
        find: 'start($S, $E, $L, { action: $A, prompt: $P, feedback: $F, options: $O, parent: $X })',
        replace:
          "start($S, $E, $L, { action: 'refine', prompt: $P, feedback: $F, options: $O, parent: newestAttempt(state.attempts).image.imageId })",
      },
    ],
  },
  {
    mistake: 'a client that joins late gets no partial',
    breaks: ['W1'],
    edits: [{ file: outbox, in: 'join', find: 'addOnce(this.#partialsDue, $C);' }],
  },
  {
    mistake: 'progress comes before the snapshot of its generation',
    breaks: ['W1'],
    edits: [{ file: outbox, find: 'if (this.#snapshotDue) return false;' }],
  },
  {
    mistake: 'nobody is told that somebody has left',
    breaks: ['W1'],
    edits: [{ file: subscribers, in: '#delete', find: 'this.#reportViewers()', replace: 'undefined' }],
  },
  {
    mistake: 'images that a client has are sent again',
    breaks: ['W2'],
    edits: [{ file: outbox, find: 'for (const imageId of have) $S' }],
  },
  {
    mistake: 'the client does not list the images that it has',
    breaks: ['W2'],
    edits: [{ file: client, find: 'this.#images.newestIds($$$A)', replace: '[]' }],
  },
  {
    mistake: 'a snapshot does not wait for its image',
    breaks: ['W3'],
    edits: [{ file: outbox, find: 'return !this.#hasSentSnapshot || $X;', replace: 'return true;' }],
  },
  {
    mistake: 'the last byte of an image is not sent',
    breaks: ['W4', 'R8'],
    edits: [
      {
        file: frames,
        find: 'Buffer.from($P.buffer, $P.byteOffset, $P.byteLength)',
        replace: 'Buffer.from($P.buffer, $P.byteOffset, $P.byteLength - 1)',
      },
    ],
  },
  {
    mistake: 'one image message is sent for all images',
    breaks: ['W4', 'R11', 'W2', 'W3'],
    edits: [{ file: frames, find: 'this.#frames.get(imageId) ?? $X', replace: '[...this.#frames.values()][0] ?? $X' }],
  },
  {
    mistake: 'a watcher may decide',
    breaks: ['W5'],
    edits: [
      { file: sessionCommands, in: 'execute', find: "if ($C.role !== 'reviewer') return reject('not_allowed');" },
    ],
  },
  {
    mistake: 'any key opens a session',
    breaks: ['W5'],
    edits: [{ file: access, in: 'grant', find: "known?.role === 'reviewer'", replace: 'true' }],
  },
  {
    mistake: 'a link that was closed still lets people in',
    breaks: ['W5'],
    edits: [
      {
        file: access,
        in: '#changeLink',
        find: "type === 'close_link' ? others : $L",
        replace: "type === 'close_link' ? this.links : $L",
      },
    ],
  },
  {
    mistake: 'whoever watches by a link stays when it is replaced',
    breaks: ['W5'],
    edits: [
      {
        file: sessionAccess,
        find: "['revoked', 'invitation_expired', 'link_closed'] as const",
        replace: "['revoked', 'invitation_expired'] as const",
      },
    ],
  },
  {
    mistake: 'any reviewer may change the review link',
    breaks: ['W5'],
    edits: [{ file: access, in: 'decide', find: "$A && command.role === 'watcher'", replace: '$A' }],
  },
  {
    mistake: 'whoever was turned out comes back',
    breaks: ['W11'],
    edits: [{ file: access, in: '#standing', find: "if ($C) return 'revoked';" }],
  },
  {
    mistake: 'whoever was turned out stays',
    breaks: ['W11'],
    edits: [
      {
        file: sessionAccess,
        find: "['revoked', 'invitation_expired', 'link_closed'] as const",
        replace: "['invitation_expired', 'link_closed'] as const",
      },
    ],
  },
  {
    mistake: 'an invitation that has expired lets people in',
    breaks: ['W11'],
    edits: [{ file: access, in: '#standing', find: "$C ? 'invitation_expired' : undefined", replace: 'undefined' }],
  },
  {
    mistake: 'whoever was invited stays when the invitation expires',
    breaks: ['W11'],
    edits: [
      {
        file: sessionAccess,
        find: "['revoked', 'invitation_expired', 'link_closed'] as const",
        replace: "['revoked', 'link_closed'] as const",
      },
    ],
  },
  {
    mistake: 'any reviewer may invite people and turn them out',
    breaks: ['W11'],
    edits: [
      {
        file: access,
        in: 'decide',
        find: '!isOwn && !isCreator(caller)',
        replace: "!isOwn && 'role' in command && command.type !== 'invite' && !isCreator(caller)",
      },
    ],
  },
  {
    mistake: 'every reviewer is told the keys of invitations',
    breaks: ['W11'],
    edits: [{ file: access, in: 'invitationsFor', find: 'if (!isCreator(caller)) return undefined;' }],
  },
  {
    mistake: 'each tab of an invitation is another participant',
    breaks: ['W11', 'participant'],
    edits: [{ file: access, in: 'admit', find: 'invitation?.participant ?? $I', replace: '$I' }],
  },
  {
    mistake: 'an invited person takes another name',
    breaks: ['W11'],
    edits: [{ file: access, in: 'admit', find: 'invited?.participant.name ?? $N', replace: '$N' }],
  },
  {
    mistake: 'the creator is not told that an invitation was used',
    breaks: ['W11'],
    edits: [{ file: access, in: 'admit', find: 'this.#used(invited)', replace: 'this' }],
  },
  {
    mistake: 'the client forgets the invitations when it comes back',
    breaks: ['W11'],
    edits: [{ file: clientConnection, find: 'welcome.invitations ?? []', replace: '[]' }],
  },
  {
    mistake: 'any number of invitations is made',
    breaks: ['S4'],
    edits: [{ file: access, find: "if ($A >= limits.INVITATIONS_PER_SESSION) return reject('invitations_full');" }],
  },
  {
    mistake: 'watchers take the places of reviewers',
    breaks: ['S4'],
    edits: [{ file: places, find: "newcomer.role === 'reviewer' || $W", replace: 'true' }],
  },
  {
    mistake: 'an ack comes before its snapshot',
    breaks: ['W6'],
    edits: [{ file: outbox, find: "this.#control[0]?.type === 'ack' && $X", replace: 'false' }],
  },
  {
    mistake: 'a pending command is not sent again',
    breaks: ['W6'],
    edits: [{ file: client, find: 'for (const command of $P) $S' }],
  },
  {
    mistake: 'a message that can’t be handled gets no answer',
    breaks: ['W6'],
    edits: [{ file: connection, find: "this.#reject(reject('internal_error'), $I);" }],
  },
  {
    mistake: 'the client comes back at once after 4429',
    breaks: ['W7'],
    edits: [{ file: clientSocket, find: '$F(policy.waitMs ?? 0, $CODE)', replace: '$F(0)' }],
  },
  {
    mistake: 'an update replaces what somebody types',
    breaks: ['W8'],
    edits: [{ file: clientDraft, in: '#apply', find: 'this.#hasFocus', replace: 'false' }],
  },
  {
    mistake: 'a draft changes the content of a revision',
    breaks: ['W9', 'M6'],
    edits: [
      {
        file: snapshot,
        find: 'lastAction && { lastAction }',
        replace: "lastAction && draft !== '' && { lastAction: { ...lastAction, by: draft } }",
      },
    ],
  },
  {
    mistake: 'a draft makes a revision',
    breaks: ['W9', 'M1'],
    edits: [
      {
        file: session,
        in: 'setDraft',
        find: 'this.touch();',
        replace: `this.touch();
this.#settle((before) => ({
  answer: { accepted: true, revision: 0 },
  document: { ...before, state: { ...before.state, revision: before.state.revision + 1 } },
}));`,
      },
    ],
  },
  {
    mistake: 'a wrong participant secret is accepted',
    breaks: ['participant'],
    edits: [{ file: participants, find: 'isSameSecret($$$A)', replace: 'true' }],
  },
  {
    mistake: 'the server makes a new participant at each join',
    breaks: ['participant'],
    edits: [
      {
        file: access,
        in: 'admit',
        find: '$X ?? { id: newId(), since }',
        replace: 'invitation?.participant ?? { id: newId(), since }',
      },
    ],
  },
  {
    mistake: 'the client does not say who it is when it comes back',
    breaks: ['participant'],
    edits: [{ file: clientConnection, find: 'participant && { participant }', replace: '{}' }],
  },
  {
    mistake: 'a command is recorded under its connection’s id as participant',
    breaks: ['participant'],
    edits: [
      {
        file: sessionCommands,
        find: 'const act = { by: $B, participantId: $P, $$$R };',
        replace: 'const act = { by: $B, participantId: connectionId, $$$R };',
      },
    ],
  },
  {
    mistake: 'a client that lost its connection does not try again',
    breaks: ['R1'],
    edits: [
      { file: clientSocket, find: '$E.setTimer(() => this.#connect(), $W)', replace: '$E.setTimer(() => {}, $W)' },
    ],
  },
  {
    mistake: 'the client does not notice a silent connection',
    breaks: ['R1', 'W6', 'M6'],
    edits: [{ file: clientLiveness, find: 'if (!$E.isHidden()) $S' }],
  },
  {
    mistake: 'somebody who leaves ends the generation',
    breaks: ['R2', 'R7'],
    edits: [
      {
        file: session,
        in: '#onLeft',
        find: 'this.#listener.left(caller);',
        replace: `this.#listener.left(caller);
this.#generation.run?.abort(true);`,
      },
    ],
  },
  {
    mistake: 'a socket is written to however much it holds',
    breaks: ['R3'],
    edits: [
      { file: writer, in: 'hasCapacity', find: 'this.isBetweenMessages && $X', replace: 'this.isBetweenMessages' },
    ],
  },
  {
    mistake: 'a long message is announced with another length',
    breaks: ['R4'],
    edits: [
      {
        file: writer,
        find: "JSON.stringify({ type: 'heartbeat', nextBytes: $B })",
        replace: "JSON.stringify({ type: 'heartbeat', nextBytes: $B + 1 })",
      },
    ],
  },
  {
    mistake: 'the server does not notice that a long snapshot has arrived',
    breaks: ['M6', 'W1', 'W6', 'draft'],
    edits: [{ file: writer, find: 'this.#confirmingPing = undefined;' }],
  },
  {
    mistake: 'the server measures silence by a clock that may be set',
    breaks: ['R7', 'W6', 'W1', 'M6'],
    edits: [{ file: writer, find: '$C.monotonic()', replace: '$C.now()' }],
  },
  {
    mistake: 'the waits between two tries grow to a minute',
    breaks: ['R5'],
    edits: [{ file: clientSocket, find: 'const LONGEST_WAIT_MS = $N;', replace: 'const LONGEST_WAIT_MS = 60_000;' }],
  },
  {
    mistake: 'a stable connection does not reset the waits',
    breaks: ['R5'],
    edits: [{ file: clientSocket, find: 'this.#failures = 0;' }],
  },
  {
    mistake: 'a failure of the generator is not handled',
    breaks: ['R8', 'R7'],
    edits: [
      {
        file: drawing,
        in: '#attempt',
        find: 'return signal.aborted ? undefined : this.#failureOf(error);',
        replace: 'throw error;',
      },
    ],
  },
  {
    mistake: 'a generation is measured by a clock that may be set',
    breaks: ['R8'],
    edits: [{ file: run, find: '$C.monotonic()', replace: '$C.now()' }],
  },
  {
    mistake: 'a tab whose session is gone shows no image any more',
    breaks: ['R9', 'R1'],
    edits: [
      {
        file: client,
        find: 'this.#images.finals',
        replace: '(this.#connection.endReason ? new Map() : this.#images.finals)',
      },
    ],
  },
  {
    mistake: 'a draining server ends generations at once',
    breaks: ['R6'],
    edits: [{ file: drain, find: 'const GENERATION_GRACE_MS = $N;', replace: 'const GENERATION_GRACE_MS = 0;' }],
  },
  {
    mistake: 'a draining server accepts new generations',
    breaks: ['R6'],
    edits: [
      { file: memoryJobs, find: "this.#isClosed ? 'server' : $R", replace: '$R' },
      { file: memoryJobs, in: '#startNext', find: '!isLeaving', replace: 'true' },
    ],
  },
  {
    mistake: 'a goodbye does not say when to come back',
    breaks: ['R6'],
    edits: [
      {
        file: connection,
        find: "this.#outbox.sendLast({ type: 'goodbye', reason, reconnectInMs });",
        replace: "this.#outbox.sendLast({ type: 'goodbye', reason });",
      },
    ],
  },
  {
    mistake: 'a goodbye asks to come back after up to a minute',
    breaks: ['R6'],
    edits: [{ file: drain, find: 'const RECONNECT_SPREAD_MS = $N;', replace: 'const RECONNECT_SPREAD_MS = 60_000;' }],
  },
  {
    mistake: 'a draining server closes connections without a goodbye',
    breaks: ['R6'],
    edits: [{ file: connection, find: 'this.#outbox.sendLast($M);' }],
  },
  {
    mistake: 'dropped images keep their memory',
    breaks: ['R7'],
    edits: [{ file: sessionImages, in: 'retain', find: 'reservation.release();' }],
  },
  {
    mistake: 'previews keep their memory after their candidate has ended',
    breaks: ['R7'],
    edits: [{ file: run, in: '#dropPartial', find: 'partial?.reservation.release();' }],
  },
  {
    mistake: 'a preview that the next one replaces stays in the store',
    breaks: ['R7'],
    edits: [{ file: run, in: '#share', find: 'this.#dropStored(before);' }],
  },
  {
    mistake: 'previews of a server that has stopped stay in the store',
    breaks: ['R7'],
    edits: [{ file: run, in: '#dropPartial', find: 'isOwn || $D', replace: '$D' }],
  },
  {
    mistake: 'a preview of another server is sent again when it is told of again',
    breaks: ['W2'],
    edits: [{ file: run, in: 'heardPartial', find: 'state?.partial?.reference.imageId === imageId', replace: 'false' }],
  },
  {
    mistake: 'image messages keep their memory after they were sent',
    breaks: ['R7'],
    edits: [{ file: frames, find: 'frame.reservation.release();' }],
  },
  {
    mistake: 'an image that was shown stays when its candidate fails',
    breaks: ['M8'],
    edits: [{ file: machine, in: 'addFailure', find: 'dropAttempts(state, shown)', replace: '{}' }],
  },
  {
    mistake: 'a failed candidate keeps its memory',
    breaks: ['R7'],
    edits: [{ file: drawing, in: '#attempt', find: 'this.#reserved?.$M.release();' }],
  },
  {
    mistake: 'a generation that was aborted while it waited for memory keeps it',
    breaks: ['R7'],
    edits: [
      {
        file: drawing,
        in: '#attempt',
        find: 'this.#reserved?.$M.release();',
        replace: 'if (!signal.aborted) this.#reserved?.$M.release();',
      },
    ],
  },
  {
    mistake: 'an image is drawn without a reservation of its size',
    breaks: ['R7'],
    edits: [{ file: drawing, find: 'reserveImage($B, $S)', replace: 'reserveImage(0, $S)' }],
  },
  {
    mistake: 'a candidate that gets no memory is drawn all the same',
    breaks: ['R7'],
    edits: [
      {
        file: drawing,
        in: '#attempt',
        find: 'this.#reserved = await $R;',
        replace: `this.#reserved = (await $R) ?? {
  reservation: this.#context.memory.tryReserve(0),
  lease: await this.#context.images.reserve(0),
};`,
      },
    ],
  },
  {
    mistake: 'previews take memory that is not free',
    breaks: ['R7'],
    edits: [{ file: run, find: '$M.tryReserveSpare(image.bytes.byteLength)', replace: '$M.tryReserveSpare(0)' }],
  },
  {
    mistake: 'memory that is not free is reserved',
    breaks: ['R7'],
    edits: [{ file: memory, find: 'this.hasFree(bytes) ? $R : undefined', replace: '$R' }],
  },
  {
    mistake: 'idle sessions free no memory for a candidate',
    breaks: ['R7'],
    edits: [{ file: sessions, in: '#couldHave', find: 'return memory.hasFree($X);', replace: 'return false;' }],
  },
  {
    mistake: 'sessions in use are ended to free memory',
    breaks: ['R7', 'R2', 'R13'],
    edits: [
      { file: sessions, in: '#idle', find: 'store.idle(minIdleMs)', replace: '[...this.#sessions.keys()]' },
      { file: sessions, in: '#idle', find: 'session?.isIdle', replace: 'session' },
      { file: sessions, find: "isIdle && state.stage !== 'final'", replace: "state.stage !== 'final'" },
    ],
  },
  {
    mistake: 'sessions are ended before attempts that nobody needs are dropped',
    breaks: ['R7'],
    edits: [{ file: sessions, find: 'await session.memory.forget();' }],
  },
  {
    mistake: 'sessions with an approved image are ended to free memory',
    breaks: ['R13'],
    edits: [{ file: sessions, find: "isIdle && state.stage !== 'final'", replace: 'isIdle' }],
  },
  {
    mistake: 'sessions in use give up attempts',
    breaks: ['R13'],
    edits: [
      { file: session, find: 'this.isIdle || this.isUntouched', replace: 'true' },
      { file: sessions, find: 'session.isUntouched && !session.isIdle', replace: '!session.isIdle' },
    ],
  },
  {
    mistake: 'sessions give up attempts that an open tab shows',
    breaks: ['R13'],
    edits: [{ file: sessionMemory, in: '#forgetEvent', find: 'isFollowed ? $X : []', replace: '[]' }],
  },
  {
    mistake: 'a new command does not keep a session from giving up attempts',
    breaks: ['R13'],
    edits: [{ file: sessionCommands, in: 'execute', find: 'touch();' }],
  },
  {
    mistake: 'the approved image is dropped to free memory',
    breaks: ['R7', 'M3', 'R13'],
    edits: [
      { file: machine, in: 'onForget', find: 'needed.add(approvedIn(state)?.imageId);' },
      {
        file: machine,
        in: 'onForget',
        find: 'new Set([...keep, ...decidedImages(state.record), $N])',
        replace: 'new Set([...keep, $N])',
      },
    ],
  },
  {
    mistake: 'the newest attempt is dropped to free memory',
    breaks: ['R7', 'M1'],
    edits: [{ file: machine, find: 'new Set([...keep, $D, $N])', replace: 'new Set([...keep, $D])' }],
  },
  {
    mistake: 'a session with people in it expires',
    breaks: ['R13'],
    edits: [
      { file: sessions, in: '#expire', find: 'session.isIdle', replace: 'true' },
      { file: memorySessions, in: 'hold', find: 'entry.cancelExpiry();' },
    ],
  },
  {
    mistake: 'a candidate that waits is not started when another one ends',
    breaks: ['R7'],
    edits: [{ file: memoryJobs, in: '#start', find: 'this.#startNext();' }],
  },
  {
    mistake: 'a generation is rejected while anything is drawn',
    breaks: ['S4'],
    edits: [
      {
        file: memoryJobs,
        in: '#shortage',
        find: 'if (all > $X) $R',
        replace: 'if (this.#running.size > 0 || all > $X) $R',
      },
    ],
  },
  {
    mistake: 'any number of candidates may wait',
    breaks: ['S4'],
    edits: [{ file: memoryJobs, in: '#shortage', find: 'if (all > $X) $R' }],
  },
  {
    mistake: 'any number of commands is accepted',
    breaks: ['S4'],
    edits: [{ file: sessions, in: 'execute', find: "if (!$C.take($I)) return reject('rate_limited');" }],
  },
  {
    mistake: 'images are asked for at any rate',
    breaks: ['S9'],
    edits: [{ file: memoryBudgets, in: 'buy', find: 'if (exceeded) return exceeded;' }],
  },
  {
    mistake: 'a command that asks for several images counts once',
    breaks: ['S9'],
    edits: [{ file: memoryBudgets, in: 'buy', find: 'this.#take(buckets, count)', replace: 'this.#take(buckets, 1)' }],
  },
  {
    mistake: 'a burst of three commands is too fast',
    breaks: ['S4'],
    edits: [{ file: sessions, find: 'new RateLimiter(COMMAND_BURST, $P, $C)', replace: 'new RateLimiter(2, $P, $C)' }],
  },
  {
    mistake: 'text in flight when the connection was lost is not sent again',
    breaks: ['draft'],
    edits: [{ file: clientDraft, find: 'if (!this.#isStartingOver) this.#sendNow();' }],
  },
  {
    mistake: 'text typed before a rejected start over is not sent',
    breaks: ['draft'],
    edits: [{ file: client, find: "if (command?.type === 'start_over') this.#draft.startOverRejected();" }],
  },
  {
    mistake: 'an author is not told when the text was set',
    breaks: ['draft'],
    edits: [{ file: sessionDraft, in: 'set', find: 'if (draftId === undefined) return;', replace: 'return;' }],
  },
  {
    mistake: 'a snapshot is sent before the own text of its reader',
    breaks: ['draft'],
    edits: [
      {
        file: outbox,
        in: '#sendSnapshot',
        find: 'this.#draftDue = undefined;',
        replace: `this.#draftDue = undefined;
this.#ownDraftDue = undefined;`,
      },
      {
        file: outbox,
        find: 'this.#sendOwnDraft() || this.#sendRecord($R) || this.#sendSnapshot($S)',
        replace: 'this.#sendRecord($R) || this.#sendSnapshot($S) || this.#sendOwnDraft()',
      },
    ],
  },
  {
    mistake: 'the client ignores that its text was set',
    breaks: ['draft'],
    edits: [{ file: clientDraft, find: 'if (draftId !== $X) return;', replace: 'return;' }],
  },
  {
    mistake: 'a text that was set before the own one replaces it',
    breaks: ['draft'],
    edits: [{ file: clientDraft, find: 'if (this.#inFlightId !== undefined) return;' }],
  },
  {
    mistake: 'a prompt makes no new draft revision',
    breaks: ['draft'],
    edits: [
      { file: machine, in: 'start', find: 'acceptWithDraft(next, draft)', replace: '{ ...accept(next), draft }' },
    ],
  },
  {
    mistake: 'a start over makes no new draft revision',
    breaks: ['draft'],
    edits: [
      {
        file: machine,
        in: 'startOver',
        find: 'acceptWithDraft($S, $D)',
        replace: '{ ...accept($S), draft: $D }',
      },
    ],
  },
  {
    mistake: 'the client takes no notice of draft revisions',
    breaks: ['draft'],
    edits: [{ file: clientDraft, find: 'return $A && draftRevision > $B;', replace: 'return false;' }],
  },
  {
    mistake: 'a server that was slower overwrites what another has decided',
    breaks: ['M2', 'M6', 'M7', 'M1', 'M12', 'W9', 'M10', 'M4'],
    edits: [
      { file: memorySessions, in: 'commit', find: "if (entry.version !== version) return { outcome: 'conflict' };" },
    ],
  },
  {
    mistake: 'a step that has lost to another server counts all the same',
    breaks: ['takeover', 'M2', 'M6', 'M7', 'W9', 'M1', 'W6', 'M10', 'W1'],
    edits: [
      {
        file: latest,
        in: '#commit',
        find: "commit.outcome === 'committed' && !this.#isClosed",
        replace: "(commit.outcome === 'committed' || commit.outcome === 'conflict') && !this.#isClosed",
      },
    ],
  },
  {
    mistake: 'a command that arrives at two servers is done twice',
    breaks: ['M7'],
    edits: [
      {
        file: memorySessions,
        in: 'commit',
        find: "if (before) return { outcome: 'answered', before };",
      },
    ],
  },
  {
    mistake: 'a notice of a change never comes',
    breaks: ['M6'],
    edits: [{ file: session, in: 'connect', find: 'void whileAvailable($F)', replace: 'undefined' }],
  },
  {
    mistake: 'a server does not look for notices that it has missed',
    breaks: ['M6'],
    edits: [{ file: session, in: 'beat', find: 'if (version > this.#latest.version) $S' }],
  },
  {
    mistake: 'a job is begun by two servers',
    breaks: ['takeover', 'S4'],
    edits: [
      {
        file: memoryJobs,
        in: 'add',
        find: 'if (this.#entries.has(name) || this.#withdrawn.has(name)) continue;',
        replace: 'if (this.#withdrawn.has(name)) continue;',
      },
    ],
  },
  {
    mistake: 'a server draws a candidate that it was given after another had ended it',
    breaks: ['takeover', 'M4', 'S9'],
    edits: [
      {
        file: generation,
        in: '#drawJob',
        find: 'if (stores.sharing) await whenAvailable($$$A);',
      },
      { file: memoryJobs, in: 'withdraw', find: 'for (const { abort } of entries) abort.abort();' },
    ],
  },
  {
    mistake: 'the result of a candidate is applied twice',
    breaks: ['M4', 'M5', 'takeover', 'M8', 'R7'],
    edits: [{ file: machine, find: '!state.settled.includes(event.candidate)', replace: 'true' }],
  },
  {
    mistake: 'each server counts the budget of the day for itself',
    breaks: ['S9'],
    edits: [
      {
        file: sessions,
        find: "import { type Amount, Spending } from './spending.ts';",
        replace: `import { type Amount, Spending } from './spending.ts';
import { MemoryBudgets } from '../memory/memory-budgets.ts';`,
      },
      { file: sessions, find: 'new Spending(budgets, $$$A)', replace: 'new Spending(new MemoryBudgets(clock), $$$A)' },
    ],
  },
  {
    mistake: 'a takeover is not paid for',
    breaks: ['S9'],
    edits: [{ file: generation, in: '#drawJob', find: 'const mayTry = await $A;', replace: 'const mayTry = true;' }],
  },
  {
    mistake: 'whoever cancels gives back the money of all candidates',
    breaks: ['S9'],
    edits: [
      {
        file: generation,
        in: '#withdraw',
        find: 'spending.giveBack(spent, unbegun.length)',
        replace: 'spending.giveBack(spent, jobs.length)',
      },
    ],
  },
  {
    mistake: 'a candidate whose server was lost is drawn as often as that happens',
    breaks: ['takeover'],
    edits: [
      { file: generation, in: '#takeOver', find: 'if (takeovers === 1) return false;', replace: 'return false;' },
    ],
  },
  {
    mistake: 'an image is stored before anybody is told of it',
    breaks: ['takeover'],
    edits: [{ file: drawing, in: '#put', find: 'before();' }],
  },
  {
    mistake: 'a takeover draws an image again that was stored',
    breaks: ['takeover'],
    edits: [{ file: generation, in: '#takeOver', find: 'if (result) { $$$A }' }],
  },
  {
    mistake: 'a server that comes back drops the image that another has taken in for it',
    breaks: ['R7', 'M6', 'W3', 'W4'],
    edits: [{ file: sessionImages, in: 'discard', find: '!isKept(imageId)', replace: 'true' }],
  },
  {
    mistake: 'a draft is not told to other servers',
    breaks: ['draft'],
    edits: [{ file: sessionDraft, in: 'hear', find: 'this.#adopt(draft)', replace: 'undefined' }],
  },
  {
    mistake: 'a draft is acknowledged before it is stored',
    breaks: ['draft'],
    edits: [
      {
        file: sessionDraft,
        in: '#share',
        find: 'this.#untold.push(onShared);',
        replace: 'onShared();',
      },
    ],
  },
  {
    mistake: 'of drafts that cross, each server keeps the other’s',
    breaks: ['draft'],
    edits: [
      { file: sessionDraft, in: 'hear', find: 'this.#isSharing', replace: 'false' },
      {
        file: sessionDraft,
        in: 'hear',
        find: 'const isTypedHere = $X;',
        replace: 'const isTypedHere = false;',
      },
    ],
  },
  {
    mistake: 'a server never notices that another has gone silent',
    breaks: ['W1', 'R7', 'R1'],
    edits: [{ file: subscribers, in: 'dropSilent', find: 'until <= now', replace: 'until < 0' }],
  },
  {
    mistake: 'a server does not say again who is there',
    breaks: ['W1', 'R13'],
    edits: [{ file: session, in: 'beat', find: 'if (this.#subscribers.size > 0) $S' }],
  },
  {
    mistake: 'people are let in by links and invitations as a server remembers them',
    breaks: ['W5', 'W10', 'W11', 'R1'],
    edits: [{ file: sessions, in: '#findLatest', find: 'if (this.#context.stores.sharing) $S' }],
  },
  {
    mistake: 'the ack of another server’s answer comes before its snapshot',
    breaks: ['W6'],
    edits: [{ file: latest, in: '#answerAgain', find: 'if (answer.accepted && $A) $S' }],
  },
  {
    mistake: 'a step shows an image that this server does not have',
    breaks: ['W3', 'M6'],
    edits: [{ file: latest, in: 'step', find: 'if (preparing !== undefined) await preparing;' }],
  },
  {
    mistake: 'a server that stops ends the sessions that others have open',
    breaks: ['R9', 'R13', 'R2', 'R1'],
    edits: [{ file: sessions, in: 'closeAll', find: 'this.#context.stores.sharing', replace: 'false' }],
  },
];
