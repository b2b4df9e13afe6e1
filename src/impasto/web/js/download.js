/** The painting as a file, and the settings as a link. */

import { byId } from "./dom.js";
import { t } from "./i18n.js";
import { fullPainting, requestOf } from "./painting.js";
import { linkOf } from "./share.js";
import { complain, setBusy, tell } from "./status.js";
import { colorsSetting, hasShare, specOf, state } from "./store.js";

const OWN = new Set(["jpeg", "png", "webp"]);

/** Let the two buttons work. */
export function startDownload(engine) {
  byId("download").onclick = async () => {
    setBusy(true);
    try {
      const file = await fileOf(engine, byId("format").value);
      const format = file.type.replace("image/", "") || "png";
      save(file, state.photo.nameOf(specOf(state.layers[0]), format));
    } catch (error) {
      complain(t("error.paint", { reason: error.message }));
    }
    setBusy(false);
  };
  byId("share").onclick = share;
}

/** Save a file under a name, as a click on a link does. */
function save(file, name) {
  const link = Object.assign(document.createElement("a"), { download: name });
  link.href = URL.createObjectURL(file);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  tell(t("status.saved", { name }));
}

/** The server's own file keeps the photo's metadata; only a share of colours is mixed here. */
async function fileOf(engine, format) {
  if (engine.kind === "server" && !hasShare() && state.strength > 0) {
    const whole = requestOf({ isFull: true });
    const request = { ...whole, colors: colorsSetting(), format: format || sameFormat() };
    const { signal } = new AbortController();
    return (await engine.paint(state.photo, request, { signal, full: true })).file;
  }
  const picture = await fullPainting();
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return canvas.convertToBlob({ type: `image/${format || ownFormat()}`, quality: 0.92 });
}

/** The photo's format by its type; empty where the server is to find it out. */
function sameFormat() {
  const format = formatOf(state.photo.file.type);
  return OWN.has(format) || ["avif", "tiff"].includes(format) ? format : "";
}

function ownFormat() {
  const format = formatOf(state.photo.file.type);
  return OWN.has(format) ? format : "jpeg";
}

const formatOf = (type) => type.replace("image/", "").replace(/^jpg$/, "jpeg");

async function share() {
  const link = linkOf(state);
  history.replaceState(null, "", link);
  try {
    await navigator.clipboard.writeText(link);
    tell(t("share.done"));
  } catch {
    tell(t("share.failed"));
  }
}
