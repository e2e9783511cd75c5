/** Draws a lane: who is signed in, the sums, and each request from client to server to store. */

import { fill, h } from "../workbench/dom.js";
import { CLIENTS, LANES, OPERATIONS, REFUSALS, explained, micros, spell, weight } from "./words.js";

/** @typedef {import("./totals.js").Entry} Entry */
/** @typedef {import("./totals.js").Totals} Totals */
/** @typedef {import("./acts.js").LaneState} LaneState */
/** @typedef {{ key: string, entries: Entry[], late: boolean, row: HTMLDetailsElement }} Row */

const ROWS = 40,
  BARS = 100,
  STRIP_FROM = 4;

/** @type {Record<string, string>} */
const DONE = { api: "calls the API", login: "signs in", logout: "signs out", refresh: "refreshes", role: "changes the role" };
/** @type {Record<string, string>} */
const CUT = { store: "The store is stopped", feed: "The feed is cut" };
/** @type {Record<string, string>} */
const JOINED = { store: "The store is back", feed: "The feed is back" };

/** One lane on the page. */
export class Lane {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.clients = h("ul", { class: "clients" });
    this.sums = h("dl", { class: "sums" });
    this.log = h("ol", { class: "log" });
    /** @type {Row | null} */
    this.latest = null;
    this.view = h("p", { class: "view" });
    const { title, line } = LANES[name];
    this.element = h(
      "article",
      { class: "lane", id: `lane-${name}`, "aria-labelledby": `lane-${name}-h` },
      h("h2", { id: `lane-${name}-h` }, title),
      h("p", { class: "hint" }, line),
      this.clients,
      h("p", { class: "ends", "aria-hidden": "true" }, h("span", {}, "client"), h("span", {}, "server"), h("span", {}, "store")),
      h("div", { class: "requests", tabindex: "0", role: "region", "aria-label": `Requests of the lane ${title}, newest first` }, this.log),
      this.view,
      h("h3", {}, "Altogether"),
      this.sums,
    );
  }

  clear() {
    this.latest = null;
    fill(this.log, h("li", { class: "nothing" }, "Each request becomes a row: who sent it and how many bytes, what the server answered and how long it took, and whether the store was asked. Open a row to see every header."));
  }

  /** Draw an entry on top; one like the latest joins it.
   * @param {Entry} entry @param {boolean} late */
  add(entry, late) {
    this.log.querySelector(".nothing")?.remove();
    const item = entry.status ? this.#request(entry, late) : this.#mark(entry);
    if (item) this.log.prepend(item);
    while (this.log.children.length > ROWS) this.log.lastElementChild?.remove();
  }

  /** @param {Totals} totals @param {LaneState | undefined} state */
  sum(totals, state) {
    fill(this.clients, ...Object.keys(totals.clients).map((who) => client(who, totals.standing(who))), h("li", { class: "role" }, `Ada is ${totals.role === "editor" ? "an editor" : "a reader"}`));
    const median = totals.median();
    fill(
      this.sums,
      sum("bytes", weight(totals.bytes), `in ${totals.requests.toLocaleString("en")} requests`, totals.bytes),
      sum("store reads", totals.reads.toLocaleString("en"), "", totals.reads),
      sum("median call", median === null ? "–" : micros(median), "", median),
      sum("from sign-out to the last accepted call", ...outlived(totals)),
    );
    const stale = Boolean(state && !state.fresh) && this.name !== "jwt";
    if (this.name === "jwt") this.view.textContent = "A JWT follows no feed.";
    else if (state && state.age !== null) this.view.textContent = `The API's view of the feed: ${spell(state.age)} old${stale ? ", too old to be trusted" : ""}`;
    this.view.classList.toggle("stale", stale);
  }

  /** @param {Entry} entry @param {boolean} late */
  #request(entry, late) {
    const key = [entry.who, entry.what, entry.status, entry.code, entry.cache, entry.reads, entry.asked.length, entry.says, late].join(" ");
    if (entry.what === "api" && this.latest?.key === key && this.latest.entries.length < BARS) {
      this.latest.entries.push(entry);
      drawn(this.latest);
      return null;
    }
    this.latest = { key, entries: [entry], late, row: h("details", {}) };
    drawn(this.latest);
    return h("li", {}, this.latest.row);
  }

  /** @param {Entry} entry */
  #mark(entry) {
    this.latest = null;
    const said = entry.what === "wait" ? "A minute passes" : entry.what === "steal" ? "The thief copies the browser's cookies" : entry.what === "again" ? "Begun again" : entry.says === "cut" ? CUT[entry.what] : JOINED[entry.what];
    return h("li", { class: `mark ${entry.what}` }, said);
  }
}

