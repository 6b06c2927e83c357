/** The questions of the confirm dialog. It asks before a person does something that takes pictures or access from others. */
import type { Decision, ImageReference, Role } from '../../../shared/model.ts';
import type { ViewersMessage } from '../../../shared/protocol.ts';
import type { Intent } from '../../model/intent.ts';
import type { ShownInvitation } from '../../model/invitations.ts';
import type { ShownPerson } from '../../model/people.ts';
import type { Texts } from '../../model/texts.ts';

export interface Question {
  readonly title: string;
  /** Says what will happen. */
  readonly text: string;
  /** The label of the button that leaves everything as it is. */
  readonly keep: string;
  readonly confirm: string;
  /** Dispatched when the person confirms. */
  readonly intent: Intent | ((reason: string) => Intent);
  /** The person has to say why, in at most `limit` UTF-16 units. Until they confirm, it is kept as their note on the image. */
  readonly reason?: { readonly label: string; readonly limit: number; readonly imageId: string };
}

/** Has the confirm dialog ask. Stays inside `<proof-room>`. */
export class AskEvent extends Event {
  static readonly type = 'proof-ask';
  readonly question: Question;

  constructor(question: Question) {
    super(AskEvent.type, { bubbles: true, composed: true });
    this.question = question;
  }
}

export function declineQuestion(t: Texts, image: ImageReference, limit: number): Question {
  return {
    title: t('decline.title'),
    text: t('decline.text'),
    keep: t('decline.keep'),
    confirm: t('decline.confirm'),
    reason: { label: t('decline.reason'), limit, imageId: image.imageId },
    intent: (note) => ({ type: 'decline', image, note }),
  };
}

export function withdrawQuestion(t: Texts, { decisionId, decision, number }: Decision): Question {
  return {
    title: t('withdraw.title', { decision, number }),
    text: t('withdraw.text'),
    keep: t('withdraw.keep'),
    confirm: t('decision.withdraw'),
    intent: { type: 'withdraw', decisionId },
  };
}

export interface Loss {
  /** How many pictures a start over would remove. */
  readonly pictures: number;
  /** Whether one of them is approved. */
  readonly approved: boolean;
}

export function startOverQuestion(t: Texts, { pictures: count, approved }: Loss): Question {
  return {
    title: t('startOver.title'),
    text: t(approved ? 'startOver.approved' : 'startOver.notApproved', { count }),
    keep: t('startOver.keep', { count }),
    confirm: t('common.startOver'),
    intent: { type: 'start_over' },
  };
}

/** `watchers`: how many people a watch link has in the session now. */
export function linkQuestion(t: Texts, type: 'close_link' | 'replace_link', role: Role, watchers: number): Question {
  const affected = role === 'reviewer' ? t('link.reviewersStay') : t('link.watchersLeave', { count: watchers });
  return {
    title: t(`link.${role}.${type}.title`),
    text: `${t(`link.${type}.text`)} ${affected}`,
    keep: t('link.keep'),
    confirm: t(`link.${type}.confirm`),
    intent: { type, role },
  };
}

export function revokeQuestion(t: Texts, { keyId, name, isHere }: ShownInvitation): Question {
  return {
    title: t('revoke.title', { name }),
    text: t('revoke.text', { name, here: isHere ? 'yes' : 'no' }),
    keep: t('revoke.keep'),
    confirm: t('revoke.confirm'),
    intent: { type: 'revoke', keyId },
  };
}

export function turnOutQuestion(t: Texts, { participantId, name }: ShownPerson): Question {
  return {
    title: t('turnOut.title', { name }),
    text: t('turnOut.text', { name }),
    keep: t('turnOut.keep'),
    confirm: t('turnOut.confirm'),
    intent: { type: 'revoke', participantId },
  };
}

export function endQuestion(
  t: Texts,
  { reviewers, watchers }: Pick<ViewersMessage, 'reviewers' | 'watchers'>,
): Question {
  return {
    title: t('endSession.title'),
    text: t('endSession.text', { others: Math.max(0, reviewers + watchers - 1) }),
    keep: t('endSession.keep'),
    confirm: t('endSession.confirm'),
    intent: { type: 'end_session' },
  };
}
