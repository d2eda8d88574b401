// Shells and full-screen programs of Debian's, used as a person uses them: by keys, at a login
// prompt, in a window that changes its size. What the screen shows is what is compared.
//
// One machine serves all tests of a kind, in their order: each begins at a shell's prompt and
// leaves one.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Machine, MachineName } from "../../src/machine/machine";
import { newFolder } from "../guest/host-folder";
import { skipReason } from "../machine/installed";
import { packagesMissing } from "./debian-packages";
import { openLoginMachine, PASSWORD, READER } from "./login-machine";
import { Screen, ShellAtScreen, USUAL_WINDOW } from "./screen";

const SHELLS = ["busybox-static", "bash-static", "zsh-static", "ncurses-base"];
const PROGRAMS = [
  ...["coreutils", "libc6", "libacl1", "libattr1", "libgmp10", "libpcre2-8-0", "libselinux1"],
  ...["libtinfo6", "libncursesw6", "vim-tiny", "vim-common", "less", "nano", "procps"],
  ...["libproc2-0", "bsdutils", "libsystemd0", "libcap2", "libgcrypt20", "libgpg-error0"],
  ...["liblz4-1", "liblzma5", "libzstd1", "libgcc-s1"],
  // Of libc-bin it is the locale with UTF-8, without which tmux does not begin.
  ...["tmux", "libevent-core-2.1-7", "libutempter0", "libc-bin"],
];
const LARGE = { rows: 30, columns: 100 };
const SMALL = { rows: 15, columns: 60 };
const UP = "\x1b[A";
const ESCAPE = "\x1b";

function control(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) & 0x1f);
}

/** Opens the machine before the tests of a suite; what sits at it. */
function sitDown(machine: MachineName, packages: readonly string[]): () => Screen {
  const folder = newFolder();
  let opened: Machine | undefined;
  let screen: Screen | undefined;
  before(async () => {
    opened = await openLoginMachine(machine, folder, packages);
    screen = new Screen(opened);
    await opened.start();
  });
  after(() => opened?.close());
  return () => {
    assert.ok(screen, "the machine did not start");
    return screen;
  };
}

async function logIn(screen: Screen, name: string, password = PASSWORD): Promise<void> {
  await screen.until(() => screen.cursorLine.endsWith(" login:"), "a login prompt");
  screen.type(`${name}\r`);
  await screen.awaits("Password:");
  screen.type(`${password}\r`);
}

/** What shells say of jobs, in the words of each. */
interface ShellTexts {
  readonly user: string;
  readonly stopped: RegExp;
  readonly continued: RegExp;
  readonly running: RegExp;
}

const BASH: ShellTexts = {
  user: "alice",
  stopped: /^\[1\]\+ {2}Stopped +busybox tail -f own$/m,
  continued: /^\[1\]\+ busybox tail -f own &$/m,
  running: /^\[1\]\+ {2}Running +busybox tail -f own &$/m,
};
const ZSH: ShellTexts = {
  user: "zoe",
  stopped: /^zsh: suspended {2}busybox tail -f own$/m,
  continued: /^\[1\] {2}\+ continued {2}busybox tail -f own$/m,
  running: /^\[1\] {2}\+ running +busybox tail -f own$/m,
};

