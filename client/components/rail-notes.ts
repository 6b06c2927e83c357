/** What stands above the controls of a stage: how the connection, this person's last click and the last ask ended. */
import { html, type TemplateResult } from 'lit';
import type { SnapshotMessage } from '../../shared/protocol.ts';
import { attemptsOf } from '../attempt-tree.ts';
import { permissionsOf } from '../permissions.ts';
import type { SessionState } from '../session-state.ts';
import './error-note.ts';
import './farewell-note.ts';
import './notice-note.ts';
import './unfinished-note.ts';

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
