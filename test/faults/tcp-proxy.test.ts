/** The proxy that the fault tests put between client and server. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

interface Setup {
  readonly proxy: TcpProxy;
  readonly client: Socket;
  readonly server: Socket;
  /** Connects another client. */
  readonly connectClient: () => Socket;
}

async function startConnection(): Promise<Setup> {
  const listener = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const proxy = await startTcpProxy((listener.address() as AddressInfo).port);
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  const connectClient = () => {
    const socket = connect({ port: Number(new URL(proxy.address).port), host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(socket.on('error', () => socket.destroy()));
    return socket;
  };
  const accepted = once(listener, 'connection');
  const client = connectClient();
  const [server] = (await accepted) as [Socket];
  sockets.push(server.on('error', () => server.destroy()));
  return { proxy, client, server, connectClient };
}

const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

/** The next `length` bytes, as text. */
async function read(socket: Socket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) text += String((await once(socket, 'data'))[0]);
  return text;
}

test('a clear connection passes on bytes and ends in both directions', async () => {
  const { client, server } = await startConnection();
  client.end('text');
  expect(await read(server, 4)).toBe('text');
  await once(server.resume(), 'end');
  server.end('answer');
  expect(await read(client, 6)).toBe('answer');
});

test('a cut closes both ends', async () => {
  const { proxy, client, server } = await startConnection();
  const bothClosed = Promise.all([closed(client), closed(server)]);
  proxy.cut();
  await bothClosed;
  await proxy.until(({ open }) => open === 0);
});

test('a stalled direction holds its bytes until it is repaired, and the other direction passes', async () => {
  const { proxy, client, server } = await startConnection();
  proxy.set('toServer', { is: 'stalled' });
  let received = '';
  server.on('data', (chunk) => (received += chunk));
  client.write('held');
  server.write('passes');
  expect(await read(client, 6)).toBe('passes');
  expect(received).toBe('');
  proxy.repair();
  await once(server, 'data');
  expect(received).toBe('held');
});

test('a half-open connection passes nothing, reports no end to the other side, and leaves new connections alone', async () => {
  const { proxy, client, server, connectClient } = await startConnection();
  proxy.makeHalfOpen();
  client.write('lost');
  client.destroy();
  proxy.repair();
  connectClient().write('arrives');
  await proxy.until(({ open }) => open === 2);
  expect(server.destroyed).toBe(false);
  expect(server.bytesRead).toBe(0);
});

test('a slow direction takes the time of its bytes and loses none', async () => {
  const { proxy, client, server } = await startConnection();
  proxy.set('toServer', { is: 'slow', bytesPerSecond: 100_000 });
  const begun = performance.now();
  client.write('x'.repeat(50_000));
  expect(await read(server, 50_000)).toHaveLength(50_000);
  expect(performance.now() - begun).toBeGreaterThan(400);
});

test('delayed bytes arrive in order, after the delay', async () => {
  const { proxy, client, server } = await startConnection();
  proxy.set('toServer', { is: 'delayed', ms: 200 });
  const begun = performance.now();
  client.write('one ');
  client.write('two');
  expect(await read(server, 7)).toBe('one two');
  expect(performance.now() - begun).toBeGreaterThan(190);
});

test('refused connections are reset and counted, until the repair', async () => {
  const { proxy, connectClient } = await startConnection();
  proxy.refuse();
  await closed(connectClient());
  expect([proxy.accepted, proxy.refused]).toEqual([1, 1]);
  proxy.repair();
  connectClient();
  await proxy.until(({ accepted }) => accepted === 2);
});
