/** How requests reach a service: directly, or through a company's proxy. */
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';

/** The environment's HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Addresses may hold a name and a password. */
export interface ProxySettings {
  /** The address of the proxy for `https:` services; if absent, that for `http:` ones. */
  readonly https?: string;
  /** The address of the proxy for `http:` services. */
  readonly http?: string;
  /** The hosts that are reached directly, separated by commas or spaces; `*` for all. */
  readonly bypass?: string;
}

/** undici ends a silent request after 300 seconds. Here only the watchdog decides. */
const noTimeouts = { headersTimeout: 0, bodyTimeout: 0 } as const;

const direct = new Agent(noTimeouts);
const proxied = new WeakMap<ProxySettings, Dispatcher>();

/** The connections for these settings, which are kept as long as the object is. */
export function dispatcherFor(settings: ProxySettings | undefined): Dispatcher {
  if (!settings) return direct;
  const dispatcher = proxied.get(settings) ?? createDispatcher(settings);
  proxied.set(settings, dispatcher);
  return dispatcher;
}

/** No proxy knows the way to a server on this machine. */
const LOOPBACK = 'localhost,127.0.0.1,[::1]';

function createDispatcher({ https = '', http = '', bypass = '' }: ProxySettings): Dispatcher {
  // An empty text keeps undici from reading the environment itself.
  const agent = new EnvHttpProxyAgent({
    httpsProxy: https,
    httpProxy: http,
    noProxy: bypass.trim() === '*' ? '*' : `${bypass},${LOOPBACK}`,
    // To `http:` services, many proxies make no tunnel.
    proxyTunnel: false,
  });
  // Set for each request, since undici doesn't hand the agent's own timeouts on to all of its connections.
  return agent.compose((dispatch) => (options, handler) => dispatch({ ...options, ...noTimeouts }, handler));
}
