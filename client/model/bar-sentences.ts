/** The texts of the bar at the top: the connection, and who is here. */
import type { ViewersMessage } from '../../shared/protocol.ts';
import type { ConnectionState, EndReason } from '../session/session-state.ts';
import type { MessageKey, Texts } from './texts.ts';

/** Whole ones, rounded up. */
export const seconds = (ms: number): number => Math.ceil(Math.max(0, ms) / 1000);

export const viewersLabel = (t: Texts, { reviewers, watchers }: ViewersMessage): string =>
  t('bar.viewers', { reviewers, watchers });

const closedLabels: Partial<Record<EndReason, MessageKey & `connection.${string}`>> = {
  session_gone: 'connection.sessionGone',
  session_ended: 'connection.sessionEnded',
};

export function connectionLabel(t: Texts, connection: ConnectionState): string {
  switch (connection.status) {
    case 'connecting':
      return t('connection.connecting');
    case 'online':
      return t('connection.online');
    case 'reconnecting':
      return t(connection.isServerBusy ? 'connection.serverBusy' : 'connection.reconnecting');
    case 'token_needed':
      return t('connection.tokenNeeded');
    case 'closed':
      return t(closedLabels[connection.reason] ?? 'connection.closed');
    case 'left':
      return t('connection.closed');
  }
}

/** Whole seconds until the next try to connect; undefined while one is under way. */
export function secondsToNextTry(connection: ConnectionState, now: number): number | undefined {
  if (connection.status !== 'reconnecting' || connection.nextTryAt === undefined) return undefined;
  return seconds(connection.nextTryAt - now) || undefined;
}
