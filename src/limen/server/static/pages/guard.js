import { renewed } from "./fresh.js";

/**
 * Send a form once, however often the button is pressed, and with a token that is still good.
 * @param {HTMLFormElement} form
 */
export function guard(form) {
  let sent = false;
  form.addEventListener("submit", async (event) => {
    if (sent) {
      event.preventDefault();
      return;
    }
    sent = true;
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
    const waiting = renewed();
    if (waiting !== null) {
      event.preventDefault();
      await waiting;
      form.submit();
    }
  });
  addEventListener("pageshow", () => {
    sent = false;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  });
}
