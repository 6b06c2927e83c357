/** Decisions rest for a second after the picture in view was replaced by something else than an act of this person (rule S10). */
import type { LitElement, ReactiveController } from 'lit';
import { ShownEvent } from '../ui/events.ts';
import type { Clock } from '../ui/ticker.ts';

const REST_MS = 1_000;
/** How often it looks whether the picture is on show and the second is over. */
const LOOK_MS = 100;

interface Host extends LitElement {
  readonly clock: Clock;
  /** Whether what is in view has been decoded and drawn. */
  readonly isOnShow: boolean;
  /** A click on a control that decides did not count. */
  clickIgnored(): void;
}

/**
 * A click counts only if it began after the rest: a button that was pressed before the swap, and is released after it, was meant for the
 * picture before. Controls that decide are marked with `data-decides`.
 */
export class Rest implements ReactiveController {
  readonly #host: Host;
  #isOn = false;
  /** Since when the picture is on show; undefined until it is. */
  #shownAt: number | undefined;
  /** When the last rest ended. */
  #endedAt = Number.NEGATIVE_INFINITY;
  #stop: (() => void) | undefined;
  /** When the last press of a pointer began, and of the key that is held down. */
  #pointerDownAt: number | undefined;
  #keyDownAt: number | undefined;
  #pressed: HTMLElement | undefined;

  constructor(host: Host) {
    this.#host = host;
    host.addController(this);
    const options = { capture: true };
    host.addEventListener(ShownEvent.type, () => this.#isOn && this.#look());
    host.addEventListener('pointerdown', this.#onPress, options);
    host.addEventListener('keydown', this.#onPress, options);
    // Space clicks after its `keyup`.
    host.addEventListener('keyup', () => setTimeout(this.#onKeyReleased), options);
    host.addEventListener('click', (event) => this.#onClick(event), options);
    host.addEventListener('pointerup', this.#onReleased, options);
  }

  readonly #onPress = (event: Event): void => {
    const now = this.#host.clock.now();
    if (!(event instanceof KeyboardEvent)) {
      this.#pointerDownAt = now;
      this.#pressed = decidingControl(event);
    } else if (!event.repeat) this.#keyDownAt = now;
  };

  /** The control that was pressed is gone, so no click follows. */
  readonly #onReleased = (): void => {
    if (this.#pressed && !this.#pressed.isConnected) this.#host.clickIgnored();
    this.#pressed = undefined;
  };

  readonly #onKeyReleased = (): void => {
    this.#keyDownAt = undefined;
  };

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Something else is in view, which this person has not brought there. */
  begin(): void {
    this.#isOn = true;
    this.#shownAt = undefined;
    this.#stop ??= this.#host.clock.every(LOOK_MS, () => this.#look());
  }

  hostUpdated(): void {
    if (this.#isOn && this.#shownAt === undefined) this.#look();
  }

  hostDisconnected(): void {
    this.#end();
  }

  #look(): void {
    const { clock, isOnShow } = this.#host;
    if (this.#shownAt === undefined) this.#shownAt = isOnShow ? clock.now() : undefined;
    else if (clock.now() - this.#shownAt >= REST_MS) this.#end();
  }

  #end(): void {
    this.#stop?.();
    this.#stop = undefined;
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#endedAt = this.#host.clock.now();
    this.#host.requestUpdate();
  }

  #onClick(event: MouseEvent): void {
    if (!decidingControl(event)) return;
    // Clicks by a key, or by what assists a person, have no count.
    const beganAt = (event.detail > 0 ? this.#pointerDownAt : this.#keyDownAt) ?? this.#host.clock.now();
    if (!this.#isOn && beganAt >= this.#endedAt) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#host.clickIgnored();
  }
}

const decidingControl = (event: Event): HTMLElement | undefined =>
  event
    .composedPath()
    .filter((target) => target instanceof HTMLElement)
    .find(({ dataset }) => 'decides' in dataset);
