/** A company's proxy: forwards `http:` requests, and makes tunnels for `https:` ones. It leads every host to one port of this machine. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { pipeline } from 'node:stream';

export interface HttpProxy {
  /** Without a user name and a password. */
  readonly url: string;
  /** Each request as the proxy was asked, such as `CONNECT openai.test:443`. */
  readonly asked: readonly string[];
  /** The `proxy-authorization` of each. */
  readonly credentials: readonly (string | undefined)[];
  close(): Promise<void>;
}

/** @param status if given, it refuses everything with this status */
export async function startHttpProxy(targetPort: number, status?: number): Promise<HttpProxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const record = ({ method, url, headers }: IncomingMessage) => {
    asked.push(`${method} ${url}`);
    credentials.push(headers['proxy-authorization']);
  };

  const forward = (incoming: IncomingMessage, response: ServerResponse) => {
    record(incoming);
    if (status !== undefined) return void response.writeHead(status).end();
    const { pathname } = new URL(incoming.url ?? '');
    const { method } = incoming;
    const { 'proxy-authorization': _, ...headers } = incoming.headers;
    const outgoing = request({ port: targetPort, host: '127.0.0.1', path: pathname, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, response, () => undefined);
    });
    pipeline(incoming, outgoing, () => undefined);
  };

  const server = createServer(forward);
  server.on('connect', (incoming, socket) => {
    record(incoming);
    if (status !== undefined) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const target = connect({ port: targetPort, host: '127.0.0.1' }, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    credentials,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
