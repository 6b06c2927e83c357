/** What people are asked before they take something from others. */
import type { Role } from '../../../shared/model.ts';
import type { ViewersMessage } from '../../../shared/protocol.ts';
import type { Intent } from '../../model/intent.ts';
import { plural } from '../../model/sentences.ts';

export interface Question {
  readonly title: string;
  /** What follows. */
  readonly text: string;
  /** The label of the button that leaves everything as it is. */
  readonly keep: string;
  readonly confirm: string;
  /** What is to be done. */
  readonly intent: Intent;
}

export interface Loss {
  /** How many pictures a start over would remove. */
  readonly pictures: number;
  /** Whether one of them is approved. */
  readonly approved: boolean;
}

export function startOverQuestion(loss: Loss): Question {
  return {
    title: 'Start over?',
    text: lossSentence(loss),
    keep: loss.pictures > 1 ? 'Keep the pictures' : 'Keep the picture',
    confirm: 'Start over',
    intent: { type: 'start_over' },
  };
}

function lossSentence({ pictures, approved }: Loss): string {
  if (approved && pictures > 1) {
    return `One of these ${pictures} pictures is approved. Starting over takes all of them from everybody in this session: save first what is still needed.`;
  }
  if (approved) {
    return 'The picture is approved. Starting over takes it from everybody in this session: save it first where it is still needed.';
  }
  return pictures > 1
    ? `None of these ${pictures} pictures is approved. Starting over removes all of them and the prompt, for everybody in this session.`
    : "This picture isn't approved. Starting over removes it and the prompt, for everybody in this session.";
}

/** `watchers`: how many people a watch link has in the session now. */
export function linkQuestion(type: 'close_link' | 'replace_link', role: Role, watchers: number): Question {
  const link = role === 'reviewer' ? 'review link' : 'watch link';
  const isClosing = type === 'close_link';
  return {
    title: isClosing ? `Close the ${link}?` : `Replace the ${link}?`,
    text: `${isClosing ? 'It' : 'You get a new link, and this one'} stops working for good. ${affected(role, watchers)}`,
    keep: 'Keep the link',
    confirm: isClosing ? 'Close link' : 'Replace link',
    intent: { type, role },
  };
}

function affected(role: Role, watchers: number): string {
  if (role === 'reviewer') return 'Reviewers who are in the session stay in it.';
  return watchers > 0
    ? `${watchers === 1 ? 'The one person who watches now leaves' : `The ${watchers} people who watch now leave`} the session.`
    : 'Nobody watches at the moment.';
}

export function endQuestion({ reviewers, watchers }: Pick<ViewersMessage, 'reviewers' | 'watchers'>): Question {
  const others = reviewers + watchers - 1;
  const who = others > 0 ? `You and ${plural(others, 'other')} leave it` : 'You leave it';
  return {
    title: 'End the session for everybody?',
    text: `${who}, what is being drawn stops, and the pictures are gone from the server. Save first what is still needed: this can't be undone.`,
    keep: 'Keep the session',
    confirm: 'End the session',
    intent: { type: 'end_session' },
  };
}
