// Keeps the page about the feed at the present moment: text into the places that the server filled, nothing else.
const EVERY = 2000;
const live = document.getElementById("live");
const places = Object.fromEntries([...document.querySelectorAll("[data-is]")].map((one) => [one.dataset.is, one]));
const bars = [...live.querySelectorAll("rect")];
const staleness = Number(live.dataset.staleness);
let paused = false;

function cell(row, text, kind = "td") {
  const made = row.appendChild(document.createElement(kind));
  made.textContent = text;
  return made;
}

function follower(one) {
  const row = document.createElement("tr");
  cell(row, one.client, "th").scope = "row";
  cell(row, one.source);
  const last = cell(row, `${one.seconds.toFixed(1)} s ago `);
  if (one.seconds > staleness) {
    const mark = last.appendChild(document.createElement("span"));
    mark.className = "mark bad";
    mark.textContent = "late";
  }
  cell(row, `${one.behind} ${one.behind === 1 ? "event" : "events"}`);
  cell(row, String(one.streams));
  return row;
}

function show(busy) {
  const most = Math.max(...busy.minutes, 1);
  const said = {
    minute: busy.minutes.at(-1),
    hour: busy.minutes.reduce((sum, count) => sum + count, 0),
    age: busy.age.toFixed(2),
    position: busy.position,
    remembered: busy.remembered,
    missed: busy.missed,
    most,
  };
  for (const [name, value] of Object.entries(said)) places[name].textContent = String(value);
  places.fresh.textContent = busy.fresh ? "fresh" : "stale";
  places.fresh.className = `mark ${busy.fresh ? "good" : "bad"}`;
  busy.minutes.forEach((count, n) => {
    const height = (20 * count) / most;
    bars[n].setAttribute("height", String(height));
    bars[n].setAttribute("y", String(20 - height));
  });
  places.followers?.replaceChildren(...busy.followers.map(follower));
}

async function look() {
  if (!paused && document.visibilityState === "visible") {
    // Nobody is kept signed in by a page that was left open.
    const answer = await fetch(live.dataset.source, { headers: { "limen-activity": "none" } }).catch(() => null);
    if (answer?.ok) show(await answer.json());
  }
  setTimeout(look, EVERY);
}

places.pause.hidden = false;
places.pause.addEventListener("click", () => {
  paused = !paused;
  places.pause.textContent = paused ? "Go on" : "Pause";
});
setTimeout(look, EVERY);
