/** The button of all components. While it is busy or unavailable it does nothing, but keeps the focus. */
import { html, nothing, type TemplateResult } from 'lit';

/** A key of the room presses the button that has it (`client/components/room/shortcuts.ts`). */
export type Shortcut = 'approve' | 'request_changes' | 'regenerate' | 'compare';

export interface ButtonOptions {
  readonly label: string;
  /** For screen readers, where the label alone is not clear; begins with the label. */
  readonly name?: string | undefined;
  readonly icon?: TemplateResult;
  readonly kind?: 'plain' | 'primary' | 'approve' | 'quiet';
  /** Shows only the icon; screen readers still read the label. */
  readonly bare?: boolean;
  readonly wide?: boolean;
  readonly type?: 'button' | 'submit';
  /** Its command has no answer yet. */
  readonly busy?: boolean;
  /** It can't be used now. */
  readonly unavailable?: boolean;
  /** Ignores the second click of a double click: after the first, another button may be in its place. */
  readonly once?: boolean;
  readonly shortcut?: Shortcut;
  /** It decides about a picture: a click that began before the picture came into view does not count (rule S10). */
  readonly decides?: boolean;
  /** The picture has just come into view, so that nothing is decided about it for a moment. */
  readonly resting?: boolean;
  /** Whether what it opens is open. */
  readonly expanded?: boolean;
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
    shortcut,
    decides = false,
    resting = false,
    expanded,
    press,
  } = options;
  const inert = busy || unavailable || resting;
  const pressed = (event: MouseEvent): void => {
    if (inert || (once && event.detail > 1)) event.preventDefault();
    else press?.();
  };
  return html`<button
    class=${`button ${kind}${wide ? ' wide' : ''}${resting ? ' resting' : ''}`}
    type=${type}
    aria-label=${name ?? nothing}
    aria-disabled=${inert ? 'true' : nothing}
    aria-busy=${busy ? 'true' : nothing}
    aria-expanded=${expanded === undefined ? nothing : expanded ? 'true' : 'false'}
    ?data-decides=${decides}
    data-shortcut=${shortcut ?? nothing}
    @click=${pressed}
  >
    ${busy ? html`<span class="spinner"></span>` : (icon ?? nothing)}<span class=${bare ? 'unseen' : ''}>${label}</span>
  </button>`;
}
