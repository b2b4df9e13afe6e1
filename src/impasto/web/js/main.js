/** Starts the page: its parts, then the engine, then what the address asks for. */

import { byId } from "./dom.js";
import { startDownload } from "./download.js";
import { chosenEngine } from "./engines/index.js";
import { startFit } from "./fit.js";
import { startGallery } from "./gallery.js";
import { currentLanguage, onLanguage, setLanguage, t, translatePage } from "./i18n.js";
import { startIntake } from "./intake.js";
import { startMasks } from "./masks/editor.js";
import { startPad } from "./pad.js";
import { startPainting } from "./painting.js";
import { startRegions } from "./regions.js";
import { settingsOf } from "./share.js";
import { startSliders } from "./sliders.js";
import { startStage } from "./stage.js";
import { complain, tell } from "./status.js";
import { MOST_REGIONS, state, update } from "./store.js";
import { startTabs } from "./tabs.js";
import { startTheme } from "./theme.js";
import { startVideo } from "./video.js";

const FIRST = "scream";
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

translatePage();
startTheme();
startLanguage();
start(chosenEngine());

async function start(engine) {
  onLanguage(() => showWhere(engine));
  showWhere(engine);
  startMasks(); // before the stage: while a region is marked, pointers are for the mask
  startStage();
  startGallery();
  startPad();
  startSliders();
  startRegions();
  startPainting(engine);
  startDownload(engine);
  startIntake(engine);
  try {
    await open(engine);
  } catch (error) {
    complain(t("error.open", { reason: error.message }));
  }
}

async function open(engine) {
  tell(t("status.opening"));
  const { about, styles } = await engine.open();
  if (engine.kind === "server") {
    startTabs();
    startVideo(about);
    startFit(engine, about);
  }
  const names = styles.map(({ name }) => name);
  const first = names.includes(FIRST) ? FIRST : names[0];
  const layers = [{ styles: [first], point: [0.5, 0.5], mask: null }];
  const limits = about.limits ?? {};
  const mostRegions = Math.min(MOST_REGIONS, limits.max_regions ?? MOST_REGIONS);
  update({ styles, layers, mostRegions, limits, ...settingsOf(location.hash, names) });
  addEventListener("hashchange", () => update(settingsOf(location.hash, names)));
  if (!state.photo) tell("");
  document.body.dataset.ready = "true";
}

/** Says where pictures go, which depends on where the page came from. */
function showWhere(engine) {
  const { hostname, host } = location;
  const key = engine.kind === "browser" ? "browser" : LOOPBACK.test(hostname) ? "local" : "server";
  document
    .querySelectorAll(".where")
    .forEach((one) => (one.textContent = t(`where.${key}`, { host })));
}

/** The button names the other language, in that language. */
function startLanguage() {
  const button = byId("language");
  const show = () => {
    const isChinese = currentLanguage() === "zh-CN";
    button.textContent = isChinese ? "English" : "中文";
    button.lang = isChinese ? "en" : "zh-CN";
  };
  button.onclick = () => setLanguage(currentLanguage() === "zh-CN" ? "en" : "zh-CN");
  onLanguage(show);
  show();
}
