// The page's own modules in Node, without the page: a line with a list of questions, then a line with the answers.
// Each question is [what, argument]; an exception is an answer too, since none may ever come.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const load = (name) => import(pathToFileURL(`${folder}/${name}.js`).href);
const [b64, compare, encode, findings, hashes, jose, json, keys, known, make, text, time, uuid, verify] = await Promise.all(
  ["b64", "compare", "encode", "findings", "hashes", "jose", "json", "keys", "known", "make", "text", "time", "uuid", "verify"].map(load),
);
const bytes = (standard) => new Uint8Array(Buffer.from(standard, "base64"));

const ANSWERS = {
  // base64 of bytes → whether they are JSON as the server's strict parser has it
  json(raw) {
    try {
      const { root, faults } = json.read(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes(raw)));
      if (root) json.pretty(root);
      return root !== null && faults.length === 0;
    } catch (error) {
      if (error.code === "ERR_ENCODING_INVALID_ENCODED_DATA") return false;
      throw error;
    }
  },
  faults: (said) => json.read(said).faults.map((fault) => fault.code),
  base64url: (said) => b64.decode(said) !== null,
  find: (pasted) => jose.find(pasted),
  async verify({ token, key, ...how }) {
    const { accepted, reason, signature, notes, words } = await verify.verify(token, await keys.read(key, how));
    return { accepted, reason, signature, notes, words };
  },
  async findings({ token, now, expected, secret }) {
    const found = await findings.token(jose.read(token), { now, expected, secret: secret === null ? null : bytes(secret) });
    return found.map(({ id, severity, what }) => [id, severity, what]);
  },
  async keys(said) {
    return (await findings.keys(json.read(said).root)).map(({ id }) => id);
  },
  flaws: (token) => jose.read(token).flaws,
  async known(secrets) {
    return (await Promise.all(secrets.map((secret) => known.contains(bytes(secret))))).filter(Boolean).length;
  },
  uuid: (said) => ({ ...uuid.inspect(said), created: uuid.inspect(said).created }),
  uuids: (now) => [uuid.uuid4(), uuid.uuid7(now)],
  canonical: (said) => uuid.canonical(said),
  hash: (stored) => hashes.read(stored),
  cut: (password) => hashes.cutByBcrypt(password),
  compare: ([left, right]) => compare.compare(jose.read(left), jose.read(right)).map(({ name, kind, note }) => [name, kind, note]),
  forms: ([said, reading]) => {
    const raw = encode.bytes(said, reading);
    return raw && Object.fromEntries(encode.forms(raw).map((form) => [form.name, form.text]));
  },
  moments: ([said, now]) => Object.fromEntries(encode.moments(said, now).map((form) => [form.name, form.text])),
  compact: (said) => make.compact(said),
  problems: ([part, said, alg]) => make.problems(part, said, alg).map((problem) => problem.words),
  oddities: (said) => text.oddities(said),
  spell: (seconds) => time.spell(seconds),
  relative: ([moment, now]) => time.relative(moment, now),
  // milliseconds that a token takes to be found, taken apart and searched for findings
  async took(token) {
    const begun = performance.now(), taken = jose.read(jose.find(token)[0].token);
    await findings.token(taken, { now: 0 });
    return performance.now() - begun;
  },
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const answers = [];
  for (const [what, argument] of JSON.parse(line)) {
    try {
      answers.push({ answer: await ANSWERS[what](argument) });
    } catch (error) {
      answers.push({ failed: String(error.stack) });
    }
  }
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}
