/** A button as the whole page has it: while busy or unavailable it keeps its focus and does nothing. */
import { html, nothing, type TemplateResult } from 'lit';

interface ButtonOptions {
  readonly label: string;
  /** For screen readers, where the label alone would not do; begins with the label. */
  readonly name?: string | undefined;
  readonly icon?: TemplateResult;
  readonly kind?: 'plain' | 'primary' | 'approve' | 'quiet';
  /** Shows the icon alone. */
  readonly bare?: boolean;
  readonly wide?: boolean;
  readonly type?: 'button' | 'submit';
  /** Its command is on its way. */
  readonly busy?: boolean;
  /** It can't be used just now. */
  readonly unavailable?: boolean;
  /** A double click is one click: the second half of it was meant for what stood here before. */
  readonly once?: boolean;
  readonly press?: () => void;
}

export function button(options: ButtonOptions): TemplateResult {
  const {
    label,
    name,
    icon,
    kind = 'plain',
    wide = false,
    bare = false,
    type = 'button',
    busy = false,
    unavailable = false,
    once = false,
    press,
  } = options;
  const inert = busy || unavailable;
  const pressed = (event: MouseEvent): void => {
    if (inert || (once && event.detail > 1)) event.preventDefault();
    else press?.();
  };
  return html`<button
    class=${`button ${kind}${wide ? ' wide' : ''}`}
    type=${type}
    aria-label=${name ?? nothing}
    aria-disabled=${inert ? 'true' : nothing}
    aria-busy=${busy ? 'true' : nothing}
    @click=${pressed}
  >
    ${busy ? html`<span class="spinner"></span>` : (icon ?? nothing)}<span class=${bare ? 'unseen' : ''}>${label}</span>
  </button>`;
}
