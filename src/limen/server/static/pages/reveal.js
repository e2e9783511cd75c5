/**
 * Let a person see what they typed. It is hidden again before it is sent, so that no browser remembers it as text.
 * @param {HTMLButtonElement} button
 */
export function reveal(button) {
  const field = document.getElementById(button.getAttribute("aria-controls") ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  /** @param {boolean} shown */
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.textContent = (shown ? button.dataset.hide : button.dataset.show) ?? "";
  };
  button.setAttribute("aria-label", button.dataset.label ?? "");
  button.addEventListener("click", () => {
    show(field.type === "password");
    field.focus();
  });
  field.form?.addEventListener("submit", () => show(false));
  button.hidden = false;
}
