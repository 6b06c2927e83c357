/** Somebody wants to see two attempts beside each other: on this page alone. */
export class CompareEvent extends Event {
  static readonly type = 'proof-compare';
  /** The older of the two. */
  readonly leftId: string;
  readonly rightId: string;

  constructor(leftId: string, rightId: string) {
    super(CompareEvent.type, { bubbles: true, composed: true });
    this.leftId = leftId;
    this.rightId = rightId;
  }
}
