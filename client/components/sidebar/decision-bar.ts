/** The decision about the picture in view: approve it, with a note if wanted; ask for changes; or decline, which ends the review. */
import { html, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import type { ImageReference } from '../../../shared/model.ts';
import type { ApprovalStatus } from '../../model/decisions.ts';
import { IntentEvent } from '../../model/intent.ts';
import { approvalSentence, undecidable } from '../../model/sentences.ts';
import { type UnsentInput, withNote } from '../../model/unsent-input.ts';
import { isPending, type PictureProblem, type SessionState } from '../../session/session-state.ts';
import { AskEvent, declineQuestion } from '../room/questions.ts';
import { base } from '../ui/base.styles.ts';
import { type ButtonOptions, button } from '../ui/button.ts';
import { controls } from '../ui/controls.styles.ts';
import { css } from '../ui/css.ts';
import { element } from '../ui/element.ts';
import { SelectAttemptEvent } from '../ui/events.ts';
import * as icons from '../ui/icons.ts';
import { LocalizedElement } from '../ui/localized-element.ts';
import { fieldNotes, isSendKey, keysHint, textForm } from './text-form.ts';

/** The text that is being written: a note on an approval, or the changes to ask for. */
type Mode = 'note' | 'changes';

@element('proof-decision')
export class DecisionBar extends LocalizedElement {
  static override styles = [
    base,
    controls,
    textForm,
    css`
      :host {
        display: grid;
        gap: 0.875rem;
      }

      textarea {
        min-block-size: 4.75rem;
      }

      .others {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 0.25rem 0.5rem;
      }

      .others .button:not(.quiet) {
        flex: 1 1 100%;
      }

      .send {
        justify-content: end;
      }

      .send .button {
        min-inline-size: 0;
        margin: 0;
      }
    `,
  ];

  /** The image to decide about; absent while one of several has to be selected first. */
  @property({ attribute: false }) accessor image: ImageReference | undefined;
  /** Its attempt's number. */
  @property({ attribute: false }) accessor number = 0;
  /** Why this person cannot see it: then they cannot decide about it either. */
  @property({ attribute: false }) accessor problem: PictureProblem | undefined;
  /** Whether this person may download the image. */
  @property({ type: Boolean }) accessor savable = false;
  /** Where several have to agree. */
  @property({ attribute: false }) accessor status: ApprovalStatus | undefined;
  /** Whether this person's approval would count. */
  @property({ attribute: false }) accessor counts: 'yes' | 'not_invited' | 'already' = 'yes';
  @property({ attribute: false }) accessor participantId: string | undefined;
  /** The longest note, in UTF-16 units. */
  @property({ attribute: false }) accessor limit = Number.POSITIVE_INFINITY;
  @property({ attribute: false }) accessor unsent: UnsentInput = {};
  @property({ attribute: false }) accessor pending: SessionState['pending'] = [];
  @property({ type: Boolean }) accessor unavailable = false;
  /** The picture has just come into view, and not by an act of this person. */
  @property({ type: Boolean }) accessor resting = false;

  /** By image id. */
  @state() private accessor modes: ReadonlyMap<string, Mode> = new Map();
  @state() private accessor problemOfNote = '';
  @query('textarea') private accessor field!: HTMLTextAreaElement | null;

  override focus(): void {
    this.renderRoot.querySelector('h2')?.focus();
  }

  /** Opens the field for the changes to ask for, and moves the focus into it. */
  async requestChanges(): Promise<void> {
    await this.#open('changes');
  }

  get #mode(): Mode | undefined {
    return this.image && this.modes.get(this.image.imageId);
  }

  get #text(): string {
    return (this.image && this.unsent.notes?.[this.image.imageId]) ?? '';
  }

  /** A decision has no answer yet. */
  get #busy(): boolean {
    return isPending(this.pending, 'approve') || isPending(this.pending, 'request_changes');
  }

  override render(): TemplateResult {
    const { image, status } = this;
    if (!image) {
      return html`<h2 tabindex="-1">${this.t('decision.which')}</h2>
        <p class="soft">${this.t('decision.whichHint')}</p>`;
    }
    if (this.problem) {
      return html`<h2 tabindex="-1">${this.t('decision.unseen')}</h2>
        <p class="soft">${undecidable(this.t, this.problem, this.savable)}</p>`;
    }
    return html`<h2 tabindex="-1">${this.t(this.counts === 'already' ? 'decision.youApproved' : 'decision.question')}</h2>
      ${status ? html`<p class="figures">${approvalSentence(this.t, status, this.participantId)}</p>` : nothing}
      ${this.counts === 'not_invited' ? html`<p class="soft">${this.t('decision.notCounted')}</p>` : nothing}
      ${this.#mode === 'note' ? this.#noteField() : nothing} ${this.counts === 'already' ? nothing : this.#approveButton()}
      ${this.#mode === 'changes' ? this.#changesForm() : this.#otherDecisions()}`;
  }

  #approveButton(): TemplateResult {
    return button({
      label: this.t('common.approve'),
      icon: icons.check(),
      kind: 'approve',
      wide: true,
      shortcut: 'approve',
      press: () => this.#approve(),
      ...this.#deciding('approve'),
    });
  }

  #deciding(type: 'approve' | 'request_changes'): Partial<ButtonOptions> {
    return {
      decides: true,
      resting: this.resting,
      busy: isPending(this.pending, type),
      unavailable: this.unavailable || this.#busy,
    };
  }

  #otherDecisions(): TemplateResult {
    const { resting, unavailable } = this;
    return html`<div class="others">
      ${button({
        label: this.t('decision.requestChanges'),
        icon: icons.pencil(),
        shortcut: 'request_changes',
        expanded: false,
        decides: true,
        resting,
        unavailable: unavailable || this.#busy,
        press: () => void this.#open('changes'),
      })}
      ${
        this.#mode === 'note' || this.counts === 'already'
          ? nothing
          : button({
              label: this.t('decision.addNote'),
              kind: 'quiet',
              expanded: false,
              press: () => void this.#open('note'),
            })
      }
      ${
        this.counts === 'not_invited'
          ? nothing
          : button({
              label: this.t('decision.decline'),
              kind: 'quiet',
              decides: true,
              resting,
              unavailable: unavailable || this.#busy,
              press: () => this.#decline(),
            })
      }
    </div>`;
  }

  #noteField(): TemplateResult {
    return html`<form novalidate @submit=${(event: Event) => event.preventDefault()}>
      <label for="note">${this.t('decision.note')}</label>
      ${this.#textarea('note', this.t('decision.notePlaceholder'))}
      ${fieldNotes(this.t, { text: this.#text, limit: this.limit, problem: '', tooLong: 'text.tooLong' })}
    </form>`;
  }

  #changesForm(): TemplateResult {
    const send = (event: Event): void => {
      event.preventDefault();
      this.#requestChanges();
    };
    return html`<form novalidate @submit=${send}>
      <label for="changes">${this.t('decision.changes', { number: this.number })}</label>
      ${this.#textarea('changes', this.t('decision.changesPlaceholder'))}
      ${fieldNotes(this.t, { text: this.#text, limit: this.limit, problem: this.problemOfNote, tooLong: 'text.tooLong' })}
      <p id="hint" class="small soft">${this.t('decision.changesHint')} ${keysHint(this.t)}</p>
      <div class="send">
        ${button({ label: this.t('decision.keepOpen'), kind: 'quiet', press: () => this.#close() })}
        ${button({
          label: this.t('decision.requestChanges'),
          icon: icons.pencil(),
          type: 'submit',
          shortcut: 'request_changes',
          ...this.#deciding('request_changes'),
        })}
      </div>
    </form>`;
  }

  #textarea(id: Mode, placeholder: string): TemplateResult {
    return html`<textarea
      id=${id}
      rows="2"
      dir="auto"
      placeholder=${placeholder}
      aria-describedby="problem hint"
      aria-invalid=${this.problemOfNote || this.#text.length > this.limit ? 'true' : nothing}
      .value=${live(this.#text)}
      @input=${this.#typed}
      @keydown=${this.#keyPressed}
    ></textarea>`;
  }

  async #open(mode: Mode): Promise<void> {
    this.#setMode(mode);
    await this.updateComplete;
    this.field?.focus();
  }

  #close(): void {
    this.#setMode(undefined);
    void this.updateComplete.then(() => this.focus());
  }

  #setMode(mode: Mode | undefined): void {
    if (!this.image) return;
    const { imageId } = this.image;
    this.problemOfNote = '';
    this.modes = new Map([...this.modes].filter(([id]) => id !== imageId));
    if (mode) this.modes = new Map([...this.modes, [imageId, mode]]);
  }

  /** Also selects the attempt, so that no newer one takes its place while somebody writes about it. */
  #typed({ target }: Event): void {
    if (!this.image || !(target instanceof HTMLTextAreaElement)) return;
    const { imageId } = this.image;
    this.problemOfNote = '';
    this.dispatchEvent(new IntentEvent({ type: 'unsent', unsent: withNote(this.unsent, imageId, target.value) }));
    this.dispatchEvent(new SelectAttemptEvent(imageId));
  }

  /** Enter sends a request for changes. An approval takes a click: nobody approves by ending a line. */
  #keyPressed(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      event.stopPropagation();
      return this.#close();
    }
    if (this.#mode !== 'changes' || !isSendKey(event)) return;
    event.preventDefault();
    if (!event.repeat) this.#requestChanges();
  }

  #approve(): void {
    const note = this.#mode === 'note' ? this.#text : '';
    if (!this.image || note.length > this.limit) return;
    this.dispatchEvent(new IntentEvent({ type: 'approve', image: this.image, ...(note.trim() !== '' && { note }) }));
  }

  #requestChanges(): void {
    const note = this.#text;
    const isOff = this.resting || this.unavailable || this.#busy;
    if (!this.image || isOff || note.length > this.limit) return;
    if (!note.trim()) {
      this.problemOfNote = this.t('decision.changesEmpty');
      this.field?.focus();
      return;
    }
    this.dispatchEvent(new IntentEvent({ type: 'request_changes', image: this.image, note }));
    this.#close();
  }

  #decline(): void {
    const { image } = this;
    if (image) this.dispatchEvent(new AskEvent(declineQuestion(this.t, image, this.limit)));
  }
}
