/** The bad line itself: a fault test is worth as much as the fault. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

interface Line {
  readonly proxy: TcpProxy;
  readonly client: Socket;
  readonly server: Socket;
  /** Another client on its way to the server. */
  readonly call: () => Socket;
}

async function startLine(): Promise<Line> {
  const listener = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const proxy = await startTcpProxy((listener.address() as AddressInfo).port);
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  const call = () => {
    const socket = connect({ port: Number(new URL(proxy.address).port), host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(socket.on('error', () => socket.destroy()));
    return socket;
  };
  const served = once(listener, 'connection');
  const client = call();
  const [server] = (await served) as [Socket];
  sockets.push(server.on('error', () => server.destroy()));
  return { proxy, client, server, call };
}

/** A reset is an end, too. */
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

/** The next `length` bytes that come, as text. */
async function read(socket: Socket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) text += String((await once(socket, 'data'))[0]);
  return text;
}

test('a clear line carries both ways, and the end too', async () => {
  const { client, server } = await startLine();
  client.end('ask');
  expect(await read(server, 3)).toBe('ask');
  await once(server.resume(), 'end');
  server.end('answer');
  expect(await read(client, 6)).toBe('answer');
});

test('a cut line is gone at both ends', async () => {
  const { proxy, client, server } = await startLine();
  const gone = Promise.all([closed(client), closed(server)]);
  proxy.cut();
  await gone;
  await proxy.until(({ open }) => open === 0);
});

test('a stalled direction holds its bytes until it goes on, and the other one passes', async () => {
  const { proxy, client, server } = await startLine();
  proxy.set('toServer', { is: 'stalled' });
  let heard = '';
  server.on('data', (chunk) => (heard += chunk));
  client.write('held');
  server.write('passes');
  expect(await read(client, 6)).toBe('passes');
  expect(heard).toBe('');
  proxy.heal();
  await once(server, 'data');
  expect(heard).toBe('held');
});

test('an abandoned line stays dead, says nothing of either end to the other, and harms no new one', async () => {
  const { proxy, client, server, call } = await startLine();
  proxy.abandon();
  client.write('lost');
  client.destroy();
  proxy.heal();
  const another = call();
  another.write('well');
  await proxy.until(({ open }) => open === 2);
  expect(server.destroyed).toBe(false);
  expect(server.bytesRead).toBe(0);
});

test('a trickle takes the time of its bytes, and loses none', async () => {
  const { proxy, client, server } = await startLine();
  proxy.set('toServer', { is: 'trickling', bytesPerSecond: 100_000 });
  const begun = performance.now();
  client.write('x'.repeat(50_000));
  expect(await read(server, 50_000)).toHaveLength(50_000);
  expect(performance.now() - begun).toBeGreaterThan(400);
});

test('delayed bytes come late, in order, each by the same time', async () => {
  const { proxy, client, server } = await startLine();
  proxy.set('toServer', { is: 'delayed', ms: 200 });
  const begun = performance.now();
  client.write('one ');
  client.write('two');
  expect(await read(server, 7)).toBe('one two');
  expect(performance.now() - begun).toBeGreaterThan(190);
});

test('who is refused is counted and turned away, until the line is healed', async () => {
  const { proxy, call } = await startLine();
  proxy.refuse();
  await closed(call());
  expect([proxy.accepted, proxy.refused]).toEqual([1, 1]);
  proxy.heal();
  call();
  await proxy.until(({ accepted }) => accepted === 2);
});
