import { describe, expect, test } from 'vitest';
import { closeCodes, closePolicy } from '../../shared/close-codes.ts';
import { GenerationErrorCode } from '../../shared/model.ts';
import { RejectCode } from '../../shared/protocol.ts';

describe('tables', () => {
  test('W7 the close codes', () => {
    const told = Object.entries(closeCodes).map(([code, { meaning, reconnect }]) => [Number(code), meaning, reconnect]);
    expect(told).toEqual([
      [1001, 'going away', false],
      [1008, 'misuse of the protocol', false],
      [1009, 'message too big', false],
      [1012, 'server restarts', true],
      [4403, 'not allowed', false],
      [4404, 'session gone', false],
      [4408, 'join deadline or silence', true],
      [4429, 'limited', true],
    ]);
    expect(closeCodes[4429].waitMs).toBe(60_000);
  });

  test('W7 a line that is lost, or a code that nobody knows, means coming back', () => {
    for (const code of [1000, 1005, 1006, 1011, 4999]) expect(closePolicy(code).reconnect).toBe(true);
    expect(closePolicy(4404)).toBe(closeCodes[4404]);
  });

  test('the reject codes stand in the order in which they are checked', () => {
    expect(RejectCode.options).toEqual([
      'invalid_message',
      'not_joined',
      'session_not_found',
      'rate_limited',
      'not_allowed',
      'prompt_empty',
      'prompt_too_long',
      'stale',
      'wrong_stage',
      'image_not_found',
      'server_busy',
    ]);
  });

  test('the error codes of a generation', () => {
    expect([...GenerationErrorCode.options].toSorted()).toEqual(
      [
        'moderation_blocked',
        'invalid_api_key',
        'not_verified',
        'quota_exceeded',
        'rate_limited',
        'timeout',
        'network',
        'provider_error',
        'no_image',
      ].toSorted(),
    );
  });
});
