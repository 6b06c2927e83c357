/** The people in the session, what they look at, and the name that the others see. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { WelcomeMessage } from '../../../shared/protocol.ts';
import { moment } from '../../model/formats.ts';
import { IntentEvent } from '../../model/intent.ts';
import type { ShownPerson } from '../../model/people.ts';
import type { SessionState } from '../../session/session-state.ts';
import '../ui/avatar.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import type { ConfirmDialog } from './confirm-dialog.ts';
import type { NameEvent, NameForm } from './name-form.ts';
import { turnOutQuestion } from './questions.ts';
import './confirm-dialog.ts';
import './name-form.ts';

@element('proof-people')
export class PeopleDialog extends LocalizedElement {
  static override styles = [
    base,
    controls,
    dialog,
    css`
      ul {
        display: grid;
        gap: 0.75rem;
      }

      li {
        --avatar-size: 2rem;
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: center;
        gap: 0.75rem;
      }

      li p {
        overflow-wrap: anywhere;
      }

      li .button {
        font-size: var(--small);
      }

      proof-name-form,
      .invited {
        padding-block-start: 1rem;
        border-block-start: 1px solid var(--line);
      }
    `,
  ];

  @property({ attribute: false }) accessor session!: SessionState;
  @property({ attribute: false }) accessor people: readonly ShownPerson[] = [];
  /** The person has given no name yet. */
  @property({ type: Boolean }) accessor unnamed = false;
  @query('dialog') private accessor dialog!: HTMLDialogElement;
  @query('proof-confirm') private accessor confirm!: ConfirmDialog;
  @query('proof-name-form') private accessor form!: NameForm | null;
  @query('h2') private accessor heading!: HTMLElement;

  #focusedBefore: Element | null | undefined;

  show(): void {
    this.dialog.showModal();
    this.form?.begin(this.unnamed ? '' : this.#name);
  }

  get #name(): string {
    return this.session.welcome?.name ?? '';
  }

  override willUpdate(): void {
    this.#focusedBefore = this.shadowRoot?.activeElement;
  }

  /** The button that turned somebody out goes with them. */
  override updated(): void {
    if (this.#focusedBefore && !this.#focusedBefore.isConnected) this.heading.focus();
  }

  override render(): TemplateResult {
    const { welcome } = this.session;
    return html`<dialog aria-labelledby="title" closedby="any">
      <header>
        <h2 id="title" tabindex="-1">${this.t('people.title')}</h2>
        ${button({ label: this.t('common.close'), icon: icons.cross(), kind: 'quiet', bare: true, press: () => this.dialog.close() })}
      </header>
      <ul role="list">
        ${repeat(
          this.people,
          ({ participantId }) => participantId,
          (person) => this.#person(person),
        )}
      </ul>
      ${welcome?.invited ? this.#invited(welcome) : this.#nameForm(welcome)}
      </dialog>
      <proof-confirm></proof-confirm>`;
  }

  #nameForm(welcome: SessionState['welcome']): TemplateResult {
    return html`<proof-name-form
      .limit=${welcome?.limits.NAME_CHARACTERS}
      .hint=${this.t(welcome?.role === 'reviewer' ? 'people.nameHint' : 'people.nameHintWatcher')}
      .submit=${this.t('people.save')}
      @named=${this.#named}
    ></proof-name-form>`;
  }

  /** The creator has chosen the name. */
  #invited({ expiresAt }: WelcomeMessage): TemplateResult {
    return html`<p class="invited small soft">
      ${this.t('people.invited')}
      ${expiresAt === undefined ? nothing : this.t('people.invitedUntil', { when: moment(this.t, expiresAt) })}
    </p>`;
  }

  #turnOut(person: ShownPerson): TemplateResult | typeof nothing {
    const { welcome, pending, connection } = this.session;
    const { participantId, name, isYou } = person;
    if (!welcome?.creator || isYou) return nothing;
    return button({
      label: this.t('turnOut.open'),
      name: this.t('turnOut.openFor', { name }),
      kind: 'quiet',
      busy: pending.some(
        (command) => command.type === 'revoke' && 'participantId' in command && command.participantId === participantId,
      ),
      unavailable: connection.status !== 'online',
      press: () => this.confirm.ask(turnOutQuestion(this.t, person)),
    });
  }

  #person(person: ShownPerson): TemplateResult {
    const { name, role, isYou, lookingAt } = person;
    return html`<li>
      <proof-avatar .person=${person}></proof-avatar>
      <div>
        <p><bdi class="person" translate="no">${name}</bdi>${isYou ? html` <span class="soft">${this.t('people.you')}</span>` : nothing}</p>
        <p class="small soft figures">
          ${this.t(`people.role.${role}`)}${lookingAt ? `, ${this.t('people.looksAt', { number: lookingAt.number })}` : nothing}
        </p>
      </div>
      ${this.#turnOut(person)}
    </li>`;
  }

  #named({ name }: NameEvent): void {
    this.dialog.close();
    if (name !== this.#name) this.dispatchEvent(new IntentEvent({ type: 'name', name }));
  }
}