/** @param {string} who @param {import("./totals.js").Standing} is */
function client(who, is) {
  const thief = who === "thief",
    said = { none: thief ? "has nothing" : "not signed in", in: thief ? "has a copy" : "signed in", ended: thief ? "has an ended copy" : "was ended", out: "signed out" }[is];
  return h("li", { class: is, "data-who": who }, h("b", {}, CLIENTS[who]), " ", said);
}

/** @param {string} name @param {string} shown @param {string} [more] @param {number | null} [exact] */
function sum(name, shown, more = "", exact = null) {
  return h("div", {}, h("dt", {}, name), h("dd", { "data-sum": name, "data-exact": exact === null ? "" : String(exact) }, h("b", {}, shown), more && ` ${more}`));
}

/** @param {Totals} totals @returns {[string, string, number | null]} */
function outlived(totals) {
  const { out } = totals,
    late = totals.late();
  if (!out || late === null) return ["–", "", null];
  if (!out.asked) return ["–", "nobody has tried a copy", null];
  if (out.going) return [spell(late), `and going on; the sign-out said ${spell(out.effective)}`, late];
  return [late ? spell(late) : "0 s", late ? "" : "not one was accepted", late];
}

/** Draw a row anew: what the requests in it have in common, and how long each took.
 * @param {Row} row */
function drawn(row) {
  const { entries, late } = row,
    entry = entries[entries.length - 1],
    verdict = late && entry.status === 200 ? "late" : entry.status < 400 ? "good" : entry.status === 503 ? "away" : "bad";
  const stores = entry.asked.filter((one) => one.kind !== "feed"),
    fed = entry.asked.find((one) => one.kind === "feed"),
    failed = entry.asked.some((one) => one.failed);
  const times = entries.map((one) => one.micros).sort((a, b) => a - b);
  row.row.className = verdict;
  fill(
    row.row,
    h(
      "summary",
      {},
      h("span", { class: "who" }, h("b", {}, CLIENTS[entry.who], entries.length > 1 ? ` × ${entries.length}` : ""), " ", h("span", {}, DONE[entry.what] ?? entry.what)),
      h("span", { class: "wire" }, h("span", {}, entry.sent ? `${weight(entry.sent.bytes)} →` : ""), h("span", {}, entry.answered ? `← ${weight(entry.answered.bytes)}` : "")),
      h("span", { class: "server" }, h("b", {}, status(entry, late)), h("span", {}, `${entry.cache === "hit" ? "hit, " : ""}${micros(times[times.length >> 1])}`)),
      h("span", { class: `wire ${stores.length || fed ? "" : "idle"} ${failed ? "broken" : ""}` }, h("span", {}, reads(entry)), below(entry)),
      h("span", { class: "store", "aria-hidden": "true" }, failed ? "✕" : stores.length || fed ? "●" : "○"),
      entries.length >= STRIP_FROM && strip(entries),
    ),
    details(entry),
  );
}

/** @param {Entry} entry @param {boolean} late */
function status(entry, late) {
  const more = late && entry.status === 200 ? "still" : (REFUSALS[entry.code] ?? (narrowed(entry) ? "reads only" : ""));
  return `${entry.status} ${more}`;
}

