/** The mat: the picture or the pictures that lie on it, and below them the strip of all that is kept. */
import { html, nothing, type TemplateResult } from 'lit';
import type { DiscardedAttempt } from '../../../shared/model.ts';
import type { SnapshotMessage } from '../../../shared/protocol.ts';
import { permissionsOf } from '../../model/permissions.ts';
import { wayBackWords } from '../../model/selected-attempt.ts';
import { attemptLookedAt, type PictureShowing, type Showing } from '../../model/viewer-content.ts';
import type { SessionState } from '../../session/session-state.ts';
import { button } from '../ui/button.ts';
import './attempt-strip.ts';
import './candidates.ts';
import './picture.ts';

interface Mat {
  readonly session: SessionState;
  readonly shown: Showing;
  /** The attempt that this person has opened. */
  readonly openedId: string | undefined;
  /** They want to see what is new again. */
  readonly goBack: () => void;
}

/** One and the same, so that nobody renders anew for it. */
const noneDiscarded: readonly DiscardedAttempt[] = [];
const nothingShown: PictureShowing = { kind: 'nothing' };

export function mat(options: Mat): TemplateResult {
  const { session, shown, openedId } = options;
  const { connection, snapshot } = session;
  const isDrawing = snapshot?.stage === 'generating' && connection.status !== 'closed';
  return html`<section class="mat" aria-label="Picture" ?hidden=${shown.kind === 'nothing' && !hasStrip(snapshot)}>
    <div class=${`table${hasStrip(snapshot) ? ' stripped' : ''}`}>
      <proof-picture
        ?hidden=${shown.kind === 'candidates'}
        .showing=${shown.kind === 'candidates' ? nothingShown : shown}
        ?working=${isDrawing && openedId === undefined}
      ></proof-picture>
      ${shown.kind === 'candidates' ? html`<proof-candidates .candidates=${shown.candidates} ?working=${isDrawing}></proof-candidates>` : nothing}
      ${snapshot ? strip(snapshot, options) : nothing}
    </div>
  </section>`;
}

function strip(snapshot: SnapshotMessage, { session, shown, openedId, goBack }: Mat): TemplateResult {
  const { decides, unavailable } = permissionsOf(session);
  const { stage } = snapshot;
  return html`<proof-attempts
    ?hidden=${!hasStrip(snapshot)}
    .attempts=${snapshot.attempts}
    .discarded=${snapshot.discarded ?? noneDiscarded}
    .images=${session.images}
    .openedId=${onTheMat(session, shown, openedId)}
    .approvedId=${stage === 'final' ? snapshot.approved.imageId : undefined}
    .connectionId=${session.welcome?.connectionId}
    .pending=${session.pending}
    ?decides=${decides && (stage === 'user_feedback' || stage === 'initial_input')}
    ?awaiting=${stage === 'generating'}
    ?unavailable=${unavailable}
    >${wayBack(wayBackWords(snapshot, openedId), goBack)}</proof-attempts
  >`;
}

/** Whether there is more to see than the one picture, or will be: what comes then moves nothing to make room. */
function hasStrip(snapshot: SnapshotMessage | undefined): boolean {
  if (!snapshot) return false;
  const coming = snapshot.stage === 'generating' ? snapshot.generation.candidates : 0;
  return snapshot.attempts.length + coming + 2 * (snapshot.discarded?.length ?? 0) >= 2;
}

/** The attempt that lies there, or will as soon as its bytes are here. */
function onTheMat(session: SessionState, shown: Showing, openedId: string | undefined): string | undefined {
  if (shown.kind === 'blank') return attemptLookedAt(session, openedId)?.image.imageId;
  return 'picture' in shown && shown.kind !== 'partial' ? shown.picture.reference.imageId : undefined;
}

/** From an opened attempt to what is new, where that is not the same. */
function wayBack(label: string | undefined, press: () => void): TemplateResult | typeof nothing {
  return label === undefined ? nothing : html`<div class="back">${button({ label, kind: 'quiet', press })}</div>`;
}
