/** A person has saved a picture, or copied it: it is theirs, whatever becomes of the session. */
export class TakenEvent extends Event {
  static readonly type = 'proof-taken';
  readonly imageId: string;

  constructor(imageId: string) {
    super(TakenEvent.type, { bubbles: true, composed: true });
    this.imageId = imageId;
  }
}
