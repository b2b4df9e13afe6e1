/** A mask for the engines: its edge made soft, as a file or as a plane of bytes. */

/** How much of a mask's long side its edge is blurred over. */
const SOFTNESS = 1 / 160;

/** A grey PNG: white where the region is. */
export function maskFile(mask) {
  return softened(mask).convertToBlob({ type: "image/png" });
}

/** The same as bytes, row by row; null stays null. */
export function maskPlane(mask) {
  if (!mask) return null;
  const { width, height } = mask;
  const { data } = softened(mask).getContext("2d").getImageData(0, 0, width, height);
  const plane = new Uint8Array(width * height).map((_, at) => data[4 * at]);
  return { width, height, data: plane.buffer };
}

function softened(mask) {
  const canvas = new OffscreenCanvas(mask.width, mask.height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.fillRect(0, 0, mask.width, mask.height);
  pen.filter = `blur(${SOFTNESS * Math.max(mask.width, mask.height)}px)`;
  pen.drawImage(mask, 0, 0);
  return canvas;
}
