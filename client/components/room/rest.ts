import type { LitElement } from 'lit';

export class Rest {
  constructor(_host: LitElement) {}
  readonly isOn = false;
}
