/** The playground: buttons act in all lanes at once, and the server's log is drawn. */

import { $, fill, h } from "../workbench/dom.js";
import { Player, look, pause, turn } from "./acts.js";
import { Lane } from "./draw.js";
import { Totals } from "./totals.js";
import { LANES, SCENARIOS, spell } from "./words.js";

/** @typedef {import("./acts.js").State} State */

const NAMES = Object.keys(LANES),
  CLIENTS = ["browser", "second", "thief"],
  EVERY = 1000;

/** @type {Record<string, Lane>} */
const lanes = Object.fromEntries(NAMES.map((name) => [name, new Lane(name)]));
/** @type {Record<string, Totals>} */
let totals = fresh();
/** @type {State | null} */
let state = null;
let last = 0,
  busy = false;
/** Looks at the log wait for each other: no entry is counted twice. @type {Promise<void>} */
let looking = Promise.resolve();

function fresh() {
  return Object.fromEntries(NAMES.map((name) => [name, new Totals()]));
}

/** Take in what the log has. */
function update() {
  looking = looking.catch(() => {}).then(async () => take(await look(last)));
  return looking;
}

/** @param {State} found */
function take(found) {
  if (state && state.process !== found.process) {
    trouble("This server runs in several processes, or was started anew, and each has a playground of its own. Start it with one (limen serve --workers 1) and load the page again.");
    return;
  }
  if (found.missed && last) trouble("The log was longer than the server keeps: the sums here leave some requests out. Begin again to count anew.");
  state = found;
  for (const entry of found.entries) {
    last = entry.number;
    if (entry.what === "again") begin();
    for (const name of entry.lane ? [entry.lane] : NAMES) {
      totals[name].add(entry);
      lanes[name].add(entry, totals[name].isLate(entry));
    }
  }
  for (const name of NAMES) lanes[name].sum(totals[name], found.lanes.find((lane) => lane.name === name));
  $("store").textContent = found.store ? "Start the store" : "Stop the store";
  $("feed").textContent = found.feed ? "Join the feed" : "Cut the feed";
  document.body.dataset.store = found.store ? "stopped" : "";
  document.body.dataset.feed = found.feed ? "cut" : "";
}

function begin() {
  totals = fresh();
  for (const lane of Object.values(lanes)) lane.clear();
}

/** @param {string} said */
function trouble(said) {
  $("trouble").textContent = said;
  $("trouble").hidden = false;
}

/** Do something in every lane.
 * @param {(lane: string) => Promise<unknown>} act */
function all(act) {
  return Promise.all(NAMES.map(act));
}

/** The clients of a lane that have, or had, a credential.
 * @param {string} lane */
function playing(lane) {
  return CLIENTS.filter((who) => who === "browser" || totals[lane].clients[who] !== "none").map((who) => new Player(lane, who));
}

/** @param {boolean} everywhere */
async function signOut(everywhere) {
  await all(async (lane) => {
    const browser = new Player(lane, "browser");
    if (!totals[lane].copied && (await browser.steal()) === 401) return; // nobody is signed in
    const effective = await browser.signOut(everywhere);
    if (effective !== null) await new Player(lane, "thief").follow(effective, update);
  });
  await update();
  const found = NAMES.map((lane) => `${LANES[lane].title}: ${late(lane)}`);
  return `The copy of the credential went on calling. ${found.join("; ")}.`;
}

/** @param {string} lane */
function late(lane) {
  const { out } = totals[lane],
    seconds = totals[lane].late();
  if (!out || seconds === null || !out.asked) return "not signed out";
  if (out.going) return `still accepted after ${spell(seconds)}`;
  return seconds ? `accepted for ${spell(seconds)}` : "refused at once";
}

