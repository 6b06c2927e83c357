/** What a person wants done: the one way in which the components speak to `<proof-room>`. */
import type { ImageReference, Options } from '../../shared/model.ts';
import type { Unsent } from './unsent-input.ts';

export type Intent =
  | { readonly type: 'draft'; readonly text: string }
  /** The prompt field has the focus, or has lost it. */
  | { readonly type: 'draft_focus'; readonly focused: boolean }
  | { readonly type: 'generate'; readonly prompt: string; readonly options: Options }
  | { readonly type: 'regenerate'; readonly imageId: string; readonly prompt: string; readonly options: Options }
  | { readonly type: 'refine'; readonly imageId: string; readonly feedback: string; readonly options: Options }
  /** The generation that failed, once more. */
  | { readonly type: 'retry' }
  | { readonly type: 'approve'; readonly image: ImageReference }
  | { readonly type: 'cancel'; readonly reason?: string }
  | { readonly type: 'discard'; readonly imageId: string }
  | { readonly type: 'restore'; readonly imageId: string }
  | { readonly type: 'start_over' }
  /** The bytes of these images are about to be seen. */
  | { readonly type: 'want'; readonly imageIds: readonly string[] }
  /** What the next picture is to be like: this browser remembers it. */
  | { readonly type: 'options'; readonly options: Options }
  /** Something is typed that is not asked for yet: this tab remembers it. */
  | { readonly type: 'unsent'; readonly unsent: Pick<Unsent, 'feedback' | 'reason'> }
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'new_session'; readonly prompt: string }
  | { readonly type: 'reconnect' };

/** Crosses the shadow roots up to `<proof-room>`, which keeps it from the host page. */
export class IntentEvent extends Event {
  static readonly type = 'proof-intent';
  readonly intent: Intent;

  constructor(intent: Intent) {
    super(IntentEvent.type, { bubbles: true, composed: true });
    this.intent = intent;
  }
}
