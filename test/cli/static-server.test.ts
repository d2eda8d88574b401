// The server of `isthmus web`: types, copies that are compressed already, and nothing from outside.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request, type Server } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { staticServer } from "../../src/cli/static-server";
import { isthmus } from "./isthmus";

describe("the server of the page", () => {
  let folder: string;
  let server: Server;
  let port: number;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "isthmus-web-"));
    const root = join(folder, "web");
    mkdirSync(join(root, "build"), { recursive: true });
    writeFileSync(join(folder, "secret.txt"), "secret");
    writeFileSync(join(root, "index.html"), "page");
    writeFileSync(join(root, "v86.wasm"), "plain");
    writeFileSync(join(root, "v86.wasm.br"), "brotli");
    writeFileSync(join(root, "build", "kernel.elf"), "elf");
    symlinkSync(join(folder, "secret.txt"), join(root, "link.txt"));
    writeFileSync(join(folder, "other.js"), "from elsewhere");
    const elsewhere = new Map([["compile/other.js", join(folder, "other.js")]]);
    server = staticServer(root, elsewhere).listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  });

  after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Asks with the path as it is: `fetch` would make it a tidy one. */
  function get(path: string, headers: Record<string, string> = {}, method = "GET") {
    return new Promise<{ status: number; type: string; encoding: string; text: string }>(
      (resolve, reject) => {
        const asked = request({ port, path, headers, method }, (response) => {
          let text = "";
          response.on("data", (bytes) => {
            text += bytes;
          });
          const { "content-type": type = "", "content-encoding": encoding = "" } = response.headers;
          const status = response.statusCode ?? 0;
          response.on("end", () => resolve({ status, type, encoding, text }));
        });
        asked.on("error", reject);
        asked.end();
      },
    );
  }

  it("serves what the folder lacks from where it is told", async () => {
    const { status, type, text } = await get("/compile/other.js?x");
    assert.equal(status, 200);
    assert.match(type, /javascript/);
    assert.equal(text, "from elsewhere");
    assert.equal((await get("/other.js")).status, 404);
  });

  it("gives each file the type that a browser needs", async () => {
    assert.match((await get("/")).type, /^text\/html/);
    assert.equal((await get("/v86.wasm?x")).type, "application/wasm");
    assert.equal((await get("/build/kernel.elf")).type, "application/octet-stream");
  });

  it("sends the compressed copy to those who take it", async () => {
    const packed = await get("/v86.wasm", { "accept-encoding": "gzip, br;q=1" });
    assert.deepEqual([packed.encoding, packed.text], ["br", "brotli"]);
    assert.equal((await get("/v86.wasm")).text, "plain");
    const plain = await get("/build/kernel.elf", { "accept-encoding": "br" });
    assert.deepEqual([plain.encoding, plain.text], ["", "elf"]);
  });

  it("never leaves its folder", async () => {
    const ways = ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/link.txt"];
    for (const path of [...ways, "//secret.txt", "/%", "/build", "/no.js"]) {
      const { status, text } = await get(path);
      assert.equal(status, 404, path);
      assert.doesNotMatch(text, /secret/, path);
    }
  });

  it("answers HEAD without the file, and refuses other methods", async () => {
    const head = await get("/", {}, "HEAD");
    assert.deepEqual([head.status, head.text], [200, ""]);
    assert.equal((await get("/", {}, "POST")).status, 405);
  });
});

describe("isthmus web", () => {
  it("says it if the port is taken, and refuses one that is not a port", async () => {
    assert.equal((await isthmus(["web", "--port", "70000"])).status, 2);
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const { status, stderr } = await isthmus(["web", "--port", String(port)]);
    other.close();
    assert.equal(status, 2);
    assert.match(stderr, /CLI041.*something else listens there/);
  });
});
