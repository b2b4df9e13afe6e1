/** Videos: sent to the server with the settings of the photo, and painted as a job there. */

import { byId, make } from "./dom.js";
import { onSend, tellMissing } from "./forms.js";
import { onLanguage, t } from "./i18n.js";
import { downloadOf, JobList } from "./jobs.js";
import { checkBytes } from "./limits.js";
import { colorsSetting, hasShare, listen, REFERENCES, specOf, state, titleOf } from "./store.js";

/** Let the form work; `about` says whether the server can paint videos. */
export function startVideo(about) {
  const command = "pip install 'impasto[video]'";
  if (!about.video) tellMissing(byId("video-missing"), "video.missing", command);
  const jobs = new JobList("video", byId("video-jobs"), resultOf);
  onSend(byId("video-form"), async (form) => {
    const file = form.get("video");
    checkBytes(file.name, file.size, "max_video_bytes");
    const sent = new FormData();
    sent.set("style", specOf(state.layers[0]));
    sent.set("strength", String(state.strength));
    sent.set("stroke_reference", String(REFERENCES[state.stroke]));
    sent.set("colors", colorsSetting());
    if (form.has("flow")) sent.set("flow", "0.75");
    sent.set("video", file);
    await jobs.send("/v1/videos", sent, file.name);
  });
  listen((changed) => {
    if (changed.has("layers") || changed.has("styles")) showStyle();
    if (changed.has("colour")) byId("video-colour").hidden = !hasShare();
  });
  onLanguage(showStyle);
}

function showStyle() {
  byId("video-style").textContent = state.layers[0].styles.map(titleOf).join(" + ");
}

function resultOf({ state: jobState, result, preview }) {
  if (jobState !== "done") {
    return [preview ? make("img", { class: "job-picture", alt: "", src: preview }) : null];
  }
  const video = make("video", {
    class: "job-picture",
    controls: true,
    src: result,
    preload: "metadata",
  });
  return [video, downloadOf(result)];
}
