/** What was discarded last, by whom, and the way back. Its place for the words stays, so that they are read out when they come. */
import { html, nothing, type TemplateResult } from 'lit';
import type { DiscardedAttempt } from '../../../shared/model.ts';
import { attemptNumber } from '../../model/attempt-label.ts';
import { button } from '../ui/button.ts';
import * as icons from '../ui/icons.ts';

interface UndoLineOptions {
  readonly attempt: DiscardedAttempt | undefined;
  readonly discarded: readonly DiscardedAttempt[];
  /** This person's own connection. */
  readonly connectionId: string | undefined;
  readonly decides: boolean;
  readonly busy: boolean;
  readonly unavailable: boolean;
  readonly undo: () => void;
}

export function undoLine(options: UndoLineOptions): TemplateResult {
  const { attempt, decides, busy, unavailable, undo } = options;
  const imageId = attempt?.image.imageId ?? nothing;
  return html`<div class=${attempt ? 'undo' : 'undo unseen'} data-image-id=${imageId}>
    <p role="status" dir="auto">${attempt ? sentence(attempt, options) : nothing}</p>
    ${attempt && decides ? button({ label: 'Undo', icon: icons.undo(), once: true, busy, unavailable, press: undo }) : nothing}
  </div>`;
}

function sentence(attempt: DiscardedAttempt, { discarded, connectionId }: UndoLineOptions): TemplateResult {
  const number = attemptNumber(attempt, discarded);
  const { by, connectionId: theirs } = attempt.discarded;
  return theirs === connectionId ? html`${number} was discarded.` : html`${number} was discarded by <bdi>${by}</bdi>.`;
}
