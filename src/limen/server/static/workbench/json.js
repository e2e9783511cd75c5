/**
 * JSON read exactly: every value with the place where it stands and the text that it had, so that a page can
 * show 9007199254740993 as it was written. What two parsers could read in two ways becomes a fault.
 *
 * The reader keeps a stack of its own: a hundred thousand brackets are a fault and not a crash. It never makes
 * objects of JavaScript out of members, so `__proto__` is a name like any other.
 */

/** @typedef {{kind: "object"|"array"|"string"|"number"|"boolean"|"null", start: number, end: number, text: string,
 *   string?: string, members?: Member[], items?: Node[]}} Node */
/** @typedef {{name: string, start: number, node: Node, again: boolean}} Member `again`: the name stood before. */
/** @typedef {{code: "syntax"|"duplicate"|"constant"|"huge"|"digits"|"surrogate"|"deep"|"encoding", at: number, words: string}} Fault */
/** @typedef {{text: string, root: Node | null, faults: Fault[]}} Document_ `root` is null where nothing could be read. */

const DEEPEST = 500;
/** What Python reads of an integer. */
const MOST_DIGITS = 4300;
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const CONSTANT = /NaN|-?Infinity/y;
const CALM = /[^"\\\u0000-\u001f]*/y;
/** @type {Record<string, string>} */
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

class SyntaxFault extends Error {
  /** @param {number} at @param {string} words */
  constructor(at, words) {
    super(words);
    this.at = at;
  }
}

/** The document, and everything that is wrong with it. Never throws.
 * @param {string} text @returns {Document_} */
export function read(text) {
  const reader = new Reader(text);
  try {
    return { text, root: reader.document(), faults: reader.faults };
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    return { text, root: null, faults: [...reader.faults, { code: "syntax", at: error.at, words: error.message }] };
  }
}

class Reader {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
    /** @type {Fault[]} */
    this.faults = [];
  }

  document() {
    this.space();
    const root = this.value();
    this.space();
    if (this.at < this.text.length) this.fail("something follows the value");
    return root;
  }

  /** One value with all that is in it, without recursion.
   * @returns {Node} */
  value() {
    /** @type {{node: Node, names: Set<string>}[]} */
    const open = [];
    let node = this.begin(open);
    for (;;) {
      const top = open.at(-1);
      if (!top) return node;
      if (top.node !== node) this.put(top.node, node);
      node = this.next(top, top.node !== node, open) ?? this.close(open);
    }
  }

  /** The next value inside `top`; null where it ends.
   * @param {{node: Node, names: Set<string>}} top @param {boolean} after @param {{node: Node, names: Set<string>}[]} open */
  next(top, after, open) {
    const { node, names } = top,
      closing = node.kind === "object" ? "}" : "]";
    this.space();
    if (this.text[this.at] === closing) return null;
    if (after || (node.members ?? node.items ?? []).length) {
      if (this.text[this.at] !== ",") this.fail(`“,” or “${closing}” is missing here`);
      this.at++;
      this.space();
      if (this.text[this.at] === closing) this.fail(`a comma before “${closing}”`);
    }
    if (node.kind === "object") this.name(node, names);
    return this.begin(open);
  }

  /** @param {{node: Node, names: Set<string>}[]} open */
  close(open) {
    const { node } = /** @type {{node: Node}} */ (open.pop());
    node.end = ++this.at;
    node.text = this.text.slice(node.start, node.end);
    return node;
  }

  /** @param {Node} node @param {Set<string>} names */
  name(node, names) {
    const start = this.at;
    if (this.text[start] !== '"') this.fail("a name in quotes is missing here");
    const name = this.string(),
      again = names.has(name);
    if (again)
      this.faults.push({ code: "duplicate", at: start, words: `the name “${name}” stands twice in one object` });
    names.add(name);
    this.space();
    if (this.text[this.at] !== ":") this.fail("“:” is missing here");
    this.at++;
    this.space();
    node.members?.push({ name, start, again, node: NOTHING });
  }

  /** @param {Node} parent @param {Node} node */
  put(parent, node) {
    const members = parent.members;
    if (members) members[members.length - 1].node = node;
    else parent.items?.push(node);
  }

  /** A simple value, or a container that was just opened.
   * @param {{node: Node, names: Set<string>}[]} open @returns {Node} */
  begin(open) {
    const start = this.at,
      first = this.text[start];
    if (first !== "{" && first !== "[") return this.simple(start, first);
    this.at++;
    /** @type {Node} */
    const node =
      first === "{"
        ? { kind: "object", start, end: start, text: "", members: [] }
        : { kind: "array", start, end: start, text: "", items: [] };
    open.push({ node, names: new Set() });
    if (open.length === DEEPEST + 1)
      this.faults.push({ code: "deep", at: start, words: `nested more than ${DEEPEST} deep` });
    return node;
  }

  /** @param {number} start @param {string | undefined} first @returns {Node} */
  simple(start, first) {
    if (first === '"') {
      const string = this.string();
      return { kind: "string", start, end: this.at, text: this.text.slice(start, this.at), string };
    }
    for (const word of ["true", "false", "null"]) {
      if (this.text.startsWith(word, start)) {
        this.at += word.length;
        return { kind: word === "null" ? "null" : "boolean", start, end: this.at, text: word };
      }
    }
    return this.number(start);
  }

  /** @param {number} start @returns {Node} */
  number(start) {
    const constant = match(CONSTANT, this.text, start);
    if (constant) this.faults.push({ code: "constant", at: start, words: `${constant[0]} is no JSON` });
    const found = constant ?? match(NUMBER, this.text, start);
    if (!found) this.fail(start < this.text.length ? "no value begins like this" : "it ends too early");
    const text = found[0];
    this.at += text.length;
    if (!constant) {
      const whole = found[1] === undefined && found[2] === undefined;
      if (whole && text.replace("-", "").length > MOST_DIGITS) {
        this.faults.push({ code: "digits", at: start, words: `a number of ${text.length} digits` });
      } else if (!whole && !Number.isFinite(Number(text))) {
        this.faults.push({ code: "huge", at: start, words: `${text.slice(0, 40)} is beyond what a double holds` });
      }
    }
    return { kind: "number", start, end: this.at, text };
  }

  /** A string in quotes, its escapes resolved. */
  string() {
    const start = this.at++;
    let made = "",
      escaped = false;
    for (;;) {
      const [calm] = /** @type {RegExpExecArray} */ (match(CALM, this.text, this.at));
      made += calm;
      this.at += calm.length;
      const next = this.text[this.at];
      if (next === '"') break;
      if (next !== "\\")
        this.fail(next === undefined ? "a string does not end" : "a control character stands in a string as it is");
      made += this.escape();
      escaped = true;
    }
    this.at++;
    if (escaped && !isWellFormed(made)) {
      this.faults.push({ code: "surrogate", at: start, words: "half of a surrogate pair, which is no character" });
    }
    return made;
  }

  escape() {
    const letter = this.text[this.at + 1],
      simple = ESCAPES[letter ?? ""];
    if (simple !== undefined) {
      this.at += 2;
      return simple;
    }
    const digits = this.text.slice(this.at + 2, this.at + 6);
    if (letter !== "u" || !/^[0-9a-fA-F]{4}$/.test(digits)) this.fail("an escape that JSON does not have");
    this.at += 6;
    return String.fromCharCode(parseInt(digits, 16));
  }

  space() {
    SPACE.lastIndex = this.at;
    SPACE.test(this.text);
    this.at = SPACE.lastIndex;
  }

  /** @param {string} words @returns {never} */
  fail(words) {
    throw new SyntaxFault(this.at, words);
  }
}

