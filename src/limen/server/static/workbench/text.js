/** Text as it is and not as it looks: characters that hide, turn round or imitate are named. */

/** @typedef {{text: string, odd?: string}} Piece `odd` says what a character is that does not show itself. */

/** @type {[RegExp, string][]} */
const ODD = [
  [/[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/, "turns the direction of writing"],
  [/[\u200b-\u200d\u2060-\u2064\ufeff\u00ad\u034f\u180e\u115f\u1160\u3164\uffa0]/, "takes no width"],
  [/[\u0000-\u001f\u007f-\u009f]/, "control character"],
  [/[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/, "a blank that is none"],
  [/[\ud800-\udfff]/, "half of a pair"],
  [/[\ue000-\uf8ff]|[\udb80-\udbff][\udc00-\udfff]/, "private use"],
  [/\udb40[\udc00-\udfff]|[\ufe00-\ufe0f]/, "changes the one before it, unseen"],
  [/[\u0300-\u036f]/, "joins the letter before it"],
];
const ANY = new RegExp(`[\\ud800-\\udbff][\\udc00-\\udfff]|${ODD.map(([pattern]) => pattern.source).join("|")}`, "g");
const LOOKALIKE = /[\u0370-\u03ff\u0400-\u052f]/;

/** The text in pieces; each odd character is one of its own.
 * @param {string} text @returns {Piece[]} */
export function pieces(text) {
  /** @type {Piece[]} */
  const found = [];
  let from = 0;
  for (const { 0: character, index } of text.matchAll(ANY)) {
    const odd = oddness(character);
    if (!odd) continue;
    if (index > from) found.push({ text: text.slice(from, index) });
    found.push({ text: character, odd: `${codePoint(character)}, ${odd}` });
    from = index + character.length;
  }
  if (from < text.length || !found.length) found.push({ text: text.slice(from) });
  return found;
}

/** What is odd about a text, in words; empty for a plain one.
 * @param {string} text @returns {string[]} */
export function oddities(text) {
  const said = new Set(pieces(text).flatMap((piece) => (piece.odd && piece.text !== "\n" ? [piece.odd] : [])));
  if (LOOKALIKE.test(text) && /[A-Za-z]/.test(text)) said.add("letters of two alphabets, which can look the same");
  if (text.normalize("NFC") !== text) said.add("not in normal form (NFC): it equals no text that is");
  return [...said];
}

/** `U+202E` of a character.
 * @param {string} character */
export function codePoint(character) {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** A text in which case makes no difference any more, as Python's `casefold` has it.
 * @param {string} text */
export function fold(text) {
  return text.toUpperCase().toLowerCase();
}

/** @param {string} character */
function oddness(character) {
  const pair = character.length > 1;
  return ODD.find(([pattern]) => pattern.test(character) && !(pair && pattern.source === "[\\ud800-\\udfff]"))?.[1];
}

/** Words as a sentence begins.
 * @param {string} words */
export function capital(words) {
  return words[0].toUpperCase() + words.slice(1);
}

/** A count with its noun.
 * @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${figure(count)} ${count === 1 ? one : many}`;
}

/** A number with its thousands apart.
 * @param {number} number */
export function figure(number) {
  return number.toLocaleString("en");
}
