// Sessions that are kept in the browser: machines as they were, in IndexedDB.

import type { SavedMachine } from "../machine/protocol";

const DATABASE = "isthmus";
const STORE = "sessions";

export interface KeptSession {
  readonly id: number;
  /** When it was kept, as text. */
  readonly name: string;
}

interface Row extends KeptSession {
  readonly saved: SavedMachine;
}

/** Keeps a session; the browser may be out of room. */
export async function keepSession(saved: SavedMachine): Promise<void> {
  const id = Date.now();
  const name = new Date(id).toLocaleString();
  const state = await pipe(new Uint8Array(saved.state), new CompressionStream("gzip"));
  await withStore("readwrite", (store) => store.put({ id, name, saved: { ...saved, state } }));
}

/** The newest first. */
export async function keptSessions(): Promise<KeptSession[]> {
  const rows = await withStore<Row[]>("readonly", (store) => store.getAll());
  return rows.map(({ id, name }) => ({ id, name })).sort((a, b) => b.id - a.id);
}

export async function readSession(id: number): Promise<SavedMachine> {
  const row = await withStore<Row | undefined>("readonly", (store) => store.get(id));
  if (!row) throw new Error("the session is gone");
  const state = await pipe(new Uint8Array(row.saved.state), new DecompressionStream("gzip"));
  return { ...row.saved, state };
}

export async function dropSession(id: number): Promise<void> {
  await withStore("readwrite", (store) => store.delete(id));
}

async function pipe(
  bytes: Uint8Array<ArrayBuffer>,
  through: CompressionStream | DecompressionStream,
): Promise<ArrayBuffer> {
  return new Response(new Blob([bytes]).stream().pipeThrough(through)).arrayBuffer();
}

async function withStore<Result>(
  mode: IDBTransactionMode,
  use: (store: IDBObjectStore) => IDBRequest,
): Promise<Result> {
  const database = await open();
  try {
    return (await settled(use(database.transaction(STORE, mode).objectStore(STORE)))) as Result;
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.addEventListener("upgradeneeded", () => {
    request.result.createObjectStore(STORE, { keyPath: "id" });
  });
  return settled(request);
}

function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
