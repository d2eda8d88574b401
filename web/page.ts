// The page: makes its parts and wires them to each other. What they do is theirs.

import { SystemCall } from "../src/abi/linux/i386";
import { PAGE_SIZE } from "../src/abi/memory-map";
import { ADDRESS_SPACE_END, hex } from "../src/base/align";
import { requireStaticProgram } from "../src/guest/elf-program";
import type { CallState, Claim } from "../src/inspect/scene-claims";
import { AuditPane } from "./audit/audit-pane";
import { CheckPane, type OwnFile } from "./check/check-pane";
import type { BuiltFile } from "./compile/protocol";
import { button, byId, element } from "./document/element";
import { dropSession, keepSession, keptSessions, readSession } from "./document/session-store";
import { connectTabs } from "./document/tabs";
import { followTheme } from "./document/theme";
import { EditPane } from "./edit/edit-pane";
import { MachineClient } from "./machine/client";
import { Prompt } from "./machine/prompt";
import type { BootRequest, ExtraFile, MachineEvent, PlainError } from "./machine/protocol";
import { MapPane } from "./map/map-pane";
import { ScreenPane } from "./screen";
import { StepPane } from "./step/step-pane";
import { TerminalPane } from "./terminal";
import type { Stage } from "./tour/scenes";
import { TourPane } from "./tour/tour-pane";

const MEMORY_MIB = 64;
/** Speeds by the slider's position: each is a quarter of the next. */
const FULL_SPEED = 6;
const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];

const client = new MachineClient(
  new Worker(new URL("machine-worker.js", import.meta.url), { type: "module" }),
);
let request: BootRequest = { memoryMiB: MEMORY_MIB, files: [] };
let isPaused = false;
let hasEnded = false;
let prompt = new Prompt();

const terminal = new TerminalPane(
  byId("terminal", HTMLElement),
  byId("touch-keys", HTMLElement),
  (text) => void client.call("input", text),
);
const screen = new ScreenPane(
  client,
  byId("screen", HTMLCanvasElement),
  byId("pixels", HTMLButtonElement),
  () => void boot(request),
);
const steps = new StepPane(client, byId("panel-step", HTMLElement), announce);
const map = new MapPane(
  client,
  {
    map: byId("map", HTMLElement),
    tables: byId("map-tables", HTMLElement),
    facts: byId("facts", HTMLElement),
    legend: byId("legend", HTMLElement),
    process: byId("process", HTMLSelectElement),
    asTable: byId("as-table", HTMLButtonElement),
  },
  ({ address, pa }) => steps.propose(address, pa),
);
const laws = new AuditPane(client, byId("panel-audit", HTMLElement), {
  point: (space, address) => void map.point(space, address),
  announce,
  type: (text) => void client.call("input", text),
  restart: () => boot(request),
  hasEnded: () => hasEnded,
});
const checks = new CheckPane(byId("panel-check", HTMLElement), {
  boot: ({ name, bytes }) => {
    terminal.focus();
    void boot({ ...request, kernel: { name, bytes } });
  },
  run: (program) => void attempt(() => runProgram(program)),
});

const edits = new EditPane(byId("panel-edit", HTMLElement), {
  boot: bootBuilt,
  show: () => selectTab("tab-edit"),
  announce,
});
const tour = new TourPane(byId("tour", HTMLElement), {
  set: setStage,
  claims: async (name, call) =>
    name === "own" ? exampleClaims() : client.call("claims", name, call),
  point: (space, address) => void map.point(space, address),
  announce,
});

/** Tells those who do not see it. */
function announce(text: string): void {
  byId("live", HTMLElement).textContent = text;
}

