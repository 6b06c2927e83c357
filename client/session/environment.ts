/** What the session client uses of the page or the process it runs in. A test passes fakes. */
import { OPEN, takeEarly } from './early-socket.ts';
import { checkImage } from './image-check.ts';
import type { DisplayProblem } from './session-state.ts';

/** One WebSocket. Its callbacks are set once, right after it was opened. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number }) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface Environment {
  /** @throws {DOMException} when a socket to that address is not allowed, such as `ws:` from a page on `https:` */
  openSocket(url: string, subprotocol: string): Socket;
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `callback` once after `delayMs`; returns the undo. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** The global `fetch`: for images that a connection does not carry, and to find out why none opens. */
  fetch(url: string, options: RequestInit): Promise<Response>;
  /** Calls `listener` with each address that the page's Content-Security-Policy keeps connections from. Returns the undo. */
  onBlockedConnection(listener: (url: string) => void): () => void;
  /** From 0, below 1. */
  random(): number;
  /** Fresh and unguessable, at most 64 characters. */
  randomId(): string;
  createObjectUrl(blob: Blob): string;
  revokeObjectUrl(url: string): void;
  /** Why the page cannot show the image; undefined when it can. Absent where there is no page. */
  readonly checkImage?: (url: string, blob: Blob) => Promise<DisplayProblem | undefined>;
  /** 64 lower-case hex digits. Absent on a page that is no secure context: browsers digest nothing there. */
  readonly sha256?: (bytes: Uint8Array<ArrayBuffer>) => Promise<string>;
  /** Whether the page is hidden: its timers and events may then be late. */
  isHidden(): boolean;
  /** Calls `listener` when the page is shown again, restored, or online again. Returns the undo. */
  onWake(listener: () => void): () => void;
  /** For developers, on the console. */
  warn(message: string, cause?: unknown): void;
}

/** A page, or a Node process of version 22.18 or newer, which is never hidden. */
export function defaultEnvironment(): Environment {
  return {
    openSocket,
    now: () => Date.now(),
    setTimer: (callback, delayMs) => {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
    fetch: (url, options) => fetch(url, options),
    random: () => Math.random(),
    randomId: () => randomId(crypto),
    createObjectUrl: (blob) => URL.createObjectURL(blob),
    revokeObjectUrl: (url) => URL.revokeObjectURL(url),
    ...('subtle' in crypto && { sha256 }),
    ...(typeof document === 'undefined' ? withoutPage : { checkImage, isHidden, onWake, onBlockedConnection }),
    warn: (message, cause) => console.warn(`Proofroom: ${message}`, ...(cause === undefined ? [] : [cause])),
  };
}

const withoutPage = {
  isHidden: () => false,
  onWake: () => () => {},
  onBlockedConnection: () => () => {},
};

/** 128 random bits or more; a page that is no secure context has no `randomUUID`. */
export function randomId(source: { randomUUID?: () => string; getRandomValues: Crypto['getRandomValues'] }): string {
  if (source.randomUUID) return source.randomUUID();
  return hex(source.getRandomValues(new Uint8Array(16)));
}

function openSocket(url: string, subprotocol: string): Socket {
  const webSocket = takeEarly(url) ?? new WebSocket(url, subprotocol);
  const socket: Socket = {
    onopen: null,
    onmessage: null,
    onclose: null,
    send: (text) => webSocket.send(text),
    close: () => webSocket.close(),
  };
  webSocket.onopen = () => socket.onopen?.();
  webSocket.onmessage = ({ data }: MessageEvent<unknown>) => socket.onmessage?.({ data });
  webSocket.onclose = ({ code }) => socket.onclose?.({ code });
  if (webSocket.readyState === OPEN) queueMicrotask(() => socket.onopen?.());
  return socket;
}

/** 64 lower-case hex digits. @throws where the page is no secure context: there is no `crypto.subtle` */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function isHidden(): boolean {
  return document.hidden;
}

function onWake(listener: () => void): () => void {
  const onVisible = () => {
    if (!document.hidden) listener();
  };
  document.addEventListener('visibilitychange', onVisible);
  window.addEventListener('pageshow', listener);
  window.addEventListener('online', listener);
  return () => {
    document.removeEventListener('visibilitychange', onVisible);
    window.removeEventListener('pageshow', listener);
    window.removeEventListener('online', listener);
  };
}

function onBlockedConnection(listener: (url: string) => void): () => void {
  const onViolation = ({ effectiveDirective, disposition, blockedURI }: SecurityPolicyViolationEvent) => {
    if (effectiveDirective === 'connect-src' && disposition === 'enforce') listener(blockedURI);
  };
  document.addEventListener('securitypolicyviolation', onViolation);
  return () => document.removeEventListener('securitypolicyviolation', onViolation);
}
