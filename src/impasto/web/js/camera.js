/** The camera: look, see it painted where a server can, take a photo. */

import { byId, draw } from "./dom.js";
import { finished } from "./finish.js";
import { t } from "./i18n.js";
import { boundedSize } from "./model/resize.js";
import { said } from "./said.js";
import { complain } from "./status.js";
import { REFERENCES, specOf, state } from "./store.js";

const LIVE_SIDE = 480;
const TRY_LATER = 1013;
/** Codes by which the server closes for a reason of its own: bad data, a camera without frames. */
const REASONED = new Set([1007, 1008]);

/** Open the camera's dialog; `take` gets the photo. */
export async function openCamera(engine, take) {
  const dialog = byId("camera-dialog");
  const video = byId("camera-video");
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 1920 }, facingMode: { ideal: "environment" } },
    });
  } catch (error) {
    complain(t("error.camera", { reason: error.message }));
    return;
  }
  const live = engine.live ? startLive(engine, video) : null;
  byId("camera-take").onclick = async () => {
    take(await fileOf(await frameOf(video, Infinity)));
    dialog.close();
  };
  byId("camera-close").onclick = () => dialog.close();
  dialog.onclose = () => {
    live?.stop();
    video.srcObject.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  };
  dialog.showModal();
  await video.play();
}

/** Send frames to the server while the box is ticked, each when the one before has come back. */
function startLive(engine, video) {
  const [box, canvas] = [byId("camera-live"), byId("camera-painted")];
  const told = byId("camera-told"); // the page's own line is behind the dialog
  let socket = null;
  let frame = null; // the one that is painted
  const send = async () => {
    frame = await frameOf(video, LIVE_SIDE);
    const file = await fileOf(frame);
    if (socket?.readyState === WebSocket.OPEN) socket.send(file);
  };
  const stop = () => {
    socket?.close();
    socket = null;
    box.checked = false;
    canvas.hidden = true;
  };
  const start = () => {
    told.textContent = "";
    const opened = engine.live();
    socket = opened;
    opened.onopen = () => {
      opened.send(JSON.stringify(settings()));
      send();
    };
    opened.onmessage = async ({ data }) => {
      if (!(data instanceof Blob)) return;
      const painting = await createImageBitmap(data);
      if (socket !== opened) return; // it has ended meanwhile
      draw(canvas, await finished(frame, painting, state));
      canvas.hidden = false;
      send();
    };
    opened.onclose = (event) => {
      if (socket !== opened) return; // it was ended here
      stop();
      told.textContent = t("error.live", { reason: reasonOf(event) });
    };
  };
  byId("camera-live-label").hidden = false;
  stop();
  told.textContent = "";
  box.onchange = () => (box.checked ? start() : stop());
  return { stop };
}

/** Why the server has ended it, which in some cases it tells itself. */
function reasonOf({ code, reason }) {
  if (code === TRY_LATER) return t("error.cameras");
  return REASONED.has(code) ? said(reason) : t("error.offline");
}

/** Strength and colours, which the server takes by no share, are mixed in here. */
function settings() {
  const reference = Math.min(REFERENCES[state.stroke], LIVE_SIDE);
  return { style: specOf(state.layers[0]), stroke_reference: reference };
}

/** The frame that the camera shows; the first one may take a while. */
async function frameOf(video, longest) {
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) {
    await new Promise((resolve) => video.addEventListener("loadeddata", resolve, { once: true }));
  }
  const size = boundedSize(video.videoWidth, video.videoHeight, longest);
  const canvas = new OffscreenCanvas(...size);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas;
}

const fileOf = (frame) => frame.convertToBlob({ type: "image/jpeg", quality: 0.9 });
