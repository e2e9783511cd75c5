/**
 * Count down to when something is in effect, by this browser's own sense of time: no two clocks are compared.
 * @param {HTMLElement} said
 */
export function count(said) {
  const then = said.nextElementSibling;
  const end = performance.now() + Number(said.dataset.count) * 1000;
  const left = said.querySelector("[data-left]");
  const tick = () => {
    const seconds = Math.ceil((end - performance.now()) / 1000 - 0.01); // (x + 5000) - x may be a little more
    if (seconds <= 0) {
      said.hidden = true;
      if (then instanceof HTMLElement) then.textContent = then.dataset.then ?? "";
      return;
    }
    if (left !== null) left.textContent = inWords(seconds);
    setTimeout(tick, 1000 - ((performance.now() - end) % 1000 + 1000) % 1000 + 5);
  };
  tick();
}

/**
 * A length of time as the page's language has it.
 * @param {number} seconds
 */
function inWords(seconds) {
  const parts = seconds < 120 ? [unit(seconds, "second")] : [unit(Math.floor(seconds / 60), "minute"), unit(seconds % 60, "second")];
  return parts.join(" ");
}

/**
 * @param {number} n
 * @param {string} name
 */
function unit(n, name) {
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: name, unitDisplay: "long" }).format(n);
}
