// The page in a browser: what a reader does, and what must then be seen.
//
// One browser, and pages of it; each test has a page of its own unless it goes on from the one
// before. What a test reads of the page is text that a reader sees, or what a screen reader gets.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { brotliCompressSync } from "node:zlib";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { compileInPage } from "../../bench/harness/compile-in-page";
import { CHROMIUM, launchChromium } from "../../bench/harness/headless-chromium";
import { layout } from "../../kernel/layout";
import { SystemCall } from "../../src/abi/linux/i386";
import { EXPLANATIONS } from "../../src/cli/explanations";
import { COMMAND_NAMES } from "../../src/cli/main";
import { INSTALLATION } from "../../src/cli/project";
import { staticServer } from "../../src/cli/static-server";
import { type ServedCall, SYSTEM_CALLS_FILE } from "../../src/cli/system-calls-file";
import { audit, type LawResult } from "../../src/inspect/audit";
import type { AuditReport } from "../../src/inspect/audit-report";
import { readBootedFiles } from "../../src/inspect/booted-files";
import { userPointersAreAllegations } from "../../src/inspect/law-of-pointers";
import { findSpaces } from "../../src/inspect/spaces";
import { MISTAKES } from "../../src/link/check/mistakes";
import { resolveLayout } from "../../src/link/layout/resolve";
import type { Machine } from "../../src/machine/machine";
import { textOfPixels } from "../../src/machine/pixel-screen";
import { V86Machine } from "../../src/machine/v86";
import { readV86Wasm } from "../../src/machine/v86-wasm";
import { isthmus } from "../cli/isthmus";
import { HANG_MS } from "../hang-guard";
import { addressOf, build, withMachine } from "../kernel/booted-kernel";
import { skipReason as machineSkipReason } from "../machine/installed";
import { canvasColours } from "./canvas-in-page";
import { readFocus, unreached } from "./focus-in-page";
import { followCall } from "./machine-in-page";

const QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const WEB = join(INSTALLATION, "dist", "web");
/** What the page loads before there is a prompt, counted as `npm run build:web` compresses it. */
const FIRST_FILES = [
  ...["index.html", "page.css", "page.js", "machine-worker.js", "v86.wasm"],
  ...["build/boot.elf", "build/initramfs.cpio"],
];
/** A halted machine, and a map of which nothing changes, of a processor. */
const IDLE_SHARE_MAX = 0.03;
const IDLE_MS = 5000;
/** What Chromium calls the threads of a page and of its workers. */
const MAIN_THREAD = "CrRendererMain";
const WORKER_THREAD = "DedicatedWorker thread";
const FRAMES = 60;
const FRAME_GAP_MAX = 50;
const TRAMPOLINE = "kernel/machine/i686/trampoline.asm.ts";
const FIRST_BYTES_MAX = 700_000;
const PANELS = ["Step", "Laws", "Yours", "Edit", "About"];
/** More than the page has controls at once. */
const TABS_MAX = 200;

/** What a trace of Chromium's says, as far as it is read here; durations in microseconds. */
interface Trace {
  readonly traceEvents: readonly {
    readonly name: string;
    readonly pid: number;
    readonly tid: number;
    /** Of the thread, not of the clock on the wall. */
    readonly tdur?: number;
    readonly args?: { readonly name?: string };
  }[];
}

function skipReason(): string | false {
  if (process.env.CI === "true" || existsSync(CHROMIUM)) return false;
  return "chromium not installed";
}

