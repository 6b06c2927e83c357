/** One session on show: presentational, a state in and intents out. `<proof-room>` gives it both ends. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { element } from '../element.ts';
import { IntentEvent } from '../intent.ts';
import type { SessionState } from '../session-state.ts';
import { showing } from '../showing.ts';
import { base } from '../styles/base.ts';
import { review } from '../styles/review.ts';
import { tokens } from '../styles/tokens.ts';
import { announcement } from '../words.ts';
import type { ConfirmDialog } from './confirm-dialog.ts';
import type { NameDialog } from './name-dialog.ts';
import type { Rail } from './rail.ts';
import type { ShareDialog } from './share-dialog.ts';
import type { TokenForm } from './token-form.ts';
import './confirm-dialog.ts';
import './demo-banner.ts';
import './name-dialog.ts';
import './picture.ts';
import './rail.ts';
import './share-dialog.ts';
import './token-form.ts';
import './top-bar.ts';

@element('proof-review')
export class Review extends LitElement {
  static override styles = [tokens, base, review];

  @property({ attribute: false }) accessor session: SessionState | undefined;
  /** The server that the links to share lead to. */
  @property({ attribute: false }) accessor server: string | URL = location.origin;
  @query('proof-rail') private accessor rail!: Rail | null;
  @query('proof-token') private accessor token!: TokenForm | null;
  @query('proof-share') private accessor share!: ShareDialog;
  @query('proof-name') private accessor name!: NameDialog;
  @query('proof-confirm') private accessor confirm!: ConfirmDialog;

  override willUpdate(): void {
    if (this.session?.snapshot?.stage !== 'user_feedback') this.confirm?.close();
  }

  /** Takes the person to where this moment begins: a field to write in, or a headline. */
  async enter(): Promise<void> {
    await this.updateComplete;
    await this.token?.updateComplete;
    this.token?.focus();
    await this.rail?.enter();
  }

  override render(): TemplateResult | typeof nothing {
    const { session } = this;
    if (!session) return nothing;
    const { welcome } = session;
    return html`<proof-top-bar
        .session=${session}
        @share=${() => this.share.show()}
        @name=${() => this.name.show()}
      ></proof-top-bar>
      ${welcome?.generator.demo ? html`<proof-demo></proof-demo>` : nothing} ${this.#bench(session)}
      <proof-share
        .server=${this.server}
        .sessionId=${session.sessionId}
        .sessionKey=${session.sessionKey}
      ></proof-share>
      <proof-name
        .name=${welcome?.name ?? ''}
        .limit=${session.limits?.NAME_CHARACTERS ?? 40}
        .viewers=${session.viewers}
      ></proof-name>
      <proof-confirm @proof-intent=${() => this.rail?.acted()}></proof-confirm>
      <p class="unseen" role="status">${announcement(session)}</p>`;
  }

  #bench(session: SessionState): TemplateResult {
    const { connection, snapshot } = session;
    if (connection.status === 'token_needed') {
      return html`<div class="bench asking">
        <section class="rail" aria-label="Access"><proof-token ?refused=${connection.refused}></proof-token></section>
      </div>`;
    }
    if (!snapshot && connection.status !== 'closed') {
      return html`<div class="bench asking"><p class="rail waiting soft">Opening the session …</p></div>`;
    }
    const shown = showing(session);
    const isWorking = snapshot?.stage === 'generating' && connection.status !== 'closed';
    return html`<div class=${`bench ${shown.kind === 'nothing' ? 'asking' : 'looking'}`}>
      <section class="mat" aria-label="Picture" ?hidden=${shown.kind === 'nothing'}>
        <proof-picture .showing=${shown} ?working=${isWorking}></proof-picture>
      </section>
      <section class="rail" aria-label="Review">
        <proof-rail .session=${session} @start-over=${this.#startOver}></proof-rail>
      </section>
    </div>`;
  }

  /** An unapproved picture doesn't go unasked. */
  #startOver(): void {
    if (this.session?.snapshot?.stage === 'user_feedback') {
      this.confirm.show();
      return;
    }
    this.rail?.acted();
    this.dispatchEvent(new IntentEvent({ type: 'start_over' }));
  }
}
