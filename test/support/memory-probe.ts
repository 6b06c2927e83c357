/** Loaded into a watched server's process before its own code: reports over IPC what the process holds. */
export interface Holdings {
  readonly rssBytes: number;
  /** The highest `rssBytes` so far. */
  readonly peakRssBytes: number;
  /** Like the two below, after a full garbage collection. */
  readonly heapBytes: number;
  /** Of array buffers: images and messages among them. */
  readonly bufferBytes: number;
  /** Open TCP sockets, to clients and to the image service. */
  readonly sockets: number;
}

function holdings(): Holdings {
  globalThis.gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const sockets = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
  // In KiB on every system: https://nodejs.org/api/process.html#processresourceusage
  const peakRssBytes = process.resourceUsage().maxRSS * 1024;
  return { rssBytes: rss, peakRssBytes, heapBytes: heapUsed, bufferBytes: arrayBuffers, sockets };
}

process.on('message', () => process.send?.(holdings()));
// The test's process has ended.
process.on('disconnect', () => process.exit());
// The probe alone does not keep the process alive.
process.channel?.unref();
