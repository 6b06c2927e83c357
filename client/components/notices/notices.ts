/** What stands above the controls of a stage: how the connection, this person's last click and the last ask ended. */
import { html, type TemplateResult } from 'lit';
import type { SnapshotMessage } from '../../../shared/protocol.ts';
import { attemptsOf } from '../../model/attempt-tree.ts';
import { permissionsOf } from '../../model/permissions.ts';
import type { SessionState } from '../../session/session-state.ts';
import './error-notice.ts';
import './ended-notice.ts';
import './rejection-notice.ts';
import './unfinished-notice.ts';

/** `isAsking`: a picture is asked for, and has no answer yet. */
export function railNotes(session: SessionState, snapshot: SnapshotMessage, isAsking: boolean): TemplateResult {
  const { connection, notice, welcome, draft } = session;
  const { error, image, lastAction, lastGeneration, attempts } = snapshot;
  const { decides, unavailable } = permissionsOf(session);
  const attemptsOfIt = attemptsOf(lastGeneration, attempts).length;
  return html`<div class="notes">
    <proof-farewell .connection=${connection} .prompt=${draft} ?keeps=${image !== undefined}></proof-farewell>
    <proof-notice .notice=${notice} .connectionId=${welcome?.connectionId}></proof-notice>
    <proof-error
      .error=${attemptsOfIt > 0 ? undefined : error}
      ?decides=${decides}
      ?busy=${isAsking}
      ?unavailable=${unavailable}
    ></proof-error>
    <proof-unfinished
      .lastGeneration=${lastGeneration}
      .lastAction=${lastAction}
      .connectionId=${welcome?.connectionId}
      .attemptsOfIt=${attemptsOfIt}
      .error=${error}
      .draft=${draft}
      ?decides=${decides}
      ?busy=${isAsking}
      ?unavailable=${unavailable}
    ></proof-unfinished>
  </div>`;
}
