/** The viewer: the picture, or the candidates of one generation, and below it the strip of attempts. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Attempt, DiscardedAttempt } from '../../../shared/model.ts';
import type { SnapshotMessage } from '../../../shared/protocol.ts';
import { attemptInView } from '../../model/attempt-in-view.ts';
import { attemptsOf } from '../../model/attempt-tree.ts';
import { changesRequested } from '../../model/decisions.ts';
import type { ShownPerson } from '../../model/people.ts';
import { permissionsOf } from '../../model/permissions.ts';
import { showLatestLabel } from '../../model/sentences.ts';
import type { Texts } from '../../model/texts.ts';
import type { SingleContent, ViewerContent } from '../../model/viewer-content.ts';
import type { SessionState } from '../../session/session-state.ts';
import { button } from '../ui/button.ts';
import { happened } from './happened.ts';
import './attempt-strip.ts';
import './candidates.ts';
import './picture.ts';

interface ViewerOptions {
  readonly t: Texts;
  readonly session: SessionState;
  readonly people: readonly ShownPerson[];
  readonly content: ViewerContent;
  /** The attempt that this person looks at; absent, the latest is shown. */
  readonly selectedId: string | undefined;
  /** The attempt that they have open, where the session does not keep it any more. */
  readonly held: Attempt | DiscardedAttempt | undefined;
  /** A click of this person did not count, as the picture had just changed. */
  readonly isClickIgnored: boolean;
  /** The person wants a discarded attempt back. */
  readonly restored: (imageId: string) => void;
  /** The person wants to see the latest again. */
  readonly showLatest: () => void;
  /** Another picture has just come into view, and not by an act of this person. */
  readonly resting: boolean;
}

// Constants, so that the elements below don't update when nothing has changed.
const noneDiscarded: readonly DiscardedAttempt[] = [];
const empty: SingleContent = { kind: 'empty' };

/** Its styles are in `viewer.styles.ts`. */
export function viewer(options: ViewerOptions): TemplateResult {
  const { t, session, people, content, selectedId, held } = options;
  const { connection, snapshot } = session;
  const { decides, unavailable } = permissionsOf(session);
  const isDrawing = snapshot?.stage === 'generating' && connection.status !== 'closed';
  return html`<section class="viewer" aria-label=${t('area.picture')} ?hidden=${content.kind === 'empty' && !hasStrip(snapshot)}>
    <div class=${`viewer-content${hasStrip(snapshot) ? ' with-strip' : ''}`}>
      <proof-picture
        ?hidden=${content.kind === 'candidates'}
        .content=${content.kind === 'candidates' ? empty : content}
        ?drawing=${isDrawing && selectedId === undefined && !held}
      ></proof-picture>
      ${
        content.kind === 'candidates'
          ? html`<proof-candidates
            .candidates=${content.candidates}
            .people=${people}
            ?drawing=${isDrawing}
            ?decides=${decides && snapshot?.stage === 'user_feedback'}
            ?cancels=${decides && isDrawing}
            .pending=${session.pending}
            ?unavailable=${unavailable}
            ?resting=${options.resting}
          ></proof-candidates>`
          : nothing
      }
      ${happened(options)} ${snapshot ? strip(snapshot, options) : nothing}
    </div>
  </section>`;
}

function strip(snapshot: SnapshotMessage, options: ViewerOptions): TemplateResult {
  const { t, session, people, selectedId, held, showLatest } = options;
  const { decides, unavailable } = permissionsOf(session);
  const { stage } = snapshot;
  return html`<proof-attempt-strip
    ?hidden=${!hasStrip(snapshot)}
    .attempts=${snapshot.attempts}
    .discarded=${snapshot.discarded ?? noneDiscarded}
    .images=${session.images}
    .people=${people}
    .selectedId=${imageInView(options)}
    .heldId=${held?.image.imageId}
    .approvedId=${stage === 'final' ? snapshot.approved?.imageId : undefined}
    .changesAsked=${changesAsked(snapshot)}
    .participantId=${session.welcome?.participantId}
    .pending=${session.pending}
    ?decides=${decides && (stage === 'user_feedback' || stage === 'initial_input')}
    ?generating=${stage === 'generating'}
    ?unavailable=${unavailable}
    >${showLatestButton(showLatestLabel(t, snapshot, selectedId), showLatest)}</proof-attempt-strip
  >`;
}

/** Ids of the images of which changes are asked for. */
const changesAsked = (snapshot: SnapshotMessage): ReadonlySet<string> =>
  new Set(snapshot.attempts.filter(({ image }) => changesRequested(snapshot, image)).map(({ image }) => image.imageId));

/** Whether there will be more to see than one picture. True from the start of its generation, so that its arrival moves nothing. */
function hasStrip(snapshot: SnapshotMessage | undefined): boolean {
  if (!snapshot) return false;
  const { attempts } = snapshot;
  const generation = snapshot.stage === 'generating' ? snapshot.generation : undefined;
  const coming = generation ? generation.candidates - attemptsOf(generation, attempts).length : 0;
  const hasDiscarded = (snapshot.discarded?.length ?? 0) > 0;
  return hasDiscarded || attempts.length + coming > 1;
}

/** The image id of the attempt in the viewer, whether or not its bytes are here. */
function imageInView({ session, content, selectedId, held }: ViewerOptions): string | undefined {
  if (held) return held.image.imageId;
  if (content.kind === 'placeholder' || content.kind === 'unviewable')
    return attemptInView(session, selectedId)?.image.imageId;
  return 'picture' in content && content.kind !== 'partial' ? content.picture.reference.imageId : undefined;
}

/** Leads from the selected attempt to the latest; nothing where that is the same. */
function showLatestButton(label: string | undefined, press: () => void): TemplateResult | typeof nothing {
  if (label === undefined) return nothing;
  return html`<div class="show-latest">${button({ label, kind: 'quiet', press })}</div>`;
}
