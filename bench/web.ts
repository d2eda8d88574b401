// What the page costs a reader: to its prompt, and to compile a program and the kernel in it.
//
//   npm run bench:web [-- --bless]
//
//   --bless     writes the figures to bench/web.json, for the next commits to be compared with
//
// Seconds are of the processor, of the page and its workers together, in headless Chromium; they
// are beside those of the last run that was blessed, and nothing fails if they are more. `cold` is
// a browser that has never seen the page, `warm` the same page loaded again, with what the browser
// and the page's service worker have kept. Compiling `again` is what a reader's second build costs:
// the page keeps its compiler.

import "../tools/report-errors";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, CDPSession, Page } from "playwright-core";
import { INSTALLATION } from "../src/cli/project";
import { staticServer } from "../src/cli/static-server";
import { compileInPage } from "./harness/compile-in-page";
import { launchChromium } from "./harness/headless-chromium";

const FIGURES = join(INSTALLATION, "bench", "web.json");
const PROGRAM = "user/hello.ts";
const KERNEL = "kernel/syscall/process.ts";

/** Seconds of the processor, by what was done. */
type Figures = Record<string, number>;

const build = spawnSync(process.execPath, ["tools/build-web.js", "--quick"], {
  cwd: INSTALLATION,
  stdio: ["ignore", "ignore", "inherit"],
});
if (build.status !== 0) process.exit(1);
const server = staticServer(join(INSTALLATION, "dist", "web")).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
const browser = await launchChromium();
try {
  report(await measure(browser));
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}

async function measure(of: Browser): Promise<Figures> {
  const session = await of.newBrowserCDPSession();
  const page = await of.newPage();
  const figures: Figures = {};
  const time = async (what: string, work: () => Promise<unknown>) => {
    const before = await seconds(session);
    await work();
    figures[what] = Number(((await seconds(session)) - before).toFixed(2));
  };
  await time("to the prompt, cold", async () => {
    await page.goto(url);
    await prompt(page);
  });
  await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
  await time("to the prompt, warm", async () => {
    await page.reload();
    await prompt(page);
  });
  for (const [name, source] of Object.entries({ hello: PROGRAM, kernel: KERNEL })) {
    for (const turn of ["first", "again"]) {
      const build = { edited: [source], isNew: turn === "first" };
      await time(`compiling ${name}, ${turn}`, () => page.evaluate(compileInPage, build));
    }
  }
  return figures;
}

/** Of the processes that run pages and their workers. */
async function seconds(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  return renderers.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

async function prompt(page: Page): Promise<void> {
  const terminal = page.locator(".xterm-accessibility").filter({ hasText: "/$" });
  await terminal.first().waitFor({ state: "attached" });
  await page.locator(".map svg").waitFor();
}

function report(figures: Figures): void {
  const last = JSON.parse(readFileSync(FIGURES, "utf8")) as Figures;
  for (const [what, value] of Object.entries(figures)) {
    const before = last[what];
    const ratio = before === undefined ? "" : `, ${(value / before).toFixed(2)} of ${before}`;
    console.log(`${what.padEnd(24)}${value.toFixed(2).padStart(7)} CPU s${ratio}`);
  }
  if (process.argv.includes("--bless")) {
    writeFileSync(FIGURES, `${JSON.stringify(figures, undefined, 2)}\n`);
  }
}