function complain(error: unknown): void {
  const notice = byId("notice", HTMLElement);
  const { plain = error as Partial<PlainError> } = error as { plain?: PlainError };
  const code = plain.code ? `${plain.code}: ` : "";
  const remedy = plain.remedy ? `. ${plain.remedy}.` : "";
  const text = error instanceof Error ? error.message : String(error);
  notice.replaceChildren(
    `${code}${text}${remedy} `,
    button(
      "Dismiss",
      () => {
        notice.hidden = true;
      },
      { class: "link" },
    ),
  );
  notice.hidden = false;
}

/** Runs work that a reader asked for, and says what went wrong with it. */
async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    complain(error);
  }
}

/** Boots anew; the terminal says `note` above what the machine writes. */
async function boot(wanted: BootRequest, note?: string): Promise<void> {
  request = { ...wanted, hasPixels: screen.isWanted };
  byId("notice", HTMLElement).hidden = true;
  terminal.clear(wanted.kernel !== undefined);
  if (note !== undefined) terminal.note(note);
  laws.reset();
  await attempt(async () => {
    await client.call("boot", request);
    await map.watch();
  });
}

// --- The bar ---

function connectControls(): void {
  const pause = byId("pause", HTMLButtonElement);
  pause.addEventListener("click", () => {
    void attempt(() => client.call(isPaused ? "resume" : "pause"));
  });
  byId("restart", HTMLButtonElement).addEventListener("click", () => {
    void boot({ memoryMiB: request.memoryMiB, files: request.files });
  });
  const speed = byId("speed", HTMLInputElement);
  speed.addEventListener("input", () => {
    const share = 4 ** (speed.valueAsNumber - FULL_SPEED);
    speed.setAttribute(
      "aria-valuetext",
      share === 1 ? "full speed" : `1/${1 / share} of full speed`,
    );
    void client.call("setSpeed", share);
  });
  byId("copy", HTMLButtonElement).addEventListener("click", () => {
    void attempt(async () => {
      await navigator.clipboard.writeText(terminal.text());
      announce("The terminal's text is in the clipboard.");
    });
  });
  for (const word of document.querySelectorAll<HTMLElement>("[data-type]")) {
    word.addEventListener("click", () => {
      void client.call("input", `${word.dataset.type}\n`);
      terminal.focus();
    });
  }
}

function followMachine(event: MachineEvent): void {
  if (event.kind === "output") {
    terminal.write(event.bytes);
    prompt.read(event.bytes);
  }
  if (event.kind !== "state") return;
  if (event.state === "starting") prompt = new Prompt();
  isPaused = event.state === "paused";
  hasEnded = event.state === "ended";
  byId("pause", HTMLButtonElement).textContent = isPaused ? "Resume" : "Pause";
  byId("pause", HTMLButtonElement).disabled = event.state === "ended";
  const state = byId("state", HTMLElement);
  state.textContent = event.state;
  state.className = `state ${event.state}`;
  if (event.ending) terminal.note(endText(event.ending));
}

function endText(ending: NonNullable<Extract<MachineEvent, { kind: "state" }>["ending"]>): string {
  switch (ending.kind) {
    case "exit":
      return `The first program ended with status ${ending.status}. Restart boots anew.`;
    case "panic":
      return "The kernel panicked. Restart boots anew.";
    case "crash":
      return `The machine died: ${ending.text}. Restart boots anew.`;
    default:
      return "The machine is off. Restart boots anew.";
  }
}

// --- Edits ---

/** Boots what was built from edited sources, with what else is there. */
async function bootBuilt(files: readonly BuiltFile[]): Promise<void> {
  const kernel = files.find(({ name }) => name === "kernel");
  const programs = files.filter((file) => file !== kernel);
  const added = programs.map(({ name, bytes }) => {
    return { path: `bin/${name}`, bytes, isProgram: true };
  });
  const paths = new Set(added.map(({ path }) => path));
  const kept = request.files.filter(({ path }) => !paths.has(path));
  const edited = kernel && { ...kernel, name: "kernel.elf", isOwn: true };
  const wanted = {
    memoryMiB: request.memoryMiB,
    files: [...kept, ...added],
    ...(edited && { kernel: edited }),
  };
  await boot(wanted, `Booted what was built: ${files.map(({ name }) => name).join(", ")}.`);
}

