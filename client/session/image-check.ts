/** Whether this browser can show an image on this page. */
import type { DisplayProblem } from './session-state.ts';

/** Browsers report that a policy was broken a moment after the image has failed. */
const REPORT_DEADLINE_MS = 250;

/**
 * Decodes the whole image. An `<img>` alone does not tell: browsers load a file that is cut short, and draw what there is of it.
 * @param url of the blob
 */
export async function checkImage(url: string, blob: Blob): Promise<DisplayProblem | undefined> {
  const violation = imagePolicyViolation(url);
  const [isLoaded, isDecoded] = await Promise.all([loads(url), decodes(blob)]);
  const isBlocked = !isLoaded && (await violation.reported());
  violation.stop();
  if (isBlocked) return 'blocked_by_policy';
  return isLoaded && isDecoded ? undefined : 'undecodable';
}

/** Unlike `decode()`, these events also come while the page is hidden. */
function loads(url: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const image = new Image();
  image.onload = () => {
    // The browser begins to decode it for the screen, so that the frame that shows it need not wait.
    void image.decode().catch(() => undefined);
    resolve(true);
  };
  image.onerror = () => resolve(false);
  image.src = url;
  return promise;
}

async function decodes(blob: Blob): Promise<boolean> {
  try {
    const bitmap = await createImageBitmap(blob);
    bitmap.close();
    return true;
  } catch {
    return false;
  }
}

/** Listens for a violation of the page's policy by images of that address. */
function imagePolicyViolation(url: string): { reported(): Promise<boolean>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const listener = ({ effectiveDirective, disposition, blockedURI }: SecurityPolicyViolationEvent) => {
    if (effectiveDirective === 'img-src' && disposition === 'enforce' && url.startsWith(blockedURI)) resolve(true);
  };
  document.addEventListener('securitypolicyviolation', listener);
  return {
    reported: () => {
      setTimeout(() => resolve(false), REPORT_DEADLINE_MS);
      return promise;
    },
    stop: () => document.removeEventListener('securitypolicyviolation', listener),
  };
}