/** @type {Record<string, () => Promise<string>>} */
const ACTS = {
  "sign-in": async () => {
    const { email, password } = /** @type {State} */ (state);
    const found = await all((lane) => new Player(lane, "browser").signIn(email, password));
    return found.every((status) => status === 200) ? `${email} is signed in, three times over.` : "The sign-in failed: see the lanes.";
  },
  call: async () => {
    await all(async (lane) => {
      for (const player of playing(lane)) await player.callAsPage();
    });
    return "Each client has called the API.";
  },
  hundred: async () => {
    for (const lane of NAMES) {
      await new Player(lane, "browser").hundred(); // one lane after the other, so that none slows another down
      await update();
    }
    return "A hundred calls in each lane.";
  },
  second: async () => {
    const { email, password } = /** @type {State} */ (state);
    await all((lane) => new Player(lane, "second").signIn(email, password));
    return "A second device has signed in, with a session of its own.";
  },
  steal: async () => {
    const found = await all((lane) => new Player(lane, "browser").steal());
    if (found.every((status) => status === 401)) return "There is nothing to steal: sign in first.";
    await all((lane) => new Player(lane, "thief").callAsPage());
    return "The thief has a copy of the browser's cookies, and has called the API with it.";
  },
  role: async () => {
    const role = state?.lanes.some((lane) => lane.role === "editor") ? "reader" : "editor";
    await turn("role", { role });
    await pause(100); // by then the feed has told the server with the API
    return role === "reader" ? "Ada may only read from now on. Call the API, and see who knows." : "Ada may write again: with her next sign-in.";
  },
  out: () => signOut(false),
  everywhere: () => signOut(true),
  store: async () => {
    const cut = !state?.store;
    await turn("switch", { what: "store", cut });
    return cut ? "The store of the lanes is stopped." : "The store of the lanes is back.";
  },
  feed: async () => {
    const cut = !state?.feed;
    await turn("switch", { what: "feed", cut });
    return cut ? "The feed of the lanes is cut." : "The feed of the lanes is back.";
  },
  wait: async () => {
    await turn("wait");
    return "A minute has passed on the lanes' clock.";
  },
  again: async () => {
    await turn("again");
    return "Everything is joined, every jar is empty, and the sums begin at nothing.";
  },
};

/** Press these buttons, one after the other.
 * @param {string[]} acts */
async function press(acts) {
  if (busy) return;
  working(true);
  try {
    for (const act of acts) {
      const said = await ACTS[act]();
      await update();
      $("told").textContent = said;
    }
  } catch (error) {
    trouble(`That did not work: ${error instanceof Error ? error.message : error}. Is the server still there?`);
  } finally {
    working(false);
  }
}

/** Buttons stay where they are and keep the focus; they only do nothing meanwhile.
 * @param {boolean} is */
function working(is) {
  busy = is;
  $("lanes").setAttribute("aria-busy", String(is));
  for (const button of document.querySelectorAll("main button")) button.setAttribute("aria-disabled", String(is));
}

async function tick() {
  if (!document.hidden && !busy) await update().catch(() => {}); // the next act will say it
  setTimeout(tick, EVERY);
}

/** @param {import("./words.js").Scenario} scenario */
function show(scenario) {
  $("main").scrollIntoView();
  return press(["again", ...scenario.acts]);
}

function scenarios() {
  return SCENARIOS.map((one) =>
    h(
      "article",
      { id: `why-${one.id}`, tabindex: "-1" },
      h("h3", {}, one.title),
      h("p", { class: "steps" }, one.steps),
      h("p", {}, one.why),
      h("p", { class: "doc" }, h("code", {}, one.doc), ` · ${one.section}`),
      h("button", { type: "button", class: "quiet", "aria-label": `Show me: ${one.title}`, onclick: () => show(one) }, "Show me"),
    ),
  );
}

fill($("scenarios"), ...scenarios());
fill($("lanes"), ...NAMES.map((name) => lanes[name].element));
begin();
for (const id of Object.keys(ACTS)) $(id).addEventListener("click", () => press([id]));
working(true);
update()
  .then(() => working(false))
  .catch(() => trouble("The playground could not be started: see the log of the server."))
  .finally(tick);
