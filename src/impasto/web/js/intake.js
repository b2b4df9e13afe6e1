/** How photos come in: dropped, pasted, picked, the sample, or from the camera. */

import { openCamera } from "./camera.js";
import { byId } from "./dom.js";
import { t } from "./i18n.js";
import { checkBytes, checkPixels } from "./limits.js";
import { readPhoto } from "./photo.js";
import { complain } from "./status.js";
import { update } from "./store.js";

/** Listen for photos; `engine` reads what the browser cannot. */
export function startIntake(engine) {
  const take = (file, name) => takePhoto(engine, file, name);
  startPicking(take);
  startDropping(take);
  document.addEventListener("paste", ({ clipboardData }) => {
    const file = [...clipboardData.files].find(isPicture);
    if (file) take(file, t("pasted"));
  });
  byId("sample").onclick = async () => take(await (await fetch("sample.jpg")).blob(), "coffee.jpg");
  byId("camera").onclick = () =>
    openCamera(engine, (file) => take(file, `${t("camera.name")}.jpg`));
}

async function takePhoto(engine, file, name) {
  try {
    checkBytes(name, file.size, "max_bytes");
    const photo = await readPhoto(file, name, engine.convert?.bind(engine)).catch(() => {
      throw new Error(t("error.photo", { name }));
    });
    checkPixels(photo);
    update({ photo });
  } catch (error) {
    complain(error.message);
  }
}

function startPicking(take) {
  const input = byId("file");
  for (const id of ["choose", "replace"]) byId(id).onclick = () => input.click();
  input.onchange = () => {
    if (input.files.length) take(input.files[0], input.files[0].name);
    input.value = ""; // the same file may be chosen again
  };
}

function startDropping(take) {
  const veil = byId("drop");
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  const isHere = () => !byId("view-photo").hidden;
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event) || !isHere()) return;
    event.preventDefault();
    veil.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) veil.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event) || !isHere()) return;
    event.preventDefault();
    veil.hidden = true;
    const [file] = event.dataTransfer.files;
    if (file) take(file, file.name);
  });
}

const isPicture = (file) => file.type.startsWith("image/");
