/** Keeps the keys that people use in the room from the page around, whose shortcuts are not meant by them. */

const typing = [
  ...(['keydown', 'keypress', 'keyup', 'beforeinput', 'input', 'copy', 'cut', 'paste'] as const),
  ...(['compositionstart', 'compositionupdate', 'compositionend'] as const),
];

/**
 * Ends typing events at the room's shadow root, after the room's own listeners. What the browser does by itself goes on. Escape, Tab and
 * keys with a modifier reach the page, unless they are typed into a field or the room has used them.
 */
export function endTypingAt(root: EventTarget): void {
  for (const type of typing) root.addEventListener(type, stopOwn);
}

function stopOwn(event: Event): void {
  if (isOwn(event)) event.stopPropagation();
}

function isOwn(event: Event): boolean {
  const path = event.composedPath();
  const isInField = isField(path[0]);
  if (!(event instanceof KeyboardEvent)) return isInField;
  const isInDialog = path.some((target) => target instanceof HTMLDialogElement && target.open);
  if (event.defaultPrevented || isInDialog) return true;
  if (event.key === 'Escape' || event.key === 'Tab') return false;
  return isInField || !(event.ctrlKey || event.metaKey || event.altKey);
}

const isField = (target: EventTarget | undefined): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