/** Whether the API took the caller for somebody who may read and not write.
 * @param {Entry} entry */
function narrowed(entry) {
  return entry.what === "api" && entry.status === 200 && !entry.says.includes("write");
}

/** @param {Entry} entry */
function reads(entry) {
  if (entry.reads) return `${entry.reads} read${entry.reads > 1 ? "s" : ""}`;
  return entry.asked.length ? "" : "not asked";
}

/** What was written, or, where nothing was, the age of the view that was trusted or not. A JWT trusts none.
 * @param {Entry} entry */
function below(entry) {
  const count = entry.asked.filter((one) => one.kind === "write").reduce((all, one) => all + one.count, 0),
    fed = entry.asked.some((one) => one.kind === "feed");
  const asked = [count ? `${count} write${count > 1 ? "s" : ""}` : "", fed ? "feed" : ""].filter(Boolean).join(", ");
  if (asked || entry.lane === "jwt" || entry.server !== "api" || entry.age === null) return h("span", {}, asked);
  return h("span", { class: entry.fresh ? "" : "stale" }, `view ${spell(entry.age)}`);
}

/** Each request as a bar, on a logarithmic scale from 8 µs to 8 ms.
 * @param {Entry[]} entries */
function strip(entries) {
  return h("span", { class: "strip", "aria-hidden": "true" }, ...entries.map((one) => {
    const bar = h("i", {});
    bar.style.height = `${Math.min(100, Math.max(12, 10 * Math.log2(one.micros / 8)))}%`;
    return bar;
  }));
}

/** @param {Entry} entry */
function details(entry) {
  return h(
    "div",
    { class: "detail" },
    entry.sent && part("Sent", entry.sent, entry),
    entry.answered && part("Answered", entry.answered, entry),
    h("h3", {}, "In the server"),
    h("p", {}, `${entry.at.toFixed(3)} s after the beginning, ${micros(entry.micros)} long. `, entry.server === "api" ? "The one with the API" : "The one that signs people in", entry.age === null ? "" : `; its view of the feed was ${spell(entry.age)} old${entry.fresh ? "" : ", too old to be trusted"}`, memory(entry)),
    entry.says && entry.status !== 204 && h("pre", {}, entry.says),
    h("h3", {}, "In the store"),
    entry.asked.length ? table(entry.asked.map((one) => [OPERATIONS[one.name] ?? one.name, `${one.failed ? "failed, " : ""}${one.kind}, ${micros(one.micros)}`])) : h("p", {}, "It was not asked."),
    h("p", {}, h("a", { href: `#why-${explained(entry)}` }, "Why is it so?")),
  );
}

/** @param {Entry} entry */
function memory(entry) {
  return { hit: "; it had verified this very credential before (a cache hit)", miss: "; it looked at this credential closely (a cache miss)", "": "" }[entry.cache];
}

/** @param {string} title @param {import("./totals.js").Travelled} one @param {Entry} entry */
function part(title, one, entry) {
  const first = title === "Sent" ? `the line of the request` : `the line of status ${entry.status}`;
  /** @type {[string, string][]} */
  const rows = [[first, weight(one.line)]];
  for (const [name, bytes] of one.headers) rows.push([name, weight(bytes)]);
  for (const cookie of one.cookies) rows.push([`cookie ${cookie.name}${cookie.shown ? ` = ${cookie.shown}` : ""}${cookie.said ? `; ${cookie.said}` : ""}`, `${weight(cookie.bytes)} of those`]);
  if (one.body) rows.push(["the body", weight(one.body)]);
  return h("div", {}, h("h3", {}, `${title}, ${weight(one.bytes)}`), table(rows));
}

/** @param {[string, string][]} rows */
function table(rows) {
  return h("dl", { class: "lines" }, ...rows.map(([name, said]) => h("div", {}, h("dt", {}, name), h("dd", {}, said))));
}
