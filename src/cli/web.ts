// isthmus web: serves the page, on which the kernel runs in a browser
//
//   npx isthmus web [--port N] [--build DIR]
//
// The page boots the kernel, draws both address spaces while it runs, steps through a system call
// and back, and breaks each of the laws on purpose. It is a folder of static files, dist/web/, that
// any web server can serve; this one answers to this computer only. In a clone the page is built
// first. ^C ends it.
//
// Options
//   --port N     default 8086; 0 takes any that is free
//   --build DIR  writes the files to DIR instead, for another web server
//
// Example
//   $ npx isthmus web
//   http://localhost:8086/  ^C ends
//
// Exit status: 0 ended by ^C, or written; 2 the port or the folder cannot be used.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Diagnostic } from "../base/diagnostic";
import type { Command, CommandLine } from "./command";
import { INSTALLATION } from "./installation";
import { PACKED_OUTPUT } from "./project";
import { staticServer } from "./static-server";
import { patiently, print } from "./terminal";

const PAGE = join(INSTALLATION, "dist", "web");
/** Only clones have it: packages bring the page. */
const BUILDER = join(INSTALLATION, "tools", "build-web.js");
const BINARYEN = "compile/binaryen.js";
const DEFAULT_PORT = 8086;
const PORT_LIMITS = { min: 0, max: 65535 };
const THIS_COMPUTER = "127.0.0.1";

export const command: Command = {
  options: { port: { type: "string" }, build: { type: "string" } },
  run,
};

async function run(line: CommandLine): Promise<number> {
  const port = line.count("port", PORT_LIMITS, DEFAULT_PORT);
  const folder = line.value("build");
  // To build the page takes long, so it is refused before.
  if (folder === undefined) (await listen(createServer(), port)).close();
  if (existsSync(BUILDER)) await patiently("building the page", buildPage);
  if (!existsSync(join(PAGE, "index.html"))) throw noPage();
  const elsewhere = missingFiles();
  if (folder !== undefined) {
    cpSync(PAGE, folder, { recursive: true });
    for (const [name, path] of elsewhere) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      cpSync(path, join(folder, name));
    }
    return 0;
  }
  const server = await listen(staticServer(PAGE, elsewhere), port);
  const { port: taken } = server.address() as AddressInfo;
  print(`http://localhost:${taken}/  ^C ends`);
  await new Promise((resolve) => process.once("SIGINT", resolve));
  server.close();
  server.closeAllConnections();
  return 0;
}

/**
 * Has a server listen at a port of this computer.
 *
 * @throws CLI041 if that cannot be
 */
async function listen(server: Server, port: number): Promise<Server> {
  server.listen(port, THIS_COMPUTER);
  try {
    await once(server, "listening");
  } catch (error) {
    throw unusable(port, error);
  }
  return server;
}

/** Files that packages do not bring twice, by their names in the page. */
function missingFiles(): Map<string, string> {
  const files = new Map([[BINARYEN, fileURLToPath(import.meta.resolve("binaryen"))]]);
  const built = existsSync(PACKED_OUTPUT) ? readdirSync(join(PACKED_OUTPUT, "user")) : [];
  const programs = built.filter((name) => name.endsWith(".elf")).map((name) => `user/${name}`);
  for (const name of ["kernel.elf", "initramfs.cpio", ...programs]) {
    files.set(`build/${name}`, join(PACKED_OUTPUT, name));
  }
  return new Map([...files].filter(([name]) => !existsSync(join(PAGE, name))));
}

async function buildPage(): Promise<void> {
  const builder = spawn(process.execPath, [BUILDER, "--quick"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [status] = await once(builder, "exit");
  if (status === 0) return;
  throw new Diagnostic(
    "CLI040",
    "the page could not be built",
    "Mend what is said above; `npm install` brings what the page is built from",
  );
}

function noPage(): Diagnostic {
  return new Diagnostic(
    "CLI040",
    "this installation has no page",
    "Install the package again, or use a clone: `npm install` and `npm run build:web`",
  );
}

function unusable(port: number, error: unknown): Diagnostic {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === "EADDRINUSE" ? "something else listens there" : message;
  return new Diagnostic(
    "CLI041",
    `port ${port} cannot be used: ${why}`,
    "Choose another: --port N; 0 takes any that is free",
  );
}
