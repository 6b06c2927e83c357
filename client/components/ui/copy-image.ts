/** An image on the clipboard. */

/**
 * Puts the image on the clipboard as PNG, the one type that every browser takes; other types are redrawn for it.
 * @throws where there is no clipboard for images (an insecure page, a browser without it), or it is refused
 */
export async function copyImage(blob: Blob): Promise<void> {
  // The promise goes in as it is: Safari takes the click for spent once something was awaited before.
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': asPng(blob) })]);
}

async function asPng(blob: Blob): Promise<Blob> {
  if (blob.type === 'image/png') return blob;
  const bitmap = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: 'image/png' });
}
