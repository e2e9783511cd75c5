const PAUSE = 350;

/**
 * What the server thinks of a new password, at each pause in typing. No answer is no advice, and hinders nobody.
 * @param {HTMLInputElement} field
 */
export function advise(field) {
  const place = document.getElementById(`${field.id}-advice`);
  const address = field.dataset.advice;
  if (place === null || address === undefined) return;
  const about = document.getElementById(field.dataset.about ?? "");
  const bar = place.appendChild(document.createElement("div"));
  bar.className = "bar";
  const words = place.appendChild(document.createElement("p"));
  let timer = 0;
  /** @type {AbortController | undefined} */
  let asking;

  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    if (field.value === "") return show(-1, "");
    try {
      const body = { password: field.value, about: about instanceof HTMLInputElement ? about.value : "" };
      const answer = await fetch(address, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: asking.signal,
      });
      if (answer.ok) {
        const { score, says } = await answer.json();
        show(score, says);
      }
    } catch {
      // typed on meanwhile, or nobody there
    }
  };

  /**
   * @param {number} score
   * @param {string} says
   */
  const show = (score, says) => {
    bar.dataset.score = String(score);
    words.textContent = says;
  };

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  if (field.value !== "") void ask();
}
