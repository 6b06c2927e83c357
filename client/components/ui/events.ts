/** What a person does that concerns only their own view of the session. These events stay inside `<proof-room>`. */

/** Shows an attempt in this person's viewer, whatever the others look at. */
export class SelectAttemptEvent extends Event {
  static readonly type = 'proof-select';
  readonly imageId: string;

  constructor(imageId: string) {
    super(SelectAttemptEvent.type, { bubbles: true, composed: true });
    this.imageId = imageId;
  }
}

/** Shows an attempt, and opens the field for the changes to ask for. */
export class RequestChangesEvent extends Event {
  static readonly type = 'proof-request-changes';
  readonly imageId: string;

  constructor(imageId: string) {
    super(RequestChangesEvent.type, { bubbles: true, composed: true });
    this.imageId = imageId;
  }
}

/** The picture for the viewer has been decoded, and is on show. */
export class ShownEvent extends Event {
  static readonly type = 'proof-shown';

  constructor() {
    super(ShownEvent.type, { bubbles: true, composed: true });
  }
}

/** Opens the comparison of two attempts, or the close look at one. */
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

/** An image was downloaded or copied, so that it outlives the session. */
export class ImageSavedEvent extends Event {
  static readonly type = 'proof-saved';
  readonly imageId: string;

  constructor(imageId: string) {
    super(ImageSavedEvent.type, { bubbles: true, composed: true });
    this.imageId = imageId;
  }
}
