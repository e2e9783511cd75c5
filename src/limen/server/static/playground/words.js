/** What things are called, and the scenarios with the sections of the documentation that explain them. */

/** @type {Record<string, string>} */
export const CLIENTS = { browser: "Browser", second: "Second", thief: "Thief", operator: "Operator" };

/** @type {Record<string, { title: string, line: string }>} */
export const LANES = {
  session: { title: "Session", line: "The cookie says nothing; a row in the store does. Rows that were read are remembered until the feed says otherwise." },
  jwt: { title: "JWT", line: "The cookie says everything, signed. Nobody is asked, so nobody can say no." },
  hybrid: { title: "Hybrid", line: "A short token on every request, a session behind it, and the feed to end it." },
};

/** What an operation of the store is, in a word.
 * @type {Record<string, string>} */
export const OPERATIONS = {
  account_by_key: "the account by its address",
  account: "the account",
  session: "the session's row",
  charge: "the throttle, charged before the password",
  settle: "the throttle, settled after success",
  open_session: "a new session",
  rotate: "the refresh credential replaced",
  touch: "activity written down",
  revoke_session: "the session ended",
  revoke_account: "all sessions ended",
  set_scopes: "the role changed",
  read_feed: "the feed, read to be fresh again",
  ring: "the signing keys",
};

/** What a refusal means, in a word or two.
 * @type {Record<string, string>} */
export const REFUSALS = {
  credential_missing: "no cookie",
  credential_revoked: "ended",
  credential_expired: "expired",
  token_expired: "expired",
  token_stale: "older role",
  refresh_denied: "denied",
  unavailable: "cannot tell",
};

/** `acts` are the buttons that `steps` speaks of.
 * @typedef {{ id: string, title: string, steps: string, acts: string[], why: string, doc: string, section: string }} Scenario */

/** @type {Scenario[]} */
export const SCENARIOS = [
  {
    id: "speed",
    title: "A hundred calls",
    steps: "Sign in, then call it a hundred times.",
    acts: ["sign-in", "hundred"],
    why: "The first call costs most: the session reads its row, the tokens have a signature to verify. From then on all three remember what they verified and ask nobody, so the median times are alike. What differs is the weight: a token is many times as long as a session's credential, and travels with every request.",
    doc: "docs/sessions-or-jwt.md",
    section: "What was measured",
  },
  {
    id: "sign-out",
    title: "A sign-out, and a copy that goes on",
    steps: "Sign in, steal the credential, sign out here.",
    acts: ["sign-in", "steal", "out"],
    why: "A sign-out clears the browser's cookies, which says nothing about copies. Session and hybrid refuse the copy within milliseconds, as soon as the second server has read the feed. The JWT is accepted until it expires, and the answer to its sign-out said so: it never claims what it does not have.",
    doc: "docs/sessions-or-jwt.md",
    section: "What they risk",
  },
  {
    id: "theft",
    title: "A thief who stays",
    steps: "Sign in, steal, wait three times, call it a hundred times, wait once, call the API twice.",
    acts: ["sign-in", "steal", "wait", "wait", "wait", "hundred", "wait", "call", "call"],
    why: "The tokens are over by then. With JWT that is the end, for both. In the hybrid Ada, who alone makes the hundred calls, spends the refresh credential and gets its successor; when the thief shows the spent one a minute later, that is a replay, and the session ends for both. In the session lane nothing betrays the thief: both use one number.",
    doc: "docs/flow.md",
    section: "One refresh",
  },
  {
    id: "devices",
    title: "Two devices, one sign-out",
    steps: "Sign in, open a second device, sign out everywhere, call the API.",
    acts: ["sign-in", "second", "everywhere", "call"],
    why: "A sign-out everywhere is one event, for all sessions of the account that began before it: the time in a session's id decides, so nothing is written for each of them. A new sign-in is later than the event, and good.",
    doc: "docs/http.md",
    section: "Routes",
  },
  {
    id: "role",
    title: "Another role",
    steps: "Sign in, call the API, change the role, call it again.",
    acts: ["sign-in", "call", "role", "call"],
    why: "The session's row is narrowed, and the next call reads it. The hybrid's older tokens are refused by an event of the feed: the page refreshes and repeats, as any page of yours would. The JWT carries what Ada might do when she signed in, and keeps it until it expires.",
    doc: "docs/sessions-or-jwt.md",
    section: "What the numbers do not decide",
  },
  {
    id: "feed",
    title: "The feed is cut",
    steps: "Sign in, call the API, cut the feed, sign out here.",
    acts: ["sign-in", "call", "feed", "out"],
    why: "The second server is not told any more. For max_staleness, five seconds, it believes its view, and the copy is let in; that is the promised bound and it is never exceeded. Then it asks the store for each request, one read each, and refuses. It never guesses that somebody is still welcome.",
    doc: "docs/flow.md",
    section: "The same, seen for the first time",
  },
  {
    id: "store",
    title: "The store is stopped",
    steps: "Sign in, call the API, stop the store, call; wait a minute, call again.",
    acts: ["sign-in", "call", "store", "call", "wait", "call"],
    why: "The JWT notices nothing, and could not say no either. Session and hybrid go on for five seconds from memory, with no store read; then their view of the feed is too old, nobody can be asked, and they answer 503. Nobody can sign in or out meanwhile, because nothing is acknowledged that was not written.",
    doc: "docs/sessions-or-jwt.md",
    section: "What was measured",
  },
  {
    id: "expiry",
    title: "Time passes",
    steps: "Sign in, call the API, wait a minute three times, call again.",
    acts: ["sign-in", "call", "wait", "wait", "wait", "call"],
    why: "The session is awake as long as it is used, and writes that down once a minute. The JWT ends, and Ada must sign in again. The hybrid's token ends as well; the page gets 401, spends the refresh credential, and repeats its call.",
    doc: "docs/http.md",
    section: "Two transports",
  },
];

/** The scenario that explains an entry of the log.
 * @param {import("./totals.js").Entry} entry */
export function explained(entry) {
  if (entry.what === "logout") return entry.sent && entry.sent.body > 2 ? "devices" : "sign-out";
  if (entry.what === "refresh" || entry.what === "steal") return "theft";
  if (entry.what === "role") return "role";
  if (entry.status === 503 || entry.what === "store") return "store";
  if (entry.what === "feed" || (entry.server === "api" && !entry.fresh)) return "feed";
  if (entry.code === "token_expired" || entry.code === "credential_expired" || entry.what === "wait") return "expiry";
  if (entry.status === 401 || entry.who === "thief") return "sign-out";
  return "speed";
}

/** Seconds in words.
 * @param {number} seconds */
export function spell(seconds) {
  if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Microseconds in words.
 * @param {number} micros */
export function micros(micros) {
  return micros < 10_000 ? `${Math.round(micros).toLocaleString("en")} µs` : `${Math.round(micros / 1000)} ms`;
}

/** Bytes in words.
 * @param {number} bytes */
export function weight(bytes) {
  return bytes < 10_000 ? `${bytes.toLocaleString("en")} B` : `${(bytes / 1000).toFixed(1)} kB`;
}
