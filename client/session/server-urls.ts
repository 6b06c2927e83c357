/** The addresses of a server. */

/** The address of a server, which may live under a path, with a slash at its end. @throws {TypeError} when it is no address */
export function serverBase(server: string | URL): string {
  const { origin, pathname } = new URL(server);
  return `${origin}${pathname.replace(/\/?$/, '/')}`;
}

/** Where the sockets of a server lead to. @param server with a slash at its end */
export function webSocketUrl(server: string): string {
  const url = new URL('ws', server);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  return url.href;
}