function testShell(screenOf: () => Screen, texts: ShellTexts) {
  const { user, stopped, continued, running } = texts;
  const shellOf = () => new ShellAtScreen(screenOf(), `${user}$`);

  it(`${user} logs in, with the right password only`, async () => {
    const screen = screenOf();
    await logIn(screen, user, "wrong");
    await screen.shows(/Login incorrect/);
    await logIn(screen, user);
    await shellOf().ready();
  });

  it(`${user} is not root, and may not read root's files`, async () => {
    const shell = shellOf();
    assert.equal(await shell.run("id -u; pwd"), `${user === "alice" ? 1000 : 1001}\n/home/${user}`);
    assert.match(await shell.run("cat /root/secret /etc/shadow"), /^.*denied\n.*denied$/);
    assert.match(await shell.run("echo x >/etc/passwd"), /denied/);
    assert.match(await shell.run("echo mine >own; cat own"), /^mine$/m);
    assert.match(await shell.run("kill 1"), /not permitted|permitted/);
  });

  it(`${user} stops a job and lets it go on behind`, async () => {
    const [screen, shell] = [screenOf(), shellOf()];
    await shell.clear();
    await shell.enter("busybox tail -f own");
    await screen.shows(/^mine$/m);
    screen.type(control("Z"));
    await shell.ready();
    assert.match(screen.text(), stopped);
    assert.match(await shell.run("bg"), continued);
    assert.match(await shell.run("jobs"), running);
    await shell.run("kill %1; wait");
    await shell.run("true");
    assert.equal(await shell.run("jobs"), "");
  });

  it(`${user} takes a job back, which reads what is typed, and ends it`, async () => {
    const [screen, shell] = [screenOf(), shellOf()];
    await shell.clear();
    await shell.enter(READER);
    await screen.shows(/^reads$/m);
    screen.type(control("Z"));
    await shell.ready();
    await shell.clear();
    await shell.enter("fg");
    await screen.shows(/^goes on$/m);
    screen.type("words\r");
    await screen.shows(/^words\n<words>$/m);
    screen.type(control("C"));
    await shell.ready();
    assert.equal(await shell.run("jobs"), "");
  });

  it(`${user} goes back in the history and searches it`, async () => {
    const [screen, shell] = [screenOf(), shellOf()];
    assert.equal(await shell.run("echo first"), "first");
    assert.equal(await shell.run("echo second"), "second");
    await shell.clear();
    screen.type(UP + UP);
    await screen.awaits(`${user}$ echo first`);
    screen.type("\r");
    await screen.shows(/^first$/m);
    await shell.ready();
    screen.type(`${control("R")}seco`);
    await screen.shows(/echo second/);
    screen.type("\r");
    await screen.shows(/^second$/m);
    await shell.ready();
  });

  it(`${user} has names completed`, async () => {
    const [screen, shell] = [screenOf(), shellOf()];
    assert.equal(await shell.run("mkdir -p quay/quick; echo in >quay/quick/file"), "");
    screen.type("cat qu\tqu\tfi\t");
    await screen.awaits(`${user}$ cat quay/quick/file`);
    screen.type("\r");
    await screen.shows(/^in$/m);
    await shell.ready();
    screen.type("busyb\t");
    await screen.awaits(`${user}$ busybox`);
    screen.type(control("U"));
    await shell.ready();
  });

  it(`${user} sees a long line break where the window now ends`, async () => {
    const [screen, shell] = [screenOf(), shellOf()];
    await shell.resize(SMALL);
    await shell.clear();
    screen.type("x".repeat(70));
    await screen.awaits("x".repeat(user.length + 2 + 70 - 60));
    screen.type(control("U"));
    await shell.ready();
    await shell.resize(USUAL_WINDOW);
  });
}

function leave(screenOf: () => Screen, user: string): void {
  it(`${user} logs out, and the next may log in`, async () => {
    const screen = screenOf();
    await new ShellAtScreen(screen, `${user}$`).enter("exit");
    await screen.until(() => screen.cursorLine.endsWith(" login:"), "a login prompt");
  });
}

const missing = packagesMissing();

