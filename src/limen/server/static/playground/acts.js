/** What the buttons do: real requests of this browser, each client with the cookies of its own path. */

/** @typedef {{ name: string, role: string, lag: number, counters: { requests: number, bytes: number, accepted: number, operations: Record<string, number> }, age: number | null, fresh: boolean }} LaneState */
/** @typedef {{ process: string, now: number, turned: number, store: boolean, feed: boolean, keeps: string, email: string, password: string,
 *   max_staleness: number, access_lifetime: number, leeway: number, lanes: LaneState[], entries: import("./totals.js").Entry[], missed: boolean }} State */

const AT_ONCE = 4,
  HUNDRED = 100;
/** Milliseconds: how long a copy is followed densely after a sign-out, how often then, and later. */
const DENSE = 400,
  SOON = 10,
  LATER = 250;
/** Seconds: a sign-out that takes effect later than this is not waited for. */
const PATIENCE = 10;

/** @param {string} path @param {string} [method] @param {unknown} [body] */
async function ask(path, method = "GET", body) {
  const headers = body === undefined ? undefined : { "content-type": "application/json" };
  return await fetch(`playground/${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
    credentials: "same-origin",
    redirect: "error",
  });
}

/** What came after `after`.
 * @param {number} after @returns {Promise<State>} */
export async function look(after) {
  const answer = await ask(`log?after=${after}`);
  if (!answer.ok) throw new Error(`the log cannot be read (${answer.status})`);
  return await answer.json();
}

/** Turn a switch: `switch`, `wait`, `role` or `again`.
 * @param {string} name @param {unknown} [body] */
export async function turn(name, body) {
  const answer = await ask(name, "POST", body);
  if (!answer.ok) throw new Error(`the server refused (${answer.status})`);
  await answer.arrayBuffer();
}

/** One client of one lane. */
export class Player {
  /** @param {string} lane @param {string} who */
  constructor(lane, who) {
    this.lane = lane;
    this.who = who;
  }

  /** @param {string} path @param {string} [method] @param {unknown} [body] */
  async #ask(path, method, body) {
    const answer = await ask(`${this.lane}/${this.who}/${path}`, method, body);
    const text = await answer.text();
    return { status: answer.status, text };
  }

  /** @param {string} email @param {string} password */
  async signIn(email, password) {
    return (await this.#ask("auth/login", "POST", { email, password, transport: "cookie" })).status;
  }

  /** One call, as it is answered. */
  async call() {
    return (await this.#ask("api")).status;
  }

  /** One call, as a page makes it: where a token was refused that can be refreshed, refresh and repeat. */
  async callAsPage() {
    const status = await this.call();
    if (status !== 401 || this.lane !== "hybrid") return status;
    const refreshed = await this.#ask("auth/refresh", "POST");
    return refreshed.status === 200 ? await this.call() : status;
  }

  /** A hundred calls, a few at a time. */
  async hundred() {
    if ((await this.callAsPage()) === 401) return;
    let left = HUNDRED - 1;
    const some = async () => {
      while (left-- > 0) await this.call();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, some));
  }

  /** Have the server copy this jar into the thief's. */
  async steal() {
    return (await this.#ask("auth/refresh/steal", "POST")).status;
  }

  /** Seconds until the sign-out holds everywhere, as its answer says; null where it failed.
   * @param {boolean} all */
  async signOut(all) {
    const { status, text } = await this.#ask("auth/logout", "POST", all ? { all } : undefined);
    return status === 200 ? Number(JSON.parse(text).effective_in) : null;
  }

  /** Call until it is refused, or longer than was promised; `seen` after every few.
   * @param {number} effective @param {() => Promise<void>} seen */
  async follow(effective, seen) {
    const began = performance.now(),
      patience = 1000 * (effective > PATIENCE ? 1 : effective + 1.5);
    for (let calls = 1; (await this.call()) === 200; calls++) {
      const gone = performance.now() - began;
      if (gone > patience) return;
      if (gone > DENSE) await seen();
      await pause(gone > DENSE ? LATER : SOON);
    }
  }
}

/** @param {number} milliseconds */
export function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}
