/** The keys that do what a control of the room does, where nobody types. */
import type { Attempt } from '../../../shared/model.ts';
import { findAttempt, newestAttempts } from '../../model/attempt-tree.ts';
import type { MessageKey } from '../../model/texts.ts';
import type { Shortcut } from '../ui/button.ts';

/** The effect of a key: it presses a control, goes to another attempt, or opens the list of the keys. */
export type ShortcutAction = Shortcut | 'next' | 'previous' | 'help';

export const shortcutKeys = {
  approve: 'a',
  request_changes: 'r',
  regenerate: 'g',
  compare: 'c',
  next: 'n',
  previous: 'p',
  help: '?',
} as const satisfies Record<ShortcutAction, string>;

type Rows = readonly (readonly [ShortcutAction, MessageKey & `shortcuts.${string}`])[];
/** As the list of the keys shows them. */
export const shortcutLabels: Rows = [
  ['approve', 'shortcuts.approve'],
  ['request_changes', 'shortcuts.request_changes'],
  ['regenerate', 'shortcuts.regenerate'],
  ['compare', 'shortcuts.compare'],
  ['next', 'shortcuts.next'],
  ['previous', 'shortcuts.previous'],
  ['help', 'shortcuts.help'],
];

/** Undefined for keys that are typed into a field or a dialog, or held with a modifier, and for all that something else has used. */
export function shortcutOf(event: KeyboardEvent): ShortcutAction | undefined {
  const { key, ctrlKey, metaKey, altKey, isComposing, defaultPrevented, repeat } = event;
  if (ctrlKey || metaKey || altKey || isComposing || defaultPrevented || repeat) return undefined;
  const isTaken = event
    .composedPath()
    .some((target) => isTypedInto(target) || (target instanceof HTMLDialogElement && target.open));
  if (isTaken) return undefined;
  return shortcutLabels.find(([action]) => shortcutKeys[action] === key.toLowerCase())?.[0];
}

const isTypedInto = (target: EventTarget): boolean =>
  target instanceof HTMLElement &&
  (target.matches('input:not([type=radio], [type=checkbox]), textarea, select') || target.isContentEditable);

/** The control of a shortcut that is in view. */
export const controlOf = (root: ParentNode, shortcut: Shortcut): HTMLElement | undefined =>
  elementsIn(root).find((element) => element.dataset.shortcut === shortcut && element.checkVisibility());

/** When the focused element of a dialog is removed, the focus falls to the page: a key's path then does not show that the dialog is open. */
export const hasOpenDialog = (root: ParentNode): boolean =>
  elementsIn(root).some((element) => element.matches('dialog[open]'));

/** In document order, through all shadow roots. */
const elementsIn = (root: ParentNode): HTMLElement[] =>
  [...root.querySelectorAll<HTMLElement>('*')].flatMap((element) => [
    element,
    ...(element.shadowRoot ? elementsIn(element.shadowRoot) : []),
  ]);

/**
 * The image id of the attempt beside the one in view; undefined at the end. Without one in view, there are several new ones to go to, or
 * a drawing (`isDrawing`), before which the last attempt stands.
 */
export function neighbourOf(
  attempts: readonly Attempt[],
  inView: Attempt | undefined,
  step: 'next' | 'previous',
  isDrawing: boolean,
): string | undefined {
  const at = findAttempt(attempts, inView?.image.imageId);
  if (at) return attempts[attempts.indexOf(at) + (step === 'next' ? 1 : -1)]?.image.imageId;
  const [first] = newestAttempts(attempts);
  if (isDrawing) return step === 'next' ? undefined : attempts.at(-1)?.image.imageId;
  if (!first) return undefined;
  return step === 'next' ? first.image.imageId : attempts[attempts.indexOf(first) - 1]?.image.imageId;
}
