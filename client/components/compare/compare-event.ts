/** Somebody wants to see two attempts beside each other, or one of them closely: on this page alone. */
export class CompareEvent extends Event {
  static readonly type = 'proof-compare';
  /** The older of the two, or the only one. */
  readonly leftId: string;
  readonly rightId: string | undefined;

  constructor(leftId: string, rightId?: string) {
    super(CompareEvent.type, { bubbles: true, composed: true });
    this.leftId = leftId;
    this.rightId = rightId;
  }
}
