/** Somebody wants to look at one of the attempts: for this page alone, whatever the others look at. */
export class OpenEvent extends Event {
  static readonly type = 'proof-open';
  readonly imageId: string;

  constructor(imageId: string) {
    super(OpenEvent.type, { bubbles: true, composed: true });
    this.imageId = imageId;
  }
}