describe("at the terminal of QEMU", { skip: missing || skipReason("qemu") }, () => {
  const screenOf = sitDown("qemu", [...SHELLS, ...PROGRAMS]);
  const shellOf = () => new ShellAtScreen(screenOf(), "alice$");
  testShell(screenOf, ZSH);
  leave(screenOf, "zoe");
  testShell(screenOf, BASH);

  it("vim edits, is stopped and goes on, in a window of another size", async () => {
    const [screen, shell] = [screenOf(), shellOf()];
    await shell.clear();
    await shell.enter("vim.tiny text");
    await screen.shows(/^"text" \[New\] +0,0-1 +All$/m);
    screen.type("ione\rtwo");
    await screen.shows(/^one\ntwo\n~\n/);
    await screen.shows(/^-- INSERT -- /m);
    screen.type(ESCAPE);
    await screen.until(() => !screen.text().includes("INSERT"), "the end of the insertion");
    await screen.settles();
    screen.resize(LARGE);
    await screen.until(
      () => screen.lines().filter((line) => line === "~").length === LARGE.rows - 3,
      "empty lines to the end of the larger window",
    );
    screen.type(control("Z"));
    await screen.shows(/^\[1\]\+ {2}Stopped +vim\.tiny text$/m);
    await shell.ready();
    assert.equal(screen.isAlternate, false);
    await shell.enter("fg");
    await screen.shows(/^one\ntwo\n~\n/);
    screen.type("ggdd:wq\r");
    await shell.ready();
    assert.equal(await shell.run("cat text"), "two");
    await shell.resize(USUAL_WINDOW);
  });

  it("less shows pages, finds a line, and fills a window of another size", async () => {
    const [screen, shell] = [screenOf(), shellOf()];
    await shell.clear();
    await shell.enter("seq 1000 | less");
    await screen.shows(/^1\n2\n[\s\S]*\n23\n:$/);
    screen.type(" ");
    await screen.shows(/^24\n25\n[\s\S]*\n46\n:$/);
    screen.type("/^500\r");
    await screen.shows(/^500\n501\n[\s\S]*\n522\n:$/);
    await screen.settles();
    screen.resize(LARGE);
    await screen.shows(/^500\n501\n[\s\S]*\n528\n:$/);
    screen.type("G");
    await screen.shows(/^972\n[\s\S]*\n1000\n\(END\)$/);
    await screen.settles();
    screen.resize(USUAL_WINDOW);
    await screen.shows(/^972\n[\s\S]*\n994\n:$/);
    screen.type("q");
    await shell.ready();
  });

  it("nano writes a file, in a small window", async () => {
    const [screen, shell] = [screenOf(), shellOf()];
    await shell.resize(SMALL);
    await shell.clear();
    await shell.enter("nano note");
    await screen.shows(/^ {2}GNU nano .* note *\n[\s\S]*\[ New File \][\s\S]*\n\^X Exit .*$/);
    screen.type("a note");
    await screen.shows(/^a note$/m);
    screen.type(control("X"));
    await screen.shows(/Save modified buffer/);
    screen.type("y");
    await screen.shows(/File Name to Write: note/);
    screen.type("\r");
    await shell.ready();
    assert.equal(await shell.run("cat note"), "a note");
    await shell.resize(USUAL_WINDOW);
  });

  it("top shows processes, and fits them into a smaller window", async () => {
    const [screen, shell] = [screenOf(), shellOf()];
    await shell.clear();
    await shell.enter("top -d 0.2");
    await screen.shows(/^top - [\s\S]*\n +PID USER .* COMMAND\n/);
    await screen.shows(/^ *\d+ alice .* R .* top$/m);
    screen.resize(SMALL);
    await screen.shows(/^ +PID USER [^\n]* %MEM$/m);
    screen.type("q");
    await shell.ready();
    await shell.resize(USUAL_WINDOW);
  });

  it("script records a shell on a terminal of its own, which has the window's size", async () => {
    const [screen, shell] = [screenOf(), shellOf()];
    await shell.clear();
    await shell.enter("SHELL=/bin/bash-static script -q typescript");
    await screen.until(() => /\n *alice\$$/.test(screen.text().trimEnd()), "a second prompt");
    assert.match(await shell.run("tty"), /^\/dev\/pts\/\d+$/);
    assert.equal(await shell.run("stty size"), "24 80");
    await shell.resize(LARGE);
    await shell.enter("exit");
    await shell.ready();
    await shell.resize(USUAL_WINDOW);
    assert.match(await shell.run("tty"), /^\/dev\/(console|ttyS0)$/);
    assert.equal(await shell.run("busybox grep -c '30 100' typescript"), "1");
  });

  it("tmux has two shells beside each other, in a larger window, and is left", async () => {
    const [screen, shell] = [screenOf(), shellOf()];
    const prefix = control("B");
    await shell.clear();
    await shell.enter("LC_ALL=C.UTF-8 tmux");
    await screen.shows(/^alice\$\n[\s\S]*\n\[0\] 0:bash-static\*/);
    await shell.enter("stty size");
    await screen.shows(/^23 80\nalice\$$/m);
    screen.type(`${prefix}%`);
    await screen.shows(/^alice\$ stty size +│alice\$$/m);
    screen.type("stty size\r");
    await screen.shows(/│23 39$/m);
    screen.resize(LARGE);
    // tmux tells the terminals in it a while after it has drawn them.
    screen.type("while [ \"$(stty size)\" = '23 39' ]; do :; done; stty size\r");
    await screen.shows(/│29 49$/m);
    screen.type(`${prefix}d`);
    await screen.shows(/^\[detached \(from session 0\)\]$/m);
    await shell.ready();
    assert.match(await shell.run("tmux ls"), /^0: 1 windows/);
    await shell.clear();
    await shell.enter("LC_ALL=C.UTF-8 tmux attach");
    await screen.shows(/│29 49$/m);
    screen.type("exit\r");
    await screen.until(() => !screen.text().includes("│"), "one shell");
    screen.type("exit\r");
    await screen.shows(/^\[exited\]$/m);
    await shell.ready();
    await shell.resize(USUAL_WINDOW);
  });

  leave(screenOf, "alice");

  it("root may read what others may not", async () => {
    const [screen, shell] = [screenOf(), new ShellAtScreen(screenOf(), "root$")];
    await logIn(screen, "root");
    await shell.ready();
    assert.equal(await shell.run("cat /root/secret"), "only for root");
  });
});

describe("at the terminal of v86", { skip: missing }, () => {
  const screenOf = sitDown("v86", SHELLS);
  testShell(screenOf, BASH);
  leave(screenOf, "alice");
});
