/** What the log adds up to, lane by lane. The page sums for itself: a test holds it against the server's counters. */

/** @typedef {{ name: string, bytes: number, shown: string, said: string }} Cookie */
/** @typedef {{ bytes: number, line: number, headers: [string, number][], cookies: Cookie[], body: number }} Travelled */
/** @typedef {{ name: string, kind: "read" | "feed" | "write", count: number, micros: number, failed: number }} Asked */
/** @typedef {{ number: number, lane: string, who: string, what: string, at: number, ended: number, status: number, code: string, says: string,
 *   sent: Travelled | null, answered: Travelled | null, asked: Asked[], reads: number, age: number | null, fresh: boolean,
 *   cache: "" | "hit" | "miss", micros: number, server: "" | "issuer" | "api" }} Entry */

/** A sign-out, and what became of the credentials that it covers.
 * @typedef {{ at: number, effective: number, covered: Set<string>, last: number | null, asked: number, going: boolean }} Out */

/** @typedef {"none" | "in" | "out"} Client */
/** @typedef {Client | "ended"} Standing */

/** The sums of one lane. */
export class Totals {
  requests = 0;
  bytes = 0;
  reads = 0;
  accepted = 0;
  /** Microseconds of each call of the API. @type {number[]} */
  times = [];
  /** @type {Record<string, Client>} */
  clients = { browser: "none", second: "none", thief: "none" };
  /** @type {Out | null} */
  out = null;
  role = "editor";
  /** Whether the thief's jar is a copy of the session that the browser has now. */
  copied = false;

  /** @param {Entry} entry */
  add(entry) {
    this.reads += entry.reads;
    if (entry.sent && entry.answered) {
      this.requests += 1;
      this.bytes += entry.sent.bytes + entry.answered.bytes;
    }
    if (entry.what === "api") this.#called(entry);
    else if (entry.what === "login" && entry.status === 200) this.#signedIn(entry.who);
    else if (entry.what === "logout" && entry.status === 200) this.#signedOut(entry);
    else if (entry.what === "steal") this.#stolen();
    else if (entry.what === "role" && entry.status === 200) this.role = entry.says;
  }

  /** What a client has: nothing, a credential, one that a sign-out has ended, or an empty jar.
   * @param {string} who @returns {Standing} */
  standing(who) {
    const is = this.clients[who];
    return is === "in" && this.out?.covered.has(who) ? "ended" : is;
  }

  /** The median time of a call in microseconds; null before there was one. */
  median() {
    if (!this.times.length) return null;
    const sorted = [...this.times].sort((a, b) => a - b),
      middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** Seconds from the latest sign-out to the last call that was accepted on a credential which it ended. */
  late() {
    return this.out && (this.out.last === null ? 0 : this.out.last - this.out.at);
  }

  /** Whether a call came on a credential that a sign-out had ended.
   * @param {Entry} entry */
  isLate(entry) {
    return Boolean(this.out && entry.what === "api" && entry.at > this.out.at && this.out.covered.has(entry.who));
  }

  /** @param {Entry} entry */
  #called(entry) {
    this.times.push(entry.micros);
    this.accepted += entry.status === 200 ? 1 : 0;
    if (!this.out || !this.isLate(entry)) return;
    if (entry.code === "credential_missing") return; // an empty jar tells nothing about copies
    this.out.asked += 1;
    this.out.going = entry.status === 200;
    if (entry.status === 200) this.out.last = entry.at;
  }

  /** @param {string} who */
  #signedIn(who) {
    this.clients[who] = "in";
    this.copied &&= who !== "browser";
    this.out?.covered.delete(who);
  }

  #stolen() {
    this.clients.thief = "in";
    this.copied = true;
    if (!this.out?.covered.has("browser")) this.out?.covered.delete("thief");
  }

  /** @param {Entry} entry */
  #signedOut(entry) {
    const all = /** @type {Travelled} */ (entry.sent).body > 2,
      shared = this.#sharing(entry.who);
    const covered = new Set(all ? ["browser", "second", "thief"] : shared);
    this.out = { at: entry.ended, effective: effective(entry.says), covered, last: null, asked: 0, going: false };
    this.clients[entry.who] = "out";
  }

  /** Who holds the same session: the thief's is a copy of the browser's.
   * @param {string} who */
  #sharing(who) {
    return who === "second" ? ["second"] : ["browser", "thief"];
  }
}

/** The seconds that a sign-out said until it holds everywhere.
 * @param {string} says */
function effective(says) {
  try {
    return Number(JSON.parse(says).effective_in) || 0;
  } catch {
    return 0;
  }
}
