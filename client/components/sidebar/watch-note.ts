/** Tells a watcher what they are, and what to wait for. */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Stage } from '../../../shared/model.ts';
import { base } from '../ui/base.styles.ts';
import { element } from '../ui/element.ts';
import * as icons from '../ui/icons.ts';

const waitsFor = {
  initial_input: 'Nobody has asked for a picture yet. It will show here by itself.',
  generating: 'The picture shows here while it is drawn.',
  user_feedback: 'The reviewers are deciding on this picture.',
  final: 'The reviewers have approved this picture.',
} as const satisfies Record<Stage, string>;

@element('proof-watch')
export class WatchNote extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 0.375rem;
      }

      h2 {
        display: flex;
        align-items: center;
        gap: 0.5rem;
      }
    `,
  ];

  @property() accessor stage: Stage = 'initial_input';

  override focus(): void {
    this.renderRoot.querySelector('h2')?.focus();
  }

  override render(): TemplateResult {
    return html`<h2 tabindex="-1">${icons.eye()}You are watching</h2>
      <p class="soft">${waitsFor[this.stage]} To decide with them, ask for the review link.</p>`;
  }
}
