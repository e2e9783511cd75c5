/**
 * A moment in the person's own time zone, which a server does not know; the one it wrote stays as the title.
 * @param {HTMLTimeElement} time
 */
export function localise(time) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) return;
  time.title = time.textContent ?? "";
  const page = document.documentElement.lang;
  const own = navigator.languages.find((one) => one.split("-")[0] === page.split("-")[0]);
  time.textContent = at.toLocaleString(own ?? page, { dateStyle: "long", timeStyle: "short" });
}