describe("the page", { skip: skipReason() }, () => {
  let browser: Browser;
  let server: Server;
  let url: string;
  const faults: string[] = [];

  before(async () => {
    const { status, stderr } = spawnSync(process.execPath, ["tools/build-web.js", "--quick"], {
      cwd: INSTALLATION,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    server = staticServer(WEB).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://localhost:${(server.address() as AddressInfo).port}/`;
    browser = await launchChromium(QUIET);
  });

  after(async () => {
    await browser?.close();
    server?.close();
    server?.closeAllConnections();
  });

  /**
   * A page at its prompt, with the map. Of a scene of the tour only the map is waited for: a
   * terminal that is out of sight shows nothing, and scenes wait for the prompt themselves.
   */
  async function open(
    options: Parameters<Browser["newContext"]>[0] = {},
    context?: BrowserContext,
    hash = "",
  ): Promise<Page> {
    const viewport = { width: 1400, height: 900 };
    const page = await (context ?? (await browser.newContext({ viewport, ...options }))).newPage();
    watch(page);
    await page.goto(`${url}${hash}`);
    if (hash.startsWith("#tour")) await page.waitForSelector(".map svg");
    else await atPrompt(page);
    return page;
  }

  /** Nothing is waited for as briefly as the library would, and nothing is complained of. */
  function watch(page: Page): void {
    page.setDefaultTimeout(HANG_MS);
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    page.on("pageerror", (error) => faults.push(String(error)));
  }

  /** axe finds nothing serious in what is shown. */
  async function usableByEveryone(page: Page, what: string): Promise<void> {
    if (!(await page.evaluate<boolean>("'axe' in globalThis"))) {
      await page.evaluate(readFileSync(AXE, "utf8"));
    }
    assert.deepEqual(await page.evaluate(violations), [], what);
  }

  async function atPrompt(page: Page): Promise<void> {
    await seen(page, ".xterm-accessibility", /\/\$/);
    await page.waitForSelector(".map svg");
  }

  /** Waits until an element's text matches. */
  async function seen(page: Page, selector: string, pattern: RegExp): Promise<string> {
    const element = page.locator(selector).filter({ hasText: pattern }).first();
    await element.waitFor({ state: "attached" });
    return (await element.textContent()) ?? "";
  }

  /** Drops a file of the reader's own onto an element. */
  async function drop(page: Page, selector: string, file: { name: string; buffer: Buffer }) {
    const bytes = [...file.buffer];
    const data = await page.evaluateHandle(makeTransfer, { name: file.name, bytes });
    await page.dispatchEvent(selector, "drop", { dataTransfer: data });
  }

  /** Pastes into the terminal, which does not get the focus by that. */
  async function paste(page: Page, text: string): Promise<void> {
    await page.evaluate(pasteText, { into: ".xterm-helper-textarea", text });
  }

  it("needs few bytes before there is a prompt", () => {
    const bytes = FIRST_FILES.map((name) => readFileSync(join(WEB, name)))
      .map((content) => brotliCompressSync(content).length)
      .reduce((sum, length) => sum + length, 0);
    assert.ok(bytes < FIRST_BYTES_MAX, `${bytes} bytes`);
  });

  it("runs programs, draws both spaces, and shows the path to an address", async () => {
    const page = await open();
    await page.locator("#terminal").click();
    await page.keyboard.type("echo from the guest\n");
    await seen(page, ".xterm-accessibility", /echo from the guest\s*from the guest\s*\/\$/);
    const titles = await page
      .locator("[role=listbox]")
      .evaluateAll((lists) => lists.map((list) => list.getAttribute("aria-label")));
    assert.equal(titles.length, 3);
    assert.deepEqual(titles.slice(0, 2), ["kernel space", "physical memory"]);

    // By keyboard alone: the top box of the kernel's space is the trampoline's last page.
    await page.locator("[role=listbox] [tabindex='0']").first().focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    const facts = await seen(page, "#facts", /PTE\[511\]/);
    assert.match(facts, /0xfffff000 of kernel space/);
    assert.match(facts, /PDPTE\[3\].*PDE\[511\]/);
    assert.match(facts, /The same frame is also in:.*shell \(pid 1\) at 0xfffff000/);

    const folded = await page.locator("[data-list='0'] [role=option]").count();
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("z");
    await page.locator("[data-list='0'] [role=option]").nth(folded).waitFor();

    await page.getByRole("button", { name: "As a table" }).click();
    const table = await seen(page, "#map-tables table", /kernel space/);
    assert.match(table, /0xfffff000.*\.trampoline\.data \(in both spaces\)/);
    assert.doesNotMatch(table, /\b0 B\b/);
    await page.context().close();
  });

  it("says under the pointer whose a frame is, and draws the process that is chosen", async () => {
    const page = await open();
    const box = page.locator("[data-list='0'] [role=option]").first();
    await box.hover();
    await seen(page, ".map-tip", /0xfffff\d{3} of kernel space.*trampoline\.data/);
    await seen(page, ".map-tip", /frame 0x[0-9a-f]{8}, -rwxg/);
    await seen(page, ".map-tip", /also in shell \(pid 1\) at 0xfffff\d{3}/);
    assert.ok((await page.locator(".piece.kin").count()) >= 3, "the frame, in all columns");
    await page.locator("#map-title").hover();
    assert.ok(await page.locator(".map-tip").isHidden());

    // What the bits say is there to be read, without a pointer, too.
    await box.click();
    await seen(page, "#facts .meanings", /G global: the translation outlives a change of CR3/);

    // Until one is chosen the one that runs is drawn, and again when the chosen one is gone.
    await page.locator("#terminal").click();
    await page.keyboard.type("spin &\n");
    await page.locator("[role=listbox][aria-label^=spin]").waitFor();
    await page.locator("#process").selectOption({ label: "shell (pid 1)" });
    await page.locator("[role=listbox][aria-label^=shell]").waitFor();
    await page.getByRole("button", { name: "As a table" }).click();
    await seen(page, "#map-tables", /shell \(pid 1\)/);
    await page.context().close();
  });

  it("keeps the focus at its address while the map is drawn anew", async () => {
    const page = await open();
    const focus = () =>
      page.locator("[role=option]:focus").evaluate((option) => ({
        list: option.parentElement?.getAttribute("aria-label") ?? "",
        start: Number(option.getAttribute("data-start")),
        end: Number(option.getAttribute("data-end")),
      }));
    const column = (name: string) => page.locator(`[role=listbox][aria-label^=${name}]`);
    const spin = async () => {
      await paste(page, "spin &\n");
      const title = await column("spin").getAttribute("aria-label");
      const pid = /pid (\d+)/.exec(title ?? "")?.[1] ?? "";
      // Chosen, or the shell were drawn whenever it runs.
      await page.locator("#process").selectOption(pid);
      return pid;
    };
    const kill = async (pid: string) => {
      await paste(page, `kill ${pid}\n`);
      await page.locator(`#process option[value="${pid}"]`).waitFor({ state: "detached" });
      await column("shell").waitFor();
    };

    // More ribbons, and fewer of them: the lists have other places among what is drawn.
    await page.locator("[role=listbox] [tabindex='0']").first().focus();
    await page.keyboard.press("ArrowDown");
    const before = await focus();
    const first = await spin();
    assert.deepEqual(await focus(), before);
    await kill(first);
    assert.deepEqual(await focus(), before);

    // A box that goes leaves the focus to what is then at its address.
    const second = await spin();
    await column("spin").locator("[role=option]", { hasText: ".text" }).first().focus();
    const { start } = await focus();
    await kill(second);
    const heir = await focus();
    assert.match(heir.list, /^shell/);
    assert.ok(heir.start <= start && start < heir.end, JSON.stringify({ start, heir }));

    // What is chosen by a button of the facts comes with another such button in its place.
    await page.locator("[data-list='0'] [role=option]").first().click();
    await page.getByRole("button", { name: /^shell \(pid 1\) at/ }).press("Enter");
    await seen(page, "#facts", /of shell \(pid 1\).*kernel space at/);
    assert.match((await page.locator("#facts button:focus").textContent()) ?? "", / at 0x/);

    // The tables are made anew as often as the map.
    await page.getByRole("button", { name: "As a table" }).click();
    const table = page.getByRole("region", { name: "kernel space as a table" });
    await table.focus();
    await paste(page, "spin &\n");
    await page.getByRole("region", { name: /^spin/ }).waitFor();
    assert.ok(await table.evaluate((region) => region.matches(":focus")));
    await page.context().close();
  });

  it("runs until an address, a change of CR3, or a write to a frame that was chosen", async () => {
    const { kernel } = await build();
    const entry = addressOf(kernel, "system_call_entry");
    const [first, second] = [entry, entry + 1].map((each) => each.toString(16));
    const page = await open();
    await page.getByRole("button", { name: "Next system call" }).click();
    await page.locator("[data-type=hello]").click();
    await seen(page, ".steps .now", /int +0x80/);
    const [run, until] = [page.getByRole("button", { name: "Run", exact: true }), "#until"];
    await run.click();
    await seen(page, ".steps .now", /^kernel.*ffffd8/);
    await page.locator(until).selectOption("address");
    await page.locator("#until-value").fill("nonsense");
    await run.click();
    await seen(page, ".here", /That is not an address/);
    await page.locator("#until-value").fill(`0x${first}`);
    await run.click();
    await seen(page, ".steps .now", new RegExp(`^user${first}`));

    // The top box of the kernel's space, which has the entry stack: its first instruction, of one
    // byte, pushes EAX there.
    await page.locator("#until-value").fill("");
    await page.locator("[data-list='0'] [role=option]").first().focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    const facts = await seen(page, "#facts", /PTE\[511\]/);
    await page.locator(until).selectOption("frame");
    const frame = await page.locator("#until-value").getAttribute("placeholder");
    assert.match(facts, new RegExp(`frame ${frame}`));
    await run.click();
    await seen(page, ".steps .now", new RegExp(`^user${second}`));
    await page.getByRole("button", { name: "◀ Back" }).click();
    await seen(page, ".steps .now", new RegExp(`^user${first}`));
    await page.context().close();
  });

  it("has a terminal with keys to touch, that is pasted to, copied from, and resized", async () => {
    const permissions = ["clipboard-read", "clipboard-write"];
    const page = await open({ permissions, hasTouch: true });
    // What is in sight, line after line; a command is followed by what it has written.
    const lines = ".xterm-accessibility-tree";
    await page.locator("#terminal").click();
    await page.evaluate("navigator.clipboard.writeText('echo pasted')");
    await page.keyboard.press("Control+v");
    await page.keyboard.press("Enter");
    await seen(page, lines, /echo pasted\s*pasted\s*\/\$/);
    await page.getByRole("button", { name: "Copy all" }).click();
    await seen(page, "#live", /clipboard/);
    const copied = await page.evaluate<string>("navigator.clipboard.readText()");
    assert.match(copied, /This is Isthmus.*\/\$ echo pasted\npasted\n/s);

    // By touch: the last line again, and Ctrl with a letter, which ends a program.
    await page.setViewportSize({ width: 600, height: 900 });
    await page.getByRole("button", { name: "Up", exact: true }).tap();
    await page.keyboard.press("Enter");
    await seen(page, lines, /(echo pasted\s*pasted[\s\S]*){2}/);
    await page.keyboard.type("window\n");
    const size = /(\d+) rows, (\d+) columns/g;
    await seen(page, lines, /rows, \d+ columns/);
    await page.setViewportSize({ width: 500, height: 900 });
    const both = await seen(page, lines, /(rows, \d+ columns[\s\S]*){2}/);
    const columns = [...both.matchAll(size)].map(([, , width]) => Number(width));
    assert.ok(Math.min(...columns) === columns.at(-1), `${columns}`);
    await page.getByRole("button", { name: "Ctrl", exact: true }).tap();
    await page.keyboard.type("cecho over\n");
    await seen(page, lines, /echo over\s*over/);

    // What is typed while the machine stands still comes when it goes on, if slowly.
    await page.getByRole("button", { name: "Pause" }).click();
    await seen(page, "#state", /paused/);
    await page.locator("#terminal").click();
    await page.keyboard.type("echo later\n");
    await page.locator("#speed").fill("2");
    assert.equal(
      await page.locator("#speed").getAttribute("aria-valuetext"),
      "1/256 of full speed",
    );
    await page.getByRole("button", { name: "Resume" }).click();
    await seen(page, lines, /echo later\s*later/);
    await page.locator("#speed").fill("6");
    await page.getByRole("button", { name: "Restart" }).click();
    await page.locator(lines).filter({ hasNotText: "later" }).waitFor({ state: "attached" });
    await seen(page, lines, /Type help.*\/\$/);
    await page.context().close();
  });

  it("shows the machine's screen of pixels, if that is wished for", async () => {
    const page = await open();
    assert.ok(await page.locator("#screen").isHidden());
    await page.getByRole("button", { name: "Screen", exact: true }).click();
    const shows = async (pattern: RegExp) => {
      for (const end = Date.now() + HANG_MS; ; ) {
        assert.ok(Date.now() < end, `the screen never shows ${pattern}`);
        const pixels = await page.evaluate(canvasColours, "#screen");
        const rows = textOfPixels((x, y) => pixels[640 * y + x] ?? 0);
        if (pattern.test(rows.join("\n"))) return;
      }
    };
    // The terminal may have the prompt of the machine before; the pixels are of the new one.
    await shows(/^\/\$$/m);
    await page.locator("#terminal").click();
    await page.keyboard.type("echo in pixels\n");
    await shows(/^\/\$ echo in pixels\nin pixels\n\/\$$/m);
    await usableByEveryone(page, "the screen");

    // A session has it, too, and a machine without one shows none.
    await page.locator("#sessions summary").click();
    await page.getByRole("button", { name: "Keep this session" }).click();
    await page.getByRole("button", { name: "Screen", exact: true }).click();
    assert.ok(await page.locator("#screen").isHidden());
    await page.locator("#session-list .link").first().click();
    await page.locator("#screen").waitFor();
    await shows(/^in pixels$/m);
    await page.context().close();
  });

  it("steps through a system call and back: CR3 before ESP in, after it out", async () => {
    const page = await open();
    await page.getByRole("button", { name: "Next system call" }).click();
    await page.locator("[data-type=hello]").click();
    await seen(page, ".steps .now", /int +0x80/);
    await page.getByRole("button", { name: "Through the call" }).click();
    await seen(page, ".here", /changes of CR3: 2.*Stack: stack/);
    const rows = await page.locator(".steps li").allTextContents();
    const loads = rows.flatMap((row, index) => (/^CR3 = /.test(row) ? [index] : []));
    const stacks = rows.flatMap((row, index) => (/mov +esp,/.test(row) ? [index] : []));
    const [entry = 0, exit = 0] = loads;
    assert.equal(loads.length, 2);
    assert.ok(
      stacks.some((at) => at > entry),
      "ESP becomes the kernel's after CR3 does",
    );
    assert.ok(
      stacks.some((at) => at < exit),
      "ESP leaves the kernel's before CR3 does",
    );

    await page.getByRole("button", { name: "◀ Back" }).click();
    await seen(page, ".steps .now", /ffffd[0-9a-f]+iret/);
    await page.locator(".steps li button").first().click();
    await seen(page, ".steps .now", /int +0x80/);
    await page.getByRole("button", { name: "Step ▶" }).click();
    assert.match(await seen(page, ".source-view", /trampoline\.asm\.ts:\d+/), /push/);
    await page.getByRole("button", { name: "Resume" }).click();
    await seen(page, ".xterm-accessibility", /Hello from/);
    await page.context().close();
  });

  it("finds no broken law until one is broken, shows where, and mends it", async () => {
    const page = await open();
    await page.getByRole("tab", { name: "Laws" }).click();
    await page.getByRole("button", { name: "Audit now" }).click();
    await seen(page, ".verdict", /No law is broken/);
    for (const law of [1, 6, 9]) {
      await page.getByRole("button", { name: `(law ${law})` }).click();
      const verdict = await seen(page, ".verdict", /Broken: /);
      assert.match(verdict, new RegExp(`law ${law}\\b`));
      await page.getByRole("button", { name: "Mend" }).click();
      await seen(page, ".verdict", /No law is broken/);
    }
    await page.getByRole("button", { name: "(law 7)" }).click();
    await seen(page, ".verdict", /Broken: law 7/);
    await seen(page, ".xterm-accessibility", /panic/);
    await page.context().close();
  });

  it("judges what readers bring: kernels, objects, programs, and other files", async () => {
    const page = await open();
    await page.getByRole("tab", { name: "Yours" }).click();
    const input = page.locator("#own-kernel");
    await input.setInputFiles(join(INSTALLATION, "README.md"));
    await seen(page, ".report .error", /ELF0/);
    const href = await page.locator(".report .error a").getAttribute("href");
    assert.match(href ?? "", /^reference\.html#ELF0\d+$/);
    await input.setInputFiles(join(WEB, "build", "kernel.elf"));
    await seen(page, ".report .loaders", /grub loads/i);

    // Objects and a layout: linked, judged and drawn; a layout that is wrong has its place.
    await page.getByRole("button", { name: "A trampoline in C++" }).click();
    await seen(page, ".report .loaders", /v86 loads/);
    assert.match(await seen(page, ".picture", /shared_text/), /user/);
    const layout = page.locator("#own-layout");
    const right = await layout.inputValue();
    await layout.fill(right.replace('"system_call", ', ""));
    await page.getByRole("button", { name: "Link again" }).click();
    await seen(page, ".report .error", /system_call/);
    await layout.fill(right);
    await page.getByRole("button", { name: "Link again" }).click();
    await page.getByRole("button", { name: "Boot it" }).click();
    await seen(page, ".xterm-accessibility", /the trampoline is at 0xffffe000/);
    await seen(page, ".xterm-accessibility", /the kernel's memory is not mine/);
    await page.getByRole("button", { name: "Restart" }).click();
    await atPrompt(page);

    // A program for Linux is run; one that is not for this machine is refused, with the reason.
    const mine = { name: "mine", mimeType: "", buffer: staticProgram("all mine\n") };
    await input.setInputFiles(mine);
    await seen(page, ".xterm-accessibility", /all mine/);
    const file = { name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("a note\n") };
    await page.locator("#file").setInputFiles([file]);
    await seen(page, ".xterm-accessibility", /Booted anew with \/note\.txt.*\/\$/s);
    await page.locator("#terminal").click();
    await page.keyboard.type("cat note.txt /proc/cmdline; mine\n");
    await seen(page, ".xterm-accessibility", /a note/);
    await seen(page, ".xterm-accessibility", /all mine/);
    // The terminal has told its size, which is not that of one that nobody sees.
    await seen(page, ".xterm-accessibility", /rows=1\d columns=6\d/);
    await drop(page, "#terminal", { name: "yours", buffer: staticProgram("all yours\n") });
    await seen(page, ".xterm-accessibility", /all yours/);
    await drop(page, "#panel-check", { name: "flat.bin", buffer: flatKernel() });
    await seen(page, ".report .loaders", /grub loads/i);
    await seen(page, ".report", /flat\.bin/);
    await page.getByRole("button", { name: "Boot it" }).click();
    await seen(page, ".xterm-accessibility", /flat!/);
    await page.getByRole("button", { name: "Restart" }).click();
    await atPrompt(page);
    const foreign = Buffer.from(mine.buffer);
    foreign.writeUInt16LE(40, 18);
    await page.locator("#file").setInputFiles([{ ...mine, name: "arm", buffer: foreign }]);
    await seen(page, "#notice", /GUEST012: arm is a program for ARM/);
    await page.context().close();
  });

  it("keeps a session over a reload, and works without a network", async () => {
    const page = await open();
    await page.locator("#terminal").click();
    await page.keyboard.type("cd /bin\n");
    await seen(page, ".xterm-accessibility", /\/bin\$/);
    await page.locator("#sessions summary").click();
    await page.getByRole("button", { name: "Keep this session" }).click();
    await page.getByRole("button", { name: /^Drop / }).waitFor();
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
    await page.context().setOffline(true);
    await page.reload();
    await atPrompt(page);
    await page.locator("#sessions summary").click();
    await page.locator("#session-list .link").first().click();
    await seen(page, ".xterm-accessibility", /The session goes on/);
    await page.locator("#terminal").click();
    await page.keyboard.press("Enter");
    await seen(page, ".xterm-accessibility", /\/bin\$/);
    await page.context().close();
  });

  it("follows a call as the benchmark and QEMU do, and audits as the command does", async () => {
    const page = await open();
    // The loader of TypeScript has functions named by this.
    await page.evaluate("void (globalThis.__name = (named) => named)");
    const { addresses, laws, state } = await page.evaluate(followCall, SystemCall.getppid);
    await page.context().close();
    const figures = JSON.parse(readFileSync(join(INSTALLATION, "bench", "figures.json"), "utf8"));
    assert.equal(addresses.length, figures.rows.getppid.ours);

    // The same state, judged here.
    const [kernel, initramfs] = ["boot.elf", "initramfs.cpio"].map((name) =>
      readFileSync(join(WEB, "build", name)),
    );
    assert.ok(kernel && initramfs);
    const options = { kernel, initramfs, commandLine: "", memoryMiB: 64 };
    const window = { rows: 24, columns: 80 };
    const machine = new V86Machine({ ...options, window }, readV86Wasm);
    await machine.start({ stopped: true });
    await machine.restore(Uint8Array.from(Buffer.from(state, "base64")).buffer);
    const whole = readFileSync(join(WEB, "build", "kernel.elf"));
    const booted = { kernel: whole, initramfs };
    const files = readBootedFiles(booted, "kernel.elf", resolveLayout(layout));
    const userPointers = userPointersAreAllegations(kernelSources());
    const here = await machine.inspect((snapshot) =>
      audit({ spaces: findSpaces(snapshot, files.image), files, userPointers, ending: undefined }),
    );
    await machine.close();
    assert.deepEqual(laws, JSON.parse(JSON.stringify(here)));
    const { stdout } = await isthmus(["audit", "--json", "--stops", "0", "--", "hello"]);
    const report = JSON.parse(stdout) as AuditReport;
    const names = ({ number, title, offences }: LawResult) => [number, title, offences];
    assert.deepEqual(laws.map(names), report.laws.map(names));

    if (machineSkipReason("qemu") !== false) return;
    const walked = await withMachine("qemu", { memoryMiB: 64, qemu: { gdb: true } }, walkOnQemu);
    assert.deepEqual(addresses, walked);

    /** The second call, found by the address of its `int 0x80`. */
    async function walkOnQemu(qemu: Machine): Promise<number[]> {
      await qemu.serial.waitFor("$ ");
      await qemu.stop();
      qemu.serial.send("crossing 3\n");
      for (let count = 0; count < 2; ) {
        await qemu.runTo(addresses[0] ?? 0);
        if ((await qemu.registers()).eax === SystemCall.getppid) count++;
        if (count < 2) await qemu.step();
      }
      const way: number[] = [];
      do {
        way.push((await qemu.registers()).eip);
        await qemu.step();
      } while ((await qemu.registers()).cpl !== 3);
      return way;
    }
  });

  it("rests while nobody types, and leaves the page free while a program spins", async (t) => {
    const page = await open();
    const categories = ["disabled-by-default-devtools.timeline"];
    const traced = async (work: () => Promise<unknown>) => {
      await browser.startTracing(page, { categories });
      await work();
      return JSON.parse((await browser.stopTracing()).toString()) as Trace;
    };
    // At first the page keeps its files for later, and is drawn until nothing changes any more.
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
    await page.waitForTimeout(IDLE_MS);
    await page.locator("#terminal").click();
    // By the host's clock: the guest's may be wrong, if the host was busy while it was calibrated.
    // Of the page's own threads: the browser's go on compiling, the later the busier the host is.
    let elapsed = 0;
    const idle = await traced(async () => {
      const before = performance.now();
      await page.waitForTimeout(IDLE_MS);
      elapsed = performance.now() - before;
    });
    const worked = taskTimes(idle, [MAIN_THREAD, WORKER_THREAD]);
    const share = worked.reduce((sum, each) => sum + each, 0) / elapsed;
    t.diagnostic(`idle: ${(100 * share).toFixed(1)} % of a processor`);
    assert.ok(worked.length > 0 && share < IDLE_SHARE_MAX, `${share}`);

    await page.keyboard.type("spin &\n");
    const busy = await traced(() =>
      page.evaluate(`new Promise((done) => {
        let left = ${FRAMES};
        const next = () => (left-- > 0 ? requestAnimationFrame(next) : done());
        next();
      })`),
    );
    assert.ok(taskTimes(busy, [WORKER_THREAD]).length > 0, "the machine's thread is in the trace");
    const longest = Math.max(...taskTimes(busy, [MAIN_THREAD]));
    t.diagnostic(`beside spin, the longest task of the page's thread: ${longest.toFixed(1)} ms`);
    assert.ok(longest > 0 && longest < FRAME_GAP_MAX, `${longest} ms of CPU time`);
    await page.context().close();
  });

  it("leads through the tour: at each scene the machine bears out what is said", async () => {
    const page = await open({ viewport: { width: 1400, height: 900 } }, undefined, "#tour/1");
    const titles: string[] = [];
    for (let number = 1; ; number++) {
      await seen(page, "#tour .state", new RegExp(`^${number} of`));
      await page.locator(".claims .holds, .claims .broken").first().waitFor();
      assert.deepEqual(await page.locator(".claims .broken").allTextContents(), []);
      assert.ok((await page.locator(".claims .holds").count()) > 1);
      titles.push((await page.locator("#tour-title").textContent()) ?? "");
      assert.equal(await page.evaluate("document.activeElement.id"), "tour-title");
      if (number === 4) await usableByEveryone(page, "tour");
      if (number === 5) {
        // EIP has crossed over: filled in the kernel's column, hollow in the program's.
        assert.match(await seen(page, ".steps .now", /mov +eax,esp/), /^kernel/);
      }
      const next = page.locator(".tour-ways .primary");
      if (!(await next.isVisible())) break;
      await next.focus();
      await page.keyboard.press("Enter");
    }
    assert.equal(new Set(titles).size, titles.length);
    assert.ok(titles.length >= 10);

    // The end of the tour leaves a machine that runs, with its laws whole; a link leads back.
    await page.getByRole("button", { name: "End the tour" }).click();
    await seen(page, "#state", /running/);
    await page.getByRole("tab", { name: "Laws" }).click();
    await page.getByRole("button", { name: "Audit now" }).click();
    await seen(page, ".verdict", /No law is broken/);
    await page.evaluate("void (location.hash = '#tour/3')");
    await seen(page, "#tour .state", /^3 of/);
    await page.context().close();
  });

  it("compiles an edited kernel as isthmus build does, and boots it", async () => {
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    const page = await open({}, context);
    const path = "kernel/syscall/process.ts";
    const wanted = readFileSync(join(INSTALLATION, "build", "kernel.elf"));
    // The compiler is kept, whatever it was given before. In the end all that can be edited is made
    // anew: assembly and the layout, too.
    const builds = [[path], ["user/hello.ts"], [path, TRAMPOLINE, "kernel/layout.ts"]];
    for (const [index, edited] of builds.entries()) {
      const { kernel } = await page.evaluate(compileInPage, { edited, isNew: index === 0 });
      const isSame = kernel && Buffer.from(kernel, "base64").equals(wanted);
      assert.equal(isSame, edited.includes(path) || undefined, `not the build's: ${edited}`);
      const wrong = { edited, added: "\nexport const WRONG: u32 = parant;\n", isNew: false };
      if (index > 0) continue;
      const { faults = "" } = await page.evaluate(compileInPage, wrong);
      assert.match(faults, /parant/);
    }

    await page.getByRole("tab", { name: "Edit" }).click();
    await page.getByLabel("Search").fill("function getppid");
    await page.getByRole("button", { name: new RegExp(`^${path}:\\d+$`) }).click();
    // CodeMirror shows the line, which is chosen: what is typed takes its place.
    await seen(page, ".cm-activeLine", /export function getppid/);
    await seen(page, ".cm-activeLine .tok-keyword", /export/);
    await page.getByLabel("Search").fill("return parent === null");
    await page.getByRole("button", { name: new RegExp(`^${path}:\\d+$`) }).click();
    await seen(page, ".cm-activeLine", /return parent === null/);
    await page.keyboard.press("Home");
    await page.keyboard.type("parant; ");
    await seen(page, "#source-file option:checked", /\(edited\)/);
    await page.getByRole("button", { name: "Build and boot" }).click();
    await seen(page, ".faults", /parant/);
    await seen(page, ".cm-line .cm-lintRange-error", /parant/);
    const compilers = () => page.workers().filter((each) => each.url().includes("compile/"));
    const [kept] = compilers();
    assert.ok(kept, "the compiler is kept");

    // By keyboard: search in the file, Tab indents, Esc gives it back to those who leave.
    await page.locator("#source-text").focus();
    await page.keyboard.press("Control+f");
    await page.keyboard.type("function getppid");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await seen(page, ".cm-activeLine", /export function getppid/);
    const inEditor = "document.activeElement.id === 'source-text'";
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(inEditor), "Tab indents");
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    assert.ok(!(await page.evaluate(inEditor)), "Esc and Tab leave");

    await page.getByRole("button", { name: "Undo in this file" }).click();
    for (const law of [/Law 6/, /Law 7/]) await page.getByRole("button", { name: law }).click();
    await page.getByRole("button", { name: "Build and boot" }).click();
    await seen(page, "#build-status", /Built: kernel/);
    assert.ok(compilers().includes(kept), "the compiler was used again");
    await seen(page, ".xterm-accessibility", /Booted what was built.*\/\$/s);
    // Law 6 is about sources, so it is broken at once; law 7 when a program calls.
    await page.getByRole("tab", { name: "Laws" }).click();
    await page.getByRole("button", { name: "Audit now" }).click();
    await seen(page, ".verdict", /Broken: law 6\./);
    await seen(page, "[data-law='6']", /syscall\/process\.ts/);
    await page.locator("#terminal").click();
    await page.keyboard.type("crossing\n");
    await seen(page, ".xterm-accessibility", /panic/);
    // The panic's text comes before the end.
    await seen(page, "#state", /ended/);
    await page.getByRole("button", { name: "Audit now" }).click();
    await seen(page, ".verdict", /Broken: law 6, law 7\./);
    await page.getByRole("tab", { name: "Edit" }).click();

    // Edits are kept, become a patch, and travel by a link, which asks first, and warns of
    // assembly, as that runs in the browser itself.
    await page.getByLabel("Search").fill("The trampoline: the only code");
    await page.getByRole("button", { name: `${TRAMPOLINE}:1` }).click();
    await seen(page, ".cm-activeLine", /The trampoline/);
    await page.keyboard.type("// Mine.");
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save a patch" }).click(),
    ]);
    const patch = readFileSync(await saved.path(), "utf8");
    const options = { cwd: INSTALLATION, input: patch, encoding: "utf8" } as const;
    const applied = spawnSync("git", ["apply", "--check", "-"], options);
    assert.equal(applied.status, 0, applied.stderr);
    assert.match(patch, /^\+ {2}unreachable\(\);$/m);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy a link" }).click();
    await seen(page, "#build-status", /clipboard/);
    const link = await page.evaluate<string>("navigator.clipboard.readText()");
    await page.reload();
    await atPrompt(page);
    await page.getByRole("tab", { name: "Edit" }).click();
    await seen(page, "#source-file option:checked", /\(edited\)/);
    const other = await browser.newPage();
    watch(other);
    await other.goto(link);
    await seen(other, ".offer", new RegExp(path));
    await seen(other, ".offer .error", new RegExp(`${TRAMPOLINE} runs in your browser itself`));
    assert.equal(await other.locator("option", { hasText: "(edited)" }).count(), 0);
    await other.getByRole("button", { name: "Take them" }).click();
    await seen(other, ".cm-activeLine", /openWindow/);
    await usableByEveryone(other, "edit");
    await other.close();
    await context.close();
  });

  it("leaves the focus where it is, and finds what was typed, when files come late", async () => {
    const page = await open({ serviceWorkers: "block" });
    /** Holds a file back until what it returns is called. */
    const hold = async (name: string) => {
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      await page.route(`**/${name}`, async (route) => {
        await released;
        await route.continue();
      });
      return release;
    };
    const bringKernel = await hold("kernel.elf");
    await page.reload();
    await seen(page, ".xterm-accessibility", /\/\$/);
    await page.locator("#sessions summary").focus();
    bringKernel();
    await page.waitForSelector(".map svg");
    // The page would take it once its worker has answered.
    await page.evaluate("new Promise((done) => setTimeout(done, 100))");
    assert.ok(await page.locator("#sessions summary").evaluate((it) => it.matches(":focus")));

    const bringSources = await hold("sources.json");
    await page.getByRole("tab", { name: "Edit" }).click();
    await page.getByLabel("Search").fill("function getppid");
    assert.ok(await page.getByRole("button", { name: /Law 6/ }).isDisabled());
    bringSources();
    await page.getByRole("button", { name: /^kernel\/syscall\/process\.ts:\d+$/ }).waitFor();
    assert.ok(await page.getByRole("button", { name: /Law 6/ }).isEnabled());
    await page.context().close();
  });

  it("has a reference of all codes, commands and calls, in which one can search", async () => {
    const viewport = { width: 320, height: 800 };
    const page = await browser.newPage({ viewport, colorScheme: "dark" });
    watch(page);
    await page.goto(`${url}reference.html#LAY001`);
    const entries = page.locator(".entry");
    const ids = await entries.evaluateAll((all) => all.map(({ id }) => id));
    const calls: ServedCall[] = JSON.parse(
      readFileSync(join(INSTALLATION, "build", SYSTEM_CALLS_FILE), "utf8"),
    );
    const wanted = [
      ...[...MISTAKES, ...EXPLANATIONS].map(({ code }) => code),
      ...COMMAND_NAMES.map((name) => `command-${name}`),
      ...calls.map(({ name }) => `call-${name}`),
    ];
    assert.deepEqual(
      wanted.filter((id) => !ids.includes(id)),
      [],
    );
    assert.equal(new Set(ids).size, ids.length, "an identifier is there twice");
    // What the kernel's own table says of read, and the manual page of a command.
    assert.match(
      (await page.locator("#call-read").textContent()) ?? "",
      /3read\(file, output, size\)/,
    );
    assert.match((await page.locator("#command-check").textContent()) ?? "", /--sarif|sarif/);

    await page.getByLabel("Search").fill("writable executable segment");
    await seen(page, "#found", /^[1-9]\d? of \d+ entries$/);
    assert.ok(await page.locator("#LAY001").isVisible());
    assert.ok(!(await page.locator("#call-read").isVisible()));
    await page.getByLabel("Search").fill("");
    await usableByEveryone(page, "reference");
    assert.ok((await page.evaluate<number>("document.documentElement.scrollWidth")) <= 320);
    await page.close();
  });

  it("can be used by keyboard alone: Tab comes to everything, is seen, and goes on", async () => {
    const page = await open();
    await page.evaluate("void (globalThis.__name = (named) => named)");
    await page.locator("#sessions summary").press("Enter");
    for (const [index, tab] of PANELS.entries()) {
      if (index > 0) await page.keyboard.press("ArrowRight");
      await page.getByRole("tab", { name: tab, selected: true }).waitFor();
      if (tab === "Edit") await page.locator(".cm-content").waitFor();
      await walk(page, "Tab", tab);
      assert.deepEqual(await namelessControls(page), [], tab);
      await page.locator("[role=tab][aria-selected=true]").focus();
    }
    // Backwards, and where the keys for touch are: the terminal lets go there, too.
    await page.setViewportSize({ width: 600, height: 900 });
    await walk(page, "Shift+Tab", "backwards");
    await page.locator("#terminal").click();
    // In one go: two presses from here may be too far apart for the page, if the host is busy.
    await page.evaluate(pressTwice, { into: ".xterm-helper-textarea", key: "Escape", keyCode: 27 });
    assert.equal(await page.evaluate("document.activeElement.id"), "sticky-control");
    await page.context().close();
  });

  /** Goes through the page from its beginning, or from its end. */
  async function walk(page: Page, key: "Tab" | "Shift+Tab", what: string): Promise<void> {
    const stops = key === "Tab" ? ".skip" : ".piece[tabindex='0']";
    await page.locator(stops).last().focus();
    const unseen: string[] = [];
    for (let count = 0; ; count++) {
      assert.ok(count < TABS_MAX, `${what}: Tab never comes to an end`);
      const focus = await page.evaluate(readFocus);
      if (focus.what === "" || focus.isKnown) break;
      if (!focus.isSeen) unseen.push(focus.what);
      if (focus.keepsTab) await page.keyboard.press("Escape");
      await page.keyboard.press(key);
    }
    assert.deepEqual(unseen, [], `${what}: the focus is not seen`);
    assert.deepEqual(await page.evaluate(unreached), [], `${what}: Tab does not come there`);
  }

  /**
   * What can have the focus, and has no name in the tree that screen readers get. The lines of the
   * terminal are what they say, and what has no role (the box that scrolls an editor) has no stop.
   */
  async function namelessControls(page: Page): Promise<string[]> {
    const session = await page.context().newCDPSession(page);
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    await session.detach();
    const controls = nodes.filter(
      ({ ignored, role, properties }) =>
        !ignored &&
        !["RootWebArea", "listitem", "generic"].includes(role?.value) &&
        properties?.some(({ name, value }) => name === "focusable" && value.value === true),
    );
    assert.ok(controls.length > 20);
    return controls
      .filter(({ name }) => !name?.value)
      .map(({ role, backendDOMNodeId }) => `${role?.value} ${backendDOMNodeId}`);
  }

  for (const [width, colorScheme] of [
    [1400, "light"],
    [1000, "dark"],
    [320, "light"],
  ] as const) {
    it(`can be used by everyone, ${colorScheme} at ${width} pixels`, async () => {
      const page = await open({ viewport: { width, height: 800 }, colorScheme });
      const scroll = await page.evaluate<number>("document.documentElement.scrollWidth");
      assert.ok(scroll <= width, `the page is ${scroll} pixels wide`);
      for (const tab of PANELS) {
        await page.getByRole("tab", { name: tab }).click();
        await usableByEveryone(page, tab);
      }
      await page.context().close();
    });
  }

  it("has said nothing of faults to the console", () => {
    assert.deepEqual(faults, []);
  });
});

/** The kernel's sources as the audit wants them. */
function kernelSources(): Map<string, string> {
  const texts = JSON.parse(readFileSync(join(WEB, "build", "sources.json"), "utf8")) as object;
  const kernel = Object.entries(texts).filter(([path]) => path.startsWith("kernel/"));
  return new Map(kernel.map(([path, text]) => [path.slice("kernel/".length), text as string]));
}

/**
 * The tasks of a page's threads of these names, in milliseconds of CPU time, so that they do not
 * depend on what else this machine does.
 */
function taskTimes({ traceEvents }: Trace, names: readonly string[]): number[] {
  const named = traceEvents.filter(({ name }) => name === "thread_name");
  const wanted = named.filter(({ args }) => names.includes(args?.name ?? ""));
  const threads = new Set(wanted.map(({ pid, tid }) => `${pid}.${tid}`));
  return traceEvents
    .filter(({ name, pid, tid }) => name === "RunTask" && threads.has(`${pid}.${tid}`))
    .map(({ tdur = 0 }) => tdur / 1000);
}

/** A Linux program for i386 of 100 bytes or so: it writes `text`, and exits. */
function staticProgram(text: string): Buffer {
  const start = 0x0804_8000;
  const header = 84;
  const data = Buffer.from(text);
  const code = [
    ...[0xb8, 4, 0, 0, 0, 0xbb, 1, 0, 0, 0], // mov $4, %eax; mov $1, %ebx
    ...[0xb9, 0, 0, 0, 0, 0xba, data.length, 0, 0, 0, 0xcd, 0x80], // mov text, %ecx; mov n, %edx
    ...[0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80], // mov $1, %eax; xor %ebx, %ebx
  ];
  const elf = Buffer.alloc(header + code.length + data.length);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  elf.writeUInt32LE((3 << 16) | 2, 16); // ET_EXEC, EM_386
  elf.writeUInt32LE(1, 20);
  elf.writeUInt32LE(start + header, 24);
  elf.writeUInt32LE(52, 28);
  elf.set([52, 0, 32, 0, 1, 0, 40, 0], 40);
  const size = elf.length;
  for (const [index, word] of [1, 0, start, start, size, size, 5, 4096].entries()) {
    elf.writeUInt32LE(word, 52 + 4 * index);
  }
  elf.set(code, header);
  elf.writeUInt32LE(start + header + code.length, header + 11);
  elf.set(data, header + code.length);
  return elf;
}

/** A kernel without ELF: a Multiboot header that says where it goes, and code that writes. */
function flatKernel(): Buffer {
  const start = 0x10_0000;
  const words = [0x1bad_b002, 0x1_0000, 0, start, start, 0, 0, start + 32];
  words[2] = -(0x1bad_b002 + 0x1_0000);
  const text = Buffer.from("flat!");
  const code = [...text].flatMap((byte) => [0xb0, byte, 0xee]); // mov $byte, %al; out %al, %dx
  const port = [0x66, 0xba, 0xf8, 0x03]; // mov $0x3f8, %dx
  const header = Buffer.from(new Int32Array(words).buffer);
  return Buffer.concat([header, Buffer.from([...port, ...code, 0xf4, 0xeb, 0xfd])]); // hlt; again
}

/** Runs in the page: what a drag carries. */
function makeTransfer({ name, bytes }: { name: string; bytes: number[] }): unknown {
  const page = globalThis as unknown as {
    DataTransfer: new () => { items: { add(file: object): void } };
    File: new (parts: readonly Uint8Array[], name: string) => object;
  };
  const data = new page.DataTransfer();
  data.items.add(new page.File([Uint8Array.from(bytes)], name));
  return data;
}

/** Runs in the page: pastes text, as a terminal gets it. */
function pasteText({ into, text }: { into: string; text: string }): void {
  const page = globalThis as unknown as {
    document: { querySelector(selector: string): { dispatchEvent(event: object): void } | null };
    DataTransfer: new () => { setData(type: string, text: string): void };
    ClipboardEvent: new (type: string, options: object) => object;
  };
  const clipboardData = new page.DataTransfer();
  clipboardData.setData("text/plain", text);
  const event = new page.ClipboardEvent("paste", { clipboardData, bubbles: true });
  page.document.querySelector(into)?.dispatchEvent(event);
}

/** Runs in the page: presses a key twice. */
function pressTwice({ into, ...key }: { into: string; key: string; keyCode: number }): void {
  const page = globalThis as unknown as {
    document: { querySelector(selector: string): { dispatchEvent(event: object): void } | null };
    KeyboardEvent: new (type: string, options: object) => object;
  };
  for (let count = 0; count < 2; count++) {
    const event = new page.KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true });
    page.document.querySelector(into)?.dispatchEvent(event);
  }
}

/** Runs in the page: what axe finds serious, in the page's own parts. */
async function violations(): Promise<string[]> {
  interface Axe {
    run(what: object): Promise<{
      violations: { id: string; impact: string; nodes: { html: string }[] }[];
    }>;
  }
  const { axe } = globalThis as unknown as { axe: Axe };
  const found = await axe.run({ exclude: [[".xterm"]] });
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`);
}
