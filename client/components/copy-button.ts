/** A button that puts text on the clipboard, and says so. */
import { css, html, LitElement, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { element } from '../element.ts';
import * as icons from '../icons.ts';
import { base } from '../styles/base.ts';
import { controls } from '../styles/controls.ts';
import { button } from './button.ts';

@element('proof-copy')
export class CopyButton extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: inline-block;
      }
    `,
  ];

  @property() accessor text = '';
  @property() accessor label = 'Copy';
  /** For screen readers, where several stand side by side; begins with the label. */
  @property({ attribute: false }) accessor name: string | undefined;
  /** The icon alone, the label for screen readers. */
  @property({ type: Boolean }) accessor bare = false;
  @state() private accessor outcome: 'copied' | 'failed' | undefined;

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('text') && changed.get('text') !== undefined) this.outcome = undefined;
  }

  override render(): TemplateResult {
    return html`${button({
      label: this.outcome === 'copied' ? 'Copied' : this.label,
      icon: this.outcome === 'copied' ? icons.check() : icons.copy(),
      name: this.outcome === 'copied' ? undefined : this.name,
      kind: this.bare ? 'quiet' : 'plain',
      bare: this.bare,
      press: () => void this.#copy(),
    })}
      <span class="unseen" role="status">${this.outcome === 'copied' ? 'Copied to the clipboard.' : ''}</span>
      ${this.outcome === 'failed' ? html`<span class="problem" role="alert">Select the text and copy it.</span>` : ''}`;
  }

  /** Without a secure page there is no clipboard; then the person is told to do it by hand. */
  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.text);
      this.outcome = 'copied';
    } catch {
      this.outcome = 'failed';
    }
  }
}
