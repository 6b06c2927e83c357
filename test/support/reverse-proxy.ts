/** A proxy in front of the server, as nginx is with `proxy_pass http://…/;`: it takes one path and strips it, and keeps `Host`. */
import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { pipeline } from 'node:stream';
import { onTestFinished } from 'vitest';

export interface ReverseProxy {
  /** Without a path. */
  readonly origin: string;
  /** What the server behind it was asked for, as the browser named it. */
  readonly asked: readonly string[];
}

/**
 * Listens until the test is over.
 * @param path with a slash at both ends
 */
export async function startReverseProxy(server: string, path: string): Promise<ReverseProxy> {
  const { hostname, port } = new URL(server);
  const asked: string[] = [];
  const target = ({ url = '' }: IncomingMessage): string | undefined => {
    if (!url.startsWith(path)) return undefined;
    asked.push(url);
    return url.slice(path.length - 1);
  };
  const proxy = createServer((incoming, response) => {
    const { method, headers } = incoming;
    const own = target(incoming);
    if (own === undefined) return void response.writeHead(404).end('Another app.');
    const outgoing = request({ hostname, port, path: own, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      pipeline(answer, response, () => undefined);
    });
    pipeline(incoming, outgoing, () => undefined);
  });
  proxy.on('upgrade', (incoming, socket) => {
    const own = target(incoming);
    if (own === undefined) return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
    const upstream = connect(Number(port), hostname, () => {
      const { rawHeaders: raw } = incoming;
      const lines = raw.flatMap((name, at) => (at % 2 === 0 ? `${name}: ${raw[at + 1]}` : []));
      upstream.write(`GET ${own} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });
  return { origin: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
}
