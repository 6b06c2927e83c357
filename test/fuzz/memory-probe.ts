/** Loaded into the watched server's process before its own code: says, when asked, what the process holds. */
export interface Holdings {
  readonly rssBytes: number;
  /** The most that `rssBytes` has ever been. */
  readonly peakRssBytes: number;
  /** After a full collection, as the two below. */
  readonly heapBytes: number;
  /** Of array buffers: images and frames among them. */
  readonly bufferBytes: number;
  /** TCP sockets that are open, to clients and to upstream. */
  readonly sockets: number;
}

function holdings(): Holdings {
  globalThis.gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const sockets = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
  // In KiB, whatever the system counts in: https://nodejs.org/api/process.html#processresourceusage
  const peakRssBytes = process.resourceUsage().maxRSS * 1024;
  return { rssBytes: rss, peakRssBytes, heapBytes: heapUsed, bufferBytes: arrayBuffers, sockets };
}

process.on('message', () => process.send?.(holdings()));
// Who watched is gone.
process.on('disconnect', () => process.exit());
// Being watched keeps no process alive.
process.channel?.unref();
