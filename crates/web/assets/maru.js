// What makes a page a little handier. Nothing depends on it: every page is complete without scripts.

// Errors first: a page that came back with an error summary starts there.
document.querySelector("#errors")?.focus();

// One press, one request: a second submit of the same POST form is dropped until the page is shown again.
const sent = new Set();
const release = () => {
  for (const form of sent) form.querySelectorAll("[data-sent]").forEach((button) => {
    button.removeAttribute("aria-disabled");
    delete button.dataset.sent;
  });
  sent.clear();
};
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (sent.has(form)) return event.preventDefault();
  sent.add(form);
  const button = event.submitter;
  // Not `disabled`: the button's own name and value must still be sent.
  if (button) {
    button.setAttribute("aria-disabled", "true");
    button.dataset.sent = "";
  }
  setTimeout(release, 10_000); // an answer that is a download leaves this page standing
});
addEventListener("pageshow", release);

// The desk's queue: J and K walk the rows, X ticks one, Enter opens it, / leads to the search. Only while the focus is inside the table, so
// that single keys never surprise anybody elsewhere (WCAG 2.1.4).
const queue = document.querySelector("table.queue");
if (queue) {
  const links = () => [...queue.querySelectorAll("tbody tr:not(.group) a[href]")];
  const rowLink = (element) => element.closest("tr")?.querySelector("a[href]");
  const came = "maru-desk-keys";
  queue.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const here = rowLink(event.target);
    const key = event.code.replace("Key", "");
    if (key === "J" || key === "K") {
      const all = links();
      all[Math.min(all.length - 1, Math.max(0, all.indexOf(here) + (key === "J" ? 1 : -1)))]?.focus();
      event.preventDefault();
    } else if (key === "X" && here) {
      here.closest("tr").querySelector("[type=checkbox]")?.click();
      event.preventDefault();
    } else if (event.key === "/") {
      document.querySelector("#q")?.focus();
      event.preventDefault();
    } else if (key === "Enter" && here && event.target.type !== "submit") {
      sessionStorage.setItem(came, "1"); // the next page puts the focus back on the opened row
      if (event.target !== here) {
        event.preventDefault();
        here.click();
      }
    }
  });
  if (sessionStorage.getItem(came)) {
    sessionStorage.removeItem(came);
    queue.querySelector("a[aria-current]")?.focus({ preventScroll: true });
  }
}

// Where the phone is, if its owner says so. Without scripts an address is enough.
for (const button of document.querySelectorAll("[data-position]")) {
  if (!navigator.geolocation) break;
  button.parentElement.hidden = false;
  button.addEventListener("click", () => navigator.geolocation.getCurrentPosition(({ coords }) => {
    document.getElementById(button.dataset.position).value = `${coords.latitude.toFixed(5)},${coords.longitude.toFixed(5)}`;
  }));
}

// A page that says so when the connection is lost.
if (navigator.serviceWorker) addEventListener("load", () => navigator.serviceWorker.register(`/worker.js?lang=${document.documentElement.lang}`).catch(() => {}));
