/** A key or a token that is not taken: the word of the server's log for it, and a sentence. */
export class Refused extends Error {
  /** @param {string} reason @param {string} words */
  constructor(reason, words) {
    super(words);
    this.reason = reason;
  }
}
