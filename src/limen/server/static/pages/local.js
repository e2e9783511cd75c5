/**
 * A moment in the person's own time zone, which a server does not know; the one it wrote stays as the title.
 * @param {HTMLTimeElement} time
 */
export function localise(time) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) return;
  time.title = time.textContent ?? "";
  time.textContent = at.toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
}
