// Shows one question after the other. The server draws them, and every answer is on its disk before
// the next one is shown, so this page keeps nothing but the voter's name.

const ROUND = 30; // questions up to a pause
const WORDS = {
  compare: "Which is the better painting of this photo in this style?",
  rate: "How good is this painting of the photo in this style?",
};
const KEYS = {
  compare: { ArrowLeft: "left", a: "left", ArrowRight: "right", b: "right", ArrowDown: "tie", t: "tie" },
  rate: { 1: "1", 2: "2", 3: "3", 4: "4", 5: "5" },
};
const FLASH = 140; // milliseconds for which an answer is seen before the next question

const get = (id) => document.getElementById(id);
const state = { voter: 0, mode: "compare", questions: [], answered: 0, total: 0, since: 0, shown: false, busy: true };
const loaded = new Map(); // by id of picture: an image that is decoded, or will be

/** Call the server; throws an Error whose message can be shown. */
async function call(what, fields) {
  let response;
  try {
    response = await fetch(`/api/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(fields),
    });
  } catch {
    throw new Error("The server does not answer. Is impasto bench vote still running? Then try again.");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** Show one of the sections and take the reader to its heading, unless it is there already. */
function turnTo(section) {
  if (!get(section).hidden) return;
  for (const each of ["start", "vote", "pause"]) get(each).hidden = each !== section;
  get(section).querySelector("h1").focus();
}

function tell(trouble) {
  get("trouble").textContent = trouble;
}

/** Do something that may fail; a second call meanwhile is left out. */
async function alone(work) {
  if (state.busy) return;
  state.busy = true;
  get("vote").classList.add("busy");
  tell("");
  try {
    await work();
  } catch (error) {
    tell(error.message);
  } finally {
    for (const each of document.querySelectorAll(".chosen")) each.classList.remove("chosen");
    get("vote").classList.remove("busy");
    state.busy = false;
  }
}

/** Load a picture, once; resolves to its image when it can be shown at once. */
function picture(id) {
  if (!loaded.has(id)) {
    const image = new Image();
    image.src = `/picture/${id}`;
    const ready = image.decode().then(() => image);
    ready.catch(() => loaded.delete(id)); // the next try loads it again
    loaded.set(id, ready);
  }
  return loaded.get(id);
}

const picturesOf = (question) => [question.photo, question.style, ...question.paintings];

/** Put pictures into their places, all in one step: none shall be seen before the other. */
async function put(question) {
  const ids = state.mode === "compare" ? ["photo", "style", "a", "b"] : ["photo", "style", "one"];
  const images = await Promise.all(picturesOf(question).map(picture));
  ids.forEach((id, index) => {
    const place = get(id);
    place.src = images[index].src;
    const ratio = images[index].naturalWidth / images[index].naturalHeight;
    place.closest("figure, .painting, .frame > img").style.setProperty("--ratio", ratio);
  });
  await Promise.all(ids.map((id) => get(id).decode()));
}

/** Keep only what this and the next question show. */
function preload() {
  const wanted = new Set(state.questions.flatMap(picturesOf));
  for (const id of loaded.keys()) if (!wanted.has(id)) loaded.delete(id);
  for (const id of wanted) picture(id).catch(() => {}); // told when it is to be shown
}

/** Take over what the server said and show it. */
async function follow(standing, { pause = false } = {}) {
  Object.assign(state, standing);
  showProgress();
  if (!state.questions.length) return rest("That was everything. Thank you!", false);
  preload();
  if (pause && state.answered % ROUND === 0) return rest("Thank you! Take a breath.", true);
  await ask();
}

async function ask() {
  turnTo("vote");
  try {
    state.shown = false;
    await put(state.questions[0]);
    state.shown = true;
  } catch {
    throw new Error("A picture of this question cannot be shown. Skip it, or load the page again.");
  } finally {
    get("skip").hidden = state.shown;
    get("vote").classList.toggle("broken", !state.shown);
    state.since = performance.now();
  }
}

function showProgress() {
  const done = state.answered % ROUND;
  const round = Math.min(ROUND, state.total - (state.answered - done));
  get("progress").max = Math.max(1, round);
  get("progress").value = done;
  get("count").textContent = `${Math.min(done + 1, round)} of ${round}`;
  get("undo").disabled = get("back").disabled = state.answered === 0;
  get("status").textContent = `Question ${Math.min(done + 1, round)} of ${round}`;
}

function rest(title, more) {
  get("pause-title").textContent = title;
  const all = state.total.toLocaleString("en");
  get("pause-text").textContent =
    `You have answered ${state.answered} of ${all} questions. Every answer is saved: stop whenever you like.`;
  get("more").hidden = !more;
  turnTo("pause");
}

function answer(choice) {
  if (!state.shown && choice !== "skip") return; // nobody can have seen it
  alone(async () => {
    const [question] = state.questions;
    for (const each of get("vote").querySelectorAll(`[data-choice="${choice}"]`)) each.classList.add("chosen");
    const seconds = (performance.now() - state.since) / 1000;
    const fields = { voter: state.voter, mode: state.mode, draw: question.draw, choice, seconds };
    const [standing] = await Promise.all([
      call("answer", fields),
      new Promise((resolve) => setTimeout(resolve, FLASH)),
    ]);
    await follow(standing, { pause: true });
  });
}

function undo() {
  if (state.answered === 0) return;
  alone(async () => follow(await call("undo", { voter: state.voter, mode: state.mode })));
}

function begin() {
  alone(async () => {
    const name = get("name").value;
    state.mode = new FormData(get("enter")).get("mode");
    ({ voter: state.voter } = await call("voter", { name }));
    remember(name);
    get("vote").classList.toggle("rating", state.mode === "rate");
    for (const id of ["compare", "frame-a", "frame-b"]) get(id).hidden = state.mode !== "compare";
    for (const id of ["rate", "frame-one"]) get(id).hidden = state.mode !== "rate";
    get("question").textContent = WORDS[state.mode];
    await follow(await call("next", { voter: state.voter, mode: state.mode }));
  });
}

/** Fill in the name next time; a browser that keeps nothing is fine. */
function remember(name) {
  try {
    localStorage.setItem("impasto-voter", name);
  } catch {}
}

function remembered() {
  try {
    return localStorage.getItem("impasto-voter") ?? "";
  } catch {
    return "";
  }
}

function press(event) {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || !get("start").hidden) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "z" || key === "Backspace") undo();
  else if (!get("vote").hidden && Object.hasOwn(KEYS[state.mode], key)) answer(KEYS[state.mode][key]);
  else return;
  event.preventDefault();
}

get("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  begin();
});
get("vote").addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-choice]");
  if (chosen) answer(chosen.dataset.choice);
});
get("undo").addEventListener("click", undo);
get("back").addEventListener("click", undo);
get("skip").addEventListener("click", () => answer("skip"));
get("more").addEventListener("click", () => alone(ask));
for (const id of ["leave", "again"]) {
  get(id).addEventListener("click", () => alone(async () => turnTo("start")));
}
document.addEventListener("keydown", press);
get("name").value = remembered();
get("name").focus();
state.busy = false;
