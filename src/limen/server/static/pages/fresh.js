// A token runs out while somebody reads. It is renewed when a form is sent, and not before: a page that stays open
// by itself must keep nobody signed in.
const MARGIN = 30_000;
let until = Infinity;

/** Note when the token of this page runs out. */
export function keepFresh() {
  const seconds = Number(document.body.dataset.fresh);
  if (seconds > 0) until = performance.now() + seconds * 1000 - MARGIN;
}

/**
 * Null if the token is good; else a promise of having tried. Where that failed the server says what to do.
 * @returns {Promise<unknown> | null}
 */
export function renewed() {
  const address = document.body.dataset.refresh;
  if (performance.now() < until || !address) return null;
  until = Infinity;
  return fetch(address, { method: "POST" }).catch(() => null);
}
