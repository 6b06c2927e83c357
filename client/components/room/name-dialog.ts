/** Asks a person for their name before their first decision, which goes on afterwards. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { type DecisionIntent, IntentEvent } from '../../model/intent.ts';
import { isStillDue } from '../../model/permissions.ts';
import type { SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import type { NameEvent, NameForm } from './name-form.ts';
import './name-form.ts';

/** Where the picture has changed meanwhile, only the name is taken: the decision was about another one (rule S10). */
@element('proof-name')
export class NameDialog extends LocalizedElement {
  static override styles = [base, controls, dialog];

  @property({ attribute: false }) accessor session!: SessionState;
  /** The decision that is sent once the person has a name, and the turn in which they made it. */
  @state() private accessor waiting: { readonly decision: DecisionIntent; readonly turn: number } | undefined;
  @state() private accessor isLate = false;
  @query('dialog') private accessor dialog!: HTMLDialogElement;
  @query('proof-name-form') private accessor form!: NameForm;

  ask(decision: DecisionIntent): void {
    const { snapshot } = this.session;
    if (!snapshot) return;
    this.waiting = { decision, turn: snapshot.turn };
    this.isLate = false;
    this.dialog.showModal();
    this.form.begin('');
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('session') || !this.waiting) return;
    const { decision, turn } = this.waiting;
    if (isStillDue(this.session, turn, decision.image)) return;
    this.waiting = undefined;
    this.isLate = true;
  }

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="title" aria-describedby="text" @close=${this.#closed}>
      <h2 id="title">${this.t('name.title')}</h2>
      <p id="text" class="soft">${this.t('name.text')}</p>
      <div role="alert">${this.isLate ? html`<p class="problem">${this.t('name.tooLate')}</p>` : nothing}</div>
      <proof-name-form
        required
        .limit=${this.session?.welcome?.limits.NAME_CHARACTERS}
        .hint=${this.t('name.remembered')}
        .submit=${this.t(this.isLate ? 'people.save' : 'name.goOn')}
        @named=${this.#named}
        >${button({ label: this.t('common.cancel'), press: () => this.dialog.close() })}</proof-name-form
      >
    </dialog>`;
  }

  /** The decision comes after the name, so that it goes on record under it. */
  #named({ name }: NameEvent): void {
    const { waiting } = this;
    this.dialog.close();
    this.dispatchEvent(new IntentEvent({ type: 'name', name }));
    if (waiting) this.dispatchEvent(new IntentEvent(waiting.decision));
  }

  #closed(): void {
    this.waiting = undefined;
  }
}