// --- The tour ---

/**
 * Has the shell start a program, in a machine that is stopped: it gets the line when steps go on,
 * so that none of the program's calls is missed. What somebody has begun to type is dropped.
 */
async function startProgram(name: string): Promise<void> {
  await client.call("pause");
  await client.call("input", `\x15${name}\n`);
}

/** A machine of the project's own that runs, with its laws whole. */
async function makeWhole(): Promise<void> {
  await client.call("cancelRun");
  await laws.mend();
  if (request.kernel || hasEnded) await boot({ memoryMiB: MEMORY_MIB, files: request.files });
  else await client.call("resume");
  await prompt.seen;
}

/** Brings the machine to a stage of the tour; see `TourActions`. */
async function setStage(stage: Stage): Promise<readonly CallState[]> {
  await makeWhole();
  switch (stage) {
    case "prompt":
      return [];
    case "breach":
      selectTab("tab-audit");
      await laws.breakLaw(1);
      return [];
    case "yours":
      selectTab("tab-check");
      return [];
    case "write":
      selectTab("tab-step");
      await startProgram("hello");
      await steps.awaitCall(SystemCall.write, "hello");
      return [];
    case "call":
    case "entered": {
      selectTab("tab-step");
      await startProgram("crossing");
      const call = await steps.follow(SystemCall.getppid);
      const loaded = call.findIndex(({ cr3 }, index) => index > 0 && cr3 !== call[index - 1]?.cr3);
      if (stage === "entered") await steps.backTo(loaded);
      return call;
    }
  }
}

/** What holds of the example that the last scene links. */
async function exampleClaims(): Promise<Claim[]> {
  const answer = await checks.showExample();
  if (answer.kind !== "report") return [{ text: "The objects were linked.", holds: false }];
  const { start = 0, end = 0 } = answer.shared ?? {};
  const wrong = answer.findings.filter(({ severity }) => severity === "error");
  return [
    {
      text: `Its trampoline is at ${hex(start)}, and its last page ends at 4 GiB.`,
      holds: start > 0 && Math.ceil(end / PAGE_SIZE) * PAGE_SIZE === ADDRESS_SPACE_END,
    },
    {
      text: "Nothing is wrong with the kernel, and GRUB, QEMU and v86 load it.",
      holds:
        wrong.length === 0 &&
        ["grub", "qemu", "v86"].every((loader) =>
          answer.verdicts.some((each) => each.loader === loader && each.outcome === "loads"),
        ),
    },
  ];
}

// --- Sessions ---

async function listSessions(): Promise<void> {
  const sessions = await keptSessions();
  const items = sessions.map(({ id, name }) =>
    element(
      "li",
      {},
      button(name, () => void attempt(() => goOn(id)), { class: "link" }),
      button("Drop", () => void attempt(() => drop(id)), { "aria-label": `Drop ${name}` }),
    ),
  );
  const none = element("li", { class: "faint" }, "None is kept yet.");
  byId("session-list", HTMLElement).replaceChildren(...(items.length > 0 ? items : [none]));
}

async function goOn(id: number): Promise<void> {
  const saved = await readSession(id);
  request = saved.request;
  screen.show(request.hasPixels === true);
  terminal.clear();
  laws.reset();
  await client.call("restore", saved);
  prompt = Prompt.past();
  await map.watch();
  terminal.note("The session goes on. What it had printed was not kept: press Enter for a prompt.");
}

async function drop(id: number): Promise<void> {
  await dropSession(id);
  await listSessions();
}

function connectSessions(): void {
  byId("save", HTMLButtonElement).addEventListener("click", () => {
    void attempt(async () => {
      await keepSession(await client.call("save"));
      await listSessions();
      announce("The session is kept.");
    });
  });
  byId("sessions", HTMLElement).addEventListener("toggle", () => void attempt(listSessions));
}

