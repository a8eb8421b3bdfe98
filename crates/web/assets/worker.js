// Without a connection: one page that says so, in the language it was registered for. Nobody's data is ever kept here.
const LANG = new URL(location).searchParams.get("lang") === "en" ? "en" : "ko";
const PAGE = `/offline/${LANG}`;
const KEPT = [PAGE, "{css}", "{js}", "/favicon.svg"];
const STORE = `maru-{version}-${LANG}`;

addEventListener("install", (event) => {
  // Without cookies: the page is nobody's.
  const kept = KEPT.map((path) => new Request(path, { credentials: "omit" }));
  event.waitUntil(caches.open(STORE).then((store) => store.addAll(kept)));
  skipWaiting();
});

addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("maru-") && name !== STORE;
  event.waitUntil(Promise.all([
    caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))),
    registration.navigationPreload?.enable(),
  ]));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.mode === "navigate") {
    const answered = async () => (await event.preloadResponse) ?? fetch(request);
    event.respondWith(answered().catch(() => caches.match(PAGE)));
  } else if (request.method === "GET" && origin === location.origin && KEPT.includes(pathname)) {
    event.respondWith(caches.match(pathname).then((kept) => kept ?? fetch(request)));
  }
});
