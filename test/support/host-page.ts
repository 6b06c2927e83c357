/** Somebody else's page, on an origin of its own, with `<proof-room>` elements in it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface HostPage {
  /** Such as `http://127.0.0.1:40000`. */
  readonly origin: string;
  /** What the page holds from its next load on, under a strict CSP that allows what a `<proof-room>` needs and nothing else. */
  show(content: HostContent): void;
}

export interface HostContent {
  /** The address of the Proofroom server whose `/embed.js` the page loads, without a slash at its end. */
  readonly proofroom: string;
  readonly body: string;
  /** Directives of the page's policy, in place of those that a `<proof-room>` needs. */
  readonly policy?: Readonly<Record<string, string>>;
  readonly style?: string;
  /** Further headers of the page. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Runs after the body. */
  readonly script?: string;
}

/** Served on 127.0.0.1 until the test is over. */
export async function startHostPage(): Promise<HostPage> {
  let content: HostContent | undefined;
  const server = createServer(({ url }, response) => {
    if (!content) response.writeHead(404).end();
    else if (url === '/style.css') response.writeHead(200, { 'content-type': 'text/css' }).end(content.style);
    else if (url === '/script.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(content.script);
    else response.writeHead(200, headersFor(content)).end(documentOf(content));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    show: (next) => {
      content = next;
    },
  };
}

function headersFor({ proofroom, policy, headers }: HostContent): Record<string, string> {
  const directives = {
    'default-src': "'none'",
    'script-src': `'self' ${proofroom}/`,
    'connect-src': `${proofroom}/ ${proofroom.replace('http', 'ws')}/`,
    'img-src': "'self' blob:",
    'style-src': "'self'",
    ...policy,
  };
  const text = Object.entries(directives).map(([name, value]) => `${name} ${value}`);
  return { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': text.join('; '), ...headers };
}

const documentOf = ({ proofroom, body }: HostContent): string => `<!doctype html>
<html lang="en">
  <head>
    <title>Somebody else's page</title>
    <link rel="icon" href="/style.css" />
    <link rel="stylesheet" href="/style.css" />
    <script src="${proofroom}/embed.js"></script>
  </head>
  <body>
    ${body}
    <script src="/script.js"></script>
  </body>
</html>`;
