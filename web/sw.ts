// Works without a network after the first visit: everything that the page needs is kept.
//
// The list of files and their version, a hash of all of them, are put in by tools/build-web.js. A
// new version is a new cache, and the old one goes when no page uses it any more.

declare const PRECACHED: readonly string[];
declare const VERSION: string;

/** What a service worker's global object is for a service worker. */
interface ServiceScope {
  addEventListener(name: "install" | "activate", listener: (event: LifeEvent) => void): void;
  addEventListener(name: "fetch", listener: (event: FetchingEvent) => void): void;
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
}

interface LifeEvent {
  waitUntil(work: Promise<unknown>): void;
}

interface FetchingEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const scope = globalThis as unknown as ServiceScope;
const PREFIX = "isthmus-";
const CACHE = `${PREFIX}${VERSION}`;

scope.addEventListener("install", (event) => {
  event.waitUntil(fill());
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(takeOver());
});

scope.addEventListener("fetch", (event) => {
  const isOurs = new URL(event.request.url).origin === location.origin;
  if (event.request.method === "GET" && isOurs) event.respondWith(respond(event.request));
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll([...PRECACHED]);
  await scope.skipWaiting();
}

async function takeOver(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

/** What is kept, else what the network has. */
async function respond(request: Request): Promise<Response> {
  const kept = await caches.match(request, { ignoreSearch: true, cacheName: CACHE });
  return kept ?? fetch(request);
}
