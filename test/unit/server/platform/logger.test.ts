import { expect, test } from 'vitest';
import { createLogger, type LogLevel } from '../../../../server/platform/logger.ts';
import { loggedId, newId } from '../../../../server/platform/secrets.ts';

function createTestLogger(level: LogLevel) {
  const lines: string[] = [];
  return { log: createLogger(level, { write: (line) => void lines.push(line) }), lines };
}

test('S3: a line shows a session id as a digest', () => {
  const { log, lines } = createTestLogger('info');
  const session = newId();
  log.info({ session, code: 'stale' }, 'message rejected');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    session: loggedId(session),
    code: 'stale',
    msg: 'message rejected',
  });
  expect(lines.join()).not.toContain(session);
});

test('S7: a line shows an error’s name and place, never its message', () => {
  const { log, lines } = createTestLogger('error');
  log.info({}, 'below the level');
  log.error({ err: new TypeError('the prompt: a red kite') }, 'a generation failed');
  log.error({ err: 'a red kite' }, 'something was thrown that is no error');
  expect(lines).toHaveLength(2);
  expect(JSON.parse(lines[0] ?? '').err).toEqual({ name: 'TypeError', at: expect.stringContaining('logger.test.ts') });
  expect(JSON.parse(lines[1] ?? '').err).toEqual({ name: 'string' });
  expect(lines.join()).not.toContain('a red kite');
});
