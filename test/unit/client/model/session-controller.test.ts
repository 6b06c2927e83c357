import type { ReactiveControllerHost } from 'lit';
import { expect, test } from 'vitest';
import { SessionController } from '../../../../client/model/session-controller.ts';
import { SessionClient, type SessionClientOptions } from '../../../../client/session/session-client.ts';
import { initialState } from '../../../../client/session/session-state.ts';
import { FakeEnvironment } from '../../../support/client-environment.ts';
import { answerJoin, server } from '../../../support/joined-client.ts';

class FakeHost implements ReactiveControllerHost {
  updates = 0;
  readonly updateComplete = Promise.resolve(true);
  addController(): void {}
  removeController(): void {}
  requestUpdate(): void {
    this.updates += 1;
  }
}

function controlled() {
  const host = new FakeHost();
  const page = new FakeEnvironment();
  const opened: SessionClientOptions[] = [];
  const controller = new SessionController(host, (options) => {
    opened.push(options);
    return new SessionClient(options, page);
  });
  return { host, page, opened, controller };
}

test('a session opens once `open` was called and the host is in a document, in either order', () => {
  const early = controlled();
  early.controller.open({ server });
  expect(early.controller.state).toBe(initialState);
  expect(early.page.sockets).toHaveLength(0);
  early.controller.hostConnected();
  expect(early.page.sockets).toHaveLength(1);

  const late = controlled();
  late.controller.hostConnected();
  expect(late.controller.client).toBeUndefined();
  late.controller.open({ server });
  expect(late.page.sockets).toHaveLength(1);
});

test('the host is updated at each change of state', () => {
  const { host, page, controller } = controlled();
  controller.hostConnected();
  controller.open({ server });
  const before = host.updates;
  answerJoin(page);
  expect(host.updates).toBeGreaterThan(before);
  expect(controller.state.connection.status).toBe('online');
});

test('R1: a host that is disconnected and connected again comes back as the same participant of the same session', () => {
  const { page, opened, controller } = controlled();
  controller.open({ server, token: 'token' });
  controller.hostConnected();
  const socket = answerJoin(page, undefined, { key: 'key-1' });
  controller.hostDisconnected();
  controller.hostDisconnected();
  expect(socket.isClosed).toBe(true);
  expect(controller.client).toBeUndefined();
  expect(controller.state.connection.status).toBe('left');
  controller.hostConnected();
  expect(opened.at(-1)).toEqual({
    server,
    token: 'token',
    sessionId: 'session-1',
    sessionKey: 'key-1',
    name: 'Reviewer 1',
    participant: { id: 'participant-1', secret: 'secret-1' },
  });
  expect(page.sockets).toHaveLength(2);
});

test('a name and a token that are set while the host is in no document are used when it is connected', () => {
  const { opened, controller } = controlled();
  controller.open({ server });
  controller.rename('Ana');
  controller.provideToken('token');
  controller.hostConnected();
  expect(opened.at(-1)).toEqual({ server, name: 'Ana', token: 'token' });
});

test('a session that is opened in place of another takes over nothing from it', () => {
  const { page, opened, controller } = controlled();
  controller.hostConnected();
  controller.open({ server });
  const first = answerJoin(page, undefined, { key: 'key-1' });
  controller.open({ server, sessionId: 'session-2' });
  expect(first.isClosed).toBe(true);
  expect(opened.at(-1)).toEqual({ server, sessionId: 'session-2' });
  expect(controller.state.snapshot).toBeUndefined();
});
