/** Offers to make room in a full session: it names the pictures that would go, and sends the ask again when they have gone. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Attempt } from '../../../shared/model.ts';
import { IntentEvent } from '../../model/intent.ts';
import { type AskIntent, roomNeeded } from '../../model/make-room.ts';
import { attemptNumber, firstWords } from '../../model/sentences.ts';
import type { UnsentInput } from '../../model/unsent-input.ts';
import type { SessionState } from '../../session/session-state.ts';
import { base } from '../ui/base.styles.ts';
import { button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { dialog } from '../ui/dialog.styles.ts';
import { element } from '../ui/element.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import '../viewer/thumbnail.ts';

@element('proof-make-room')
export class MakeRoomDialog extends LocalizedElement {
  static override styles = [
    base,
    controls,
    dialog,
    css`
      ul {
        display: grid;
        gap: 0.25rem;
      }

      label {
        display: grid;
        grid-template-columns: auto auto minmax(0, 1fr);
        gap: 0.75rem;
        align-items: center;
        min-block-size: 44px;
        padding-block: 0.375rem;
        cursor: pointer;
      }

      label > span {
        overflow-wrap: anywhere;
      }

      label .soft {
        display: block;
        font-weight: 400;
      }

      input {
        inline-size: 1.25rem;
        block-size: 1.25rem;
        min-block-size: 0;
        margin: 0;
        accent-color: var(--ink);
      }
    `,
  ];

  @property({ attribute: false }) accessor session!: SessionState;
  @property({ attribute: false }) accessor unsent: UnsentInput = {};
  /** The image id of what this person has open. */
  @property({ attribute: false }) accessor openId: string | undefined;
  @query('dialog') private accessor dialog!: HTMLDialogElement;

  @state() private accessor ask: AskIntent | undefined;
  /** Ids of the images that are to go. */
  @state() private accessor chosen: ReadonlySet<string> = new Set();

  /** @param ask was refused with `attempts_full` */
  show(ask: AskIntent): void {
    this.ask = ask;
    const { count, removable } = this.#room(ask);
    this.chosen = new Set(removable.slice(0, count).map(({ image }) => image.imageId));
    this.dispatchEvent(new IntentEvent({ type: 'want', imageIds: removable.map(({ image }) => image.imageId) }));
    this.dialog.showModal();
  }

  #room(ask: AskIntent) {
    return roomNeeded(this.session, ask, this);
  }

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="title" @close=${this.#closed}>${this.ask ? this.#content(this.ask) : nothing}</dialog>`;
  }

  #content(ask: AskIntent): TemplateResult {
    const { count, removable } = this.#room(ask);
    const limit = this.session.welcome?.limits.ATTEMPTS_PER_SESSION ?? 0;
    const keep = { label: this.t('makeRoom.keep'), press: () => this.dialog.close() };
    if (removable.length < count) {
      return html`<h2 id="title" tabindex="-1" autofocus>${this.t('makeRoom.title')}</h2>
        <p class="soft">${this.t('makeRoom.full', { limit })} ${this.t('makeRoom.impossible')}</p>
        <footer>${button({ ...keep, label: this.t('common.close') })}</footer>`;
    }
    const going = removable.filter(({ image }) => this.chosen.has(image.imageId)).length;
    return html`<h2 id="title" tabindex="-1" autofocus>${this.t('makeRoom.title')}</h2>
      <p class="soft">${this.t('makeRoom.full', { limit })} ${this.t('makeRoom.going', { count })}</p>
      <ul role="list">
        ${repeat(
          removable,
          ({ image }) => image.imageId,
          (attempt) => html`<li>${this.#choice(attempt)}</li>`,
        )}
      </ul>
      <p class="small soft">${this.t('makeRoom.others')}</p>
      <footer>
        ${button(keep)}
        ${button({
          label: this.t('makeRoom.confirm', { count: going }),
          kind: 'primary',
          unavailable: going < count || this.session.connection.status !== 'online',
          press: () => this.#confirm(ask),
        })}
      </footer>`;
  }

  #choice(attempt: Attempt): TemplateResult {
    const { imageId } = attempt.image;
    const changed = ({ target }: Event): void => {
      const others = [...this.chosen].filter((id) => id !== imageId);
      this.chosen = new Set(target instanceof HTMLInputElement && target.checked ? [...others, imageId] : others);
    };
    return html`<label>
      <input type="checkbox" .checked=${this.chosen.has(imageId)} @change=${changed} />
      <proof-thumbnail .image=${attempt.image} .picture=${this.session.images.get(imageId)}></proof-thumbnail>
      <span>
        <strong class="figures">${attemptNumber(this.t, attempt)}</strong>
        <span class="small soft" dir="auto">${firstWords(attempt.feedback ?? attempt.prompt)}</span>
      </span>
    </label>`;
  }

  /** A picture that has gone or has been decided about meanwhile is not asked for. */
  #confirm(ask: AskIntent): void {
    const { removable } = this.#room(ask);
    const imageIds = removable.map(({ image }) => image.imageId).filter((imageId) => this.chosen.has(imageId));
    this.dialog.close();
    this.dispatchEvent(new IntentEvent({ type: 'make_room', imageIds, ask }));
  }

  #closed(): void {
    this.ask = undefined;
  }
}
