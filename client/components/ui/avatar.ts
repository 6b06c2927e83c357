/** The initials of a person in their colour. Decoration: their name stands beside it, or in the description of what it stands on. */
import { html, LitElement, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { ShownPerson } from '../../model/people.ts';
import { base } from './base.styles.ts';
import { css } from './css.ts';
import { element } from './element.ts';

@element('proof-avatar')
export class Avatar extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        /* One of these is taken by \`data-colour\`. White or near-black stands on each with a contrast of 4.5 or more. */
        --fill: light-dark(#475569, #cbd5e1);
        display: inline-grid;
        flex: none;
        place-content: center;
        inline-size: var(--avatar-size, 1.375rem);
        block-size: var(--avatar-size, 1.375rem);
        border-radius: 50%;
        background: var(--fill);
        box-shadow: 0 0 0 2px var(--avatar-ring, var(--surface));
        color: light-dark(#ffffff, #161617);
        font-size: calc(0.44 * var(--avatar-size, 1.375rem));
        font-weight: 640;
        letter-spacing: 0;
        line-height: 1;
        white-space: nowrap;
      }

      /* No text of the page: what it stands on has a label of its own, which the letters are no part of. */
      span::before {
        content: attr(data-initials);
      }

      :host([data-colour='1']) {
        --fill: light-dark(#1d4ed8, #93c5fd);
      }

      :host([data-colour='2']) {
        --fill: light-dark(#9a3412, #fdba74);
      }

      :host([data-colour='3']) {
        --fill: light-dark(#7e22ce, #d8b4fe);
      }

      :host([data-colour='4']) {
        --fill: light-dark(#0f766e, #5eead4);
      }

      :host([data-colour='5']) {
        --fill: light-dark(#be123c, #fda4af);
      }

      :host([data-colour='6']) {
        --fill: light-dark(#4d5d0f, #d3e27a);
      }

      :host([data-colour='7']) {
        --fill: light-dark(#0e6584, #7dd3fc);
      }

      :host([data-colour='8']) {
        --fill: light-dark(#854d0e, #fcd34d);
      }

      :host([data-colour='9']) {
        --fill: light-dark(#a21caf, #f0abfc);
      }

      @media (forced-colors: active) {
        :host {
          border: 1px solid CanvasText;
        }
      }
    `,
  ];

  @property({ attribute: false }) accessor person!: Pick<ShownPerson, 'initials' | 'colour' | 'name'>;

  override updated(): void {
    this.dataset.colour = String(this.person.colour);
  }

  override render(): TemplateResult {
    const { initials, name } = this.person;
    return html`<span aria-hidden="true" title=${name} data-initials=${initials}></span>`;
  }
}

/** The first of them, and how many there are besides. */
export function avatars(people: readonly ShownPerson[], most = 3): TemplateResult {
  const shown = people.length > most ? people.slice(0, most - 1) : people;
  const more = people.length - shown.length;
  return html`${shown.map((person) => html`<proof-avatar .person=${person}></proof-avatar>`)}${
    more > 0 ? html`<proof-avatar .person=${{ initials: `+${more}`, colour: 0, name: '' }}></proof-avatar>` : ''
  }`;
}
