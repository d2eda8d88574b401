// Serves a folder of static files over HTTP, to this computer only.
//
// A copy that is compressed already (`NAME.br`, `NAME.gz`) is sent in place of a file to clients
// that take it. Nothing outside the folder is ever read: a path is resolved first, links and all,
// and must then still be inside.

import { createReadStream, realpathSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { extname, join, sep } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};
const OTHER_TYPE = "application/octet-stream";
/** In the order in which they are preferred. */
const ENCODINGS = [
  ["br", ".br"],
  ["gzip", ".gz"],
] as const;

/** What every answer says: files are what their type says, and are asked for again each time. */
const HEADERS = {
  "cache-control": "no-cache",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/**
 * The server, not listening yet.
 *
 * @param elsewhere files to serve that the folder lacks, by their paths in it
 */
export function staticServer(
  folder: string,
  elsewhere: ReadonlyMap<string, string> = new Map(),
): Server {
  const root = realpathSync(folder);
  return createServer((request, response) => answer(root, elsewhere, request, response));
}

function answer(
  root: string,
  elsewhere: ReadonlyMap<string, string>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { ...HEADERS, allow: "GET, HEAD" }).end();
    return;
  }
  const { url = "/" } = request;
  const path = fileAt(root, url) ?? elsewhere.get(url.replace(/[?#].*$/, "").slice(1));
  if (path === undefined) {
    response.writeHead(404, { ...HEADERS, "content-type": "text/plain" }).end("not found\n");
    return;
  }
  const { file, encoding } = encoded(root, path, request.headers["accept-encoding"]);
  response.writeHead(200, {
    ...HEADERS,
    "content-type": TYPES[extname(path)] ?? OTHER_TYPE,
    "content-length": statSync(file).size,
    vary: "accept-encoding",
    ...(encoding !== undefined && { "content-encoding": encoding }),
  });
  if (request.method === "HEAD") response.end();
  else createReadStream(file).pipe(response);
}

/** The file that a URL names; undefined if there is none in the folder. */
function fileAt(root: string, url: string): string | undefined {
  try {
    const name = decodeURIComponent(url.replace(/[?#].*$/, ""));
    if (!name.startsWith("/") || name.startsWith("//")) return undefined;
    return inside(root, join(root, name.endsWith("/") ? `${name}index.html` : name));
  } catch {
    return undefined; // Not a path.
  }
}

/** The file itself, where links lead; undefined if that is not in the folder, or not a file. */
function inside(root: string, path: string): string | undefined {
  try {
    const real = realpathSync(path);
    return real.startsWith(root + sep) && statSync(real).isFile() ? real : undefined;
  } catch {
    return undefined; // There is no such file.
  }
}

function encoded(root: string, path: string, accepted: string | string[] | undefined) {
  const words = String(accepted ?? "").split(/\s*,\s*/);
  for (const [encoding, ending] of ENCODINGS) {
    if (!words.some((word) => word === encoding || word.startsWith(`${encoding};`))) continue;
    const file = inside(root, path + ending);
    if (file !== undefined) return { file, encoding };
  }
  return { file: path, encoding: undefined };
}
