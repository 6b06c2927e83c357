/** Tells a person whose tab is not in front that it is their turn: a dot in the title and in the icon, and a notification if they want one. */
import type { Notifications } from '../components/room/review.ts';
import { browserStorage } from '../model/browser-storage.ts';
import type { Texts } from '../model/texts.ts';

type Due = 'decision' | 'prompt';

const isInFront = (): boolean => document.visibilityState === 'visible' && document.hasFocus();

export class TurnSignal {
  readonly #onChange: () => void;
  /** Their turn came while the tab was not in front, and they have not come back. */
  #isDue = false;
  #notification: Notification | undefined;

  /** @param onChange called when the title should be set anew */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
    document.addEventListener('visibilitychange', this.#seen);
    window.addEventListener('focus', this.#seen);
  }

  /** The title with a dot where it is their turn. */
  titled(t: Texts, title: string): string {
    return this.#isDue ? t('page.titleTurn', { title }) : title;
  }

  turnChanged(due: Due | undefined, texts: Texts | undefined): void {
    if (due === undefined || isInFront()) return this.#mark(false);
    this.#mark(true);
    if (texts && notificationState() === 'on') this.#notify(texts, due);
  }

  #notify(t: Texts, due: Due): void {
    try {
      // A later turn takes the place of the one before.
      this.#notification = new Notification(t('page.title'), { body: t(`notify.${due}`), tag: location.pathname });
    } catch {
      // Chromium on Android has the constructor, and lets only service workers notify.
      return;
    }
    this.#notification.addEventListener('click', () => window.focus());
  }

  readonly #seen = (): void => {
    if (isInFront()) this.#mark(false);
  };

  #mark(isDue: boolean): void {
    if (!isDue) this.#notification?.close();
    if (isDue === this.#isDue) return;
    this.#isDue = isDue;
    const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    if (icon) icon.href = icon.href.replace(/favicon(-turn)?\.svg$/, isDue ? 'favicon-turn.svg' : 'favicon.svg');
    this.#onChange();
  }
}

/** Undefined where the browser has no notifications, as on a page that is not secure. */
export function notificationState(): Notifications | undefined {
  if (typeof Notification === 'undefined') return undefined;
  if (Notification.permission === 'denied') return 'blocked';
  return Notification.permission === 'granted' && browserStorage.wantsNotifications() ? 'on' : 'off';
}

/** Asks for the browser's permission where it has not been given: to be called for a click of the person. */
export async function chooseNotifications(on: boolean): Promise<Notifications | undefined> {
  if (on && Notification.permission !== 'granted') await Notification.requestPermission();
  browserStorage.saveNotifications(on && Notification.permission === 'granted');
  return notificationState();
}
