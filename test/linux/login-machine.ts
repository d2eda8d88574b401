// A small Linux system of Debian's packages whose process 1 is busybox's init, with a login prompt
// on the serial line: where a person would sit down.

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildProject } from "../../src/cli/build-project";
import { INSTALLATION } from "../../src/cli/project";
import { folderTree } from "../../src/guest/folder-tree";
import { completeSystem } from "../../src/guest/guest-system";
import { machineMemory, memoryNeed } from "../../src/guest/memory-need";
import { packTree } from "../../src/guest/pack-tree";
import { ownDirectory, ownFile, type TreeFile } from "../../src/guest/tree";
import { encodeCommandLine } from "../../src/machine/command-line";
import type { Machine, MachineName } from "../../src/machine/machine";
import { openMachine } from "../../src/machine/open-machine";
import { unpackPackages } from "./debian-packages";
import { NEEDLESS } from "./programs";
import { USUAL_WINDOW } from "./screen";

const MEMORY_MAX = 2048;
/**
 * QEMU's clocks advance by 8 ns with each instruction. Vim 9.0 looks for a key without waiting by
 * waiting for 0 ms less what its clock says has passed meanwhile (inchar_loop() in its ui.c): if
 * that is a millisecond, the wait is negative, which means for ever, on Linux too. An emulator
 * that has to wait for its turn on a busy host would make it so by clocks of the host's.
 */
const QEMU = { icountShift: 3 };
export const PASSWORD = "secret";
/** Users who are not root, with their shells. */
const USERS = [
  ["alice", 1000, "/bin/bash-static"],
  ["zoe", 1001, "/bin/zsh-static"],
] as const;
/** Of the password, as `openssl passwd -1 -salt abcdefgh` makes it. */
const HASH = "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1";

const PASSWD = [
  "root:x:0:0:root:/root:/bin/bash-static",
  ...USERS.map(([name, id, shell]) => `${name}:x:${id}:${id}::/home/${name}:${shell}`),
];
const SHADOW = ["root", ...USERS.map(([name]) => name)].map((name) => `${name}:${HASH}:::::::`);
const GROUP = ["root:x:0:", "tty:x:5:", ...USERS.map(([name, id]) => `${name}:x:${id}:`)];
const START = `#!/bin/busybox sh
ln -s busybox /bin/login
ln -s bash-static /bin/sh
mkdir -p /usr/local/bin
busybox --install -s /usr/local/bin
`;
const INITTAB = `::sysinit:/etc/start
console::respawn:/bin/busybox getty 38400 console xterm-256color
`;
/**
 * Says when it goes on after a stop: the terminal is its own then, and so are the settings. This
 * shell overlooks a signal that comes just before `read` waits, on Linux too, so it waits a second.
 */
export const READER = "/etc/reader";
const READER_TEXT = `#!/bin/busybox sh
trap 'echo "goes on"' CONT
echo reads
while :; do read -t 1 line && echo "<$line>"; done
`;
const PROFILE = `export PATH=/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin
export PS1='\\u$ ' HISTFILE= EDITOR=vi
`;
const ZSHRC = "PS1=\"$USER$ \" PROMPT_EOL_MARK=''\nunsetopt prompt_sp\n";

function systemFiles(): TreeFile[] {
  const file = (path: string, text: string, mode = 0o644) =>
    ownFile(path, new TextEncoder().encode(text), mode);
  const lines = (texts: readonly string[]) => `${texts.join("\n")}\n`;
  const homes = USERS.flatMap(([name, id]) => {
    const owned = { owner: id, group: id };
    return [
      { ...ownDirectory(`home/${name}`, 0o700), ...owned },
      { ...file(`home/${name}/.zshrc`, ZSHRC), ...owned },
    ];
  });
  return [
    file("etc/passwd", lines(PASSWD)),
    file("etc/shadow", lines(SHADOW), 0o600),
    file("etc/group", lines(GROUP)),
    file("etc/securetty", "console\n"),
    file("etc/inittab", INITTAB),
    file("etc/profile", PROFILE),
    file("etc/start", START, 0o755),
    file(READER.slice(1), READER_TEXT, 0o755),
    ownDirectory("root", 0o700),
    file("root/secret", "only for root\n"),
    ownDirectory("home"),
    ...homes,
  ];
}

/** A machine with these packages in `folder`, an empty one; to be started and closed. */
export async function openLoginMachine(
  name: MachineName,
  folder: string,
  packages: readonly string[],
): Promise<Machine> {
  unpackPackages(folder, packages);
  for (const path of NEEDLESS) rmSync(join(folder, path), { recursive: true, force: true });
  const tree = folderTree(folder, []);
  for (const file of systemFiles()) {
    tree.remove(file.path);
    tree.add(file);
  }
  completeSystem(tree);
  const project = { root: INSTALLATION, output: join(INSTALLATION, "build") };
  const { kernel } = await buildProject(project, { force: false });
  const options = {
    kernel: readFileSync(kernel),
    initramfs: packTree(tree).archive,
    commandLine: encodeCommandLine(["quiet"], ["/bin/busybox", "init"]),
    memoryMiB: machineMemory(tree, memoryNeed(tree), undefined, MEMORY_MAX),
    window: USUAL_WINDOW,
  };
  return openMachine(name, options, QEMU);
}