// --- Files ---

async function readFile(file: File): Promise<OwnFile> {
  return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
}

function isElf({ bytes }: OwnFile): boolean {
  return ELF_MAGIC.every((byte, index) => bytes[index] === byte);
}

/** Where a file of the reader's own is in the guest: programs are in /bin, others in /. */
function guestFile(file: OwnFile): ExtraFile {
  const plain = file.name.replace(/[^\w.-]/g, "_");
  const isProgram = isElf(file);
  return { path: isProgram ? `bin/${plain}` : plain, bytes: file.bytes, isProgram };
}

/**
 * Boots anew with files of the reader's own.
 *
 * @throws CannotRun if one of them is a program that the guest cannot run
 */
async function addFiles(files: readonly OwnFile[]): Promise<void> {
  for (const file of files) if (isElf(file)) requireStaticProgram(file.bytes, file.name);
  const added = files.map(guestFile);
  const paths = new Set(added.map(({ path }) => path));
  const kept = request.files.filter(({ path }) => !paths.has(path));
  const names = added.map(({ path }) => `/${path}`).join(", ");
  const wanted = { memoryMiB: request.memoryMiB, files: [...kept, ...added] };
  await boot(wanted, `Booted anew with ${names}.`);
}

/** Puts a program into /bin, and runs it. */
async function runProgram(program: OwnFile): Promise<void> {
  await addFiles([program]);
  await prompt.seen;
  await client.call("input", `${guestFile(program).path.replace("bin/", "")}\n`);
  terminal.focus();
}

/** What was dropped on the page, or chosen for the guest: one program is run at once. */
async function takeFiles(files: FileList | null | undefined): Promise<void> {
  const read = await Promise.all([...(files ?? [])].map(readFile));
  const [first] = read;
  if (read.length === 1 && first && isElf(first)) await runProgram(first);
  else if (first) await addFiles(read);
}

function connectFiles(): void {
  const input = byId("file", HTMLInputElement);
  byId("add-file", HTMLButtonElement).addEventListener("click", () => input.click());
  input.addEventListener("change", async () => {
    await attempt(() => takeFiles(input.files));
    input.value = "";
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    const files = event.dataTransfer?.files;
    const isForCheck =
      event.target instanceof Element && event.target.closest("#panel-check") !== null;
    if (!isForCheck) await attempt(() => takeFiles(files));
    else if (files?.length) await checks.show(await Promise.all([...files].map(readFile)));
  });
}

function connectKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowRight") void steps.forward();
    else if (event.key === "ArrowLeft") void steps.back();
    else if (event.key === "p") byId("pause", HTMLButtonElement).click();
    else return;
    event.preventDefault();
  });
}

client.onEvent(followMachine);
terminal.onResize(() => void client.call("resize", terminal.window));
void client.call("resize", terminal.window);
connectControls();
connectSessions();
connectFiles();
connectKeys();
const selectTab = connectTabs(byId("tabs", HTMLElement), (panel) => {
  document.body.classList.toggle("editing", panel === "panel-edit");
  if (panel === "panel-edit") void attempt(() => edits.show());
});
followTheme(byId("theme", HTMLSelectElement), (isDark) => {
  terminal.setDark(isDark);
  map.setDark(isDark);
  checks.setDark(isDark);
  edits.setDark(isDark);
});
document.addEventListener("visibilitychange", () => void map.watch());
void boot(request).then(async () => {
  // Who has begun to use something else meanwhile stays there.
  if (document.activeElement === document.body) terminal.focus();
  await edits.followLink();
  await tour.follow();
});
if ("serviceWorker" in navigator && isSecureContext) {
  void navigator.serviceWorker.register(new URL("sw.js", import.meta.url), { type: "module" });
}