/** @type {Node} */
const NOTHING = { kind: "null", start: 0, end: 0, text: "" };

/** @param {RegExp} pattern @param {string} text @param {number} at */
function match(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** @param {string} text */
function isWellFormed(text) {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

/** The members of an object by name, the last of equal ones, as most parsers have it; empty for anything else.
 * @param {Node | null | undefined} node @returns {Map<string, Node>} */
export function members(node) {
  return new Map((node?.members ?? []).map((member) => [member.name, member.node]));
}

/** Whether a number says more than a double can hold, so that JavaScript would show another one.
 * @param {Node} node */
export function isInexact(node) {
  if (node.kind !== "number") return false;
  const value = Number(node.text);
  if (/^-?\d+$/.test(node.text))
    return !Number.isSafeInteger(value) && (!Number.isFinite(value) || BigInt(value) !== BigInt(node.text));
  return !Number.isFinite(value) || node.text.replace(/[eE].*|\D/g, "").replace(/^0+/, "").length > 17;
}

/** A value with white space of our own, for a person to read: two blanks a level. What is simple stays as written.
 * @param {Node} node @returns {string} */
export function pretty(node) {
  /** @type {string[]} */
  const out = [];
  /** @type {(string | [Node, number])[]} */
  const todo = [[node, 0]];
  for (let step; (step = todo.pop()) !== undefined;) {
    if (typeof step === "string") out.push(step);
    else todo.push(...laidOut(step[0], step[1]).reverse());
  }
  return out.join("");
}

/** @param {Node} node @param {number} depth @returns {(string | [Node, number])[]} */
function laidOut(node, depth) {
  const inner = node.members ?? node.items;
  if (!inner) return [node.text];
  const [open, close] = node.members ? "{}" : "[]",
    pad = "\n" + "  ".repeat(Math.min(depth + 1, 40));
  if (!inner.length) return [open + close];
  /** @type {(string | [Node, number])[]} */
  const steps = [open];
  inner.forEach((one, i) => {
    steps.push((i ? "," : "") + pad);
    if ("name" in one) steps.push(`${JSON.stringify(one.name)}: `, [one.node, depth + 1]);
    else steps.push([one, depth + 1]);
  });
  return [...steps, pad.slice(0, -2), close];
}
