// Cases about terminals: as many pseudo-terminals as there are, settings that mean nothing, and
// processes that end, stop and leave sessions in every order.

import { EMFILE, ENOMEM, ENOSPC } from "../../src/abi/errno";
import { O_NOCTTY, O_NONBLOCK, O_RDWR } from "../../src/abi/files";
import { SystemCall } from "../../src/abi/linux/i386";
import { SIGCONT, SIGKILL, SIGTSTP } from "../../src/abi/signals";
import { TCSETS2, TERMIOS2_SIZE, TIOCSCTTY, TIOCSPGRP, TIOCSTI } from "../../src/abi/termios";
import { int80 } from "../../src/abi/x86";
import { master, openMaster, openPair, slave, slavePath } from "../runtime/pty";
import { close, exit, fork, ioctl, kill, waitpid } from "../runtime/system-calls";
import { AbuseCase } from "./case";
import { EXITS } from "./outcome";

const ROUNDS: u32 = 200;
const PROCESSES: u32 = 24;
const COMMANDS: u32 = 96;

const bytes: usize = memory.data(64, 8);
const word: usize = memory.data(4, 4);

let seed: u32 = 1;

export function terminalCases(): AbuseCase[] {
  return [
    new AbuseCase("pty-storm", EXITS, ptyStorm),
    new AbuseCase("random-terminal-settings", EXITS, randomSettings),
    new AbuseCase("random-terminal-ioctls", EXITS, randomCommands),
    new AbuseCase("sessions-that-end-in-any-order", EXITS, sessionTricks),
    new AbuseCase("typing-for-others", EXITS, typesForOthers),
  ];
}

/** As many as go, twice: all of them come back. */
function ptyStorm(): i32 {
  for (let round = 0; round < 2; round++) {
    let opened = openMaster();
    let last = opened;
    while (opened >= 0) {
      last = opened;
      opened = openMaster();
    }
    if (opened !== -EMFILE && opened !== -ENOSPC && opened !== -ENOMEM) return 1;
    for (let file = 3; file <= last; file++) close(file);
  }
  return 0;
}

function random(): u32 {
  seed = seed * 1664525 + 1013904223;
  return seed >> 8;
}

/** Any settings, and any bytes both ways. */
function randomSettings(): i32 {
  openPair();
  for (let round: u32 = 0; round < ROUNDS; round++) {
    fill(TERMIOS2_SIZE);
    ioctl(slave, TCSETS2, bytes);
    fill(64);
    int80(SystemCall.write, master, bytes, 64, 0, 0, 0);
    int80(SystemCall.write, slave, bytes, 64, 0, 0, 0);
    int80(SystemCall.read, slave, bytes, 64, 0, 0, 0);
    int80(SystemCall.read, master, bytes, 64, 0, 0, 0);
  }
  return 0;
}

function fill(size: u32): void {
  for (let i: u32 = 0; i < size; i++) store<u8>(bytes + i, <u8>random());
}

/** Any command of terminals at both ends, with arguments that are addresses or not. */
function randomCommands(): i32 {
  openPair();
  for (let round: u32 = 0; round < ROUNDS; round++) {
    const command: u32 = 0x5400 + (random() % COMMANDS);
    const argument: usize = (round & 1) === 0 ? bytes : random();
    fill(64);
    ioctl((round & 2) === 0 ? slave : master, command, argument);
  }
  return 0;
}

/** Leaders and members that stop, end and take terminals from each other. */
function sessionTricks(): i32 {
  openPair();
  for (let i: u32 = 0; i < PROCESSES; i++) {
    const child = fork();
    if (child === 0) leadAndLeave(i);
  }
  for (let i: u32 = 0; i < PROCESSES / 2; i++) waitpid(-1, 0, 0);
  close(master);
  for (let i: u32 = 0; i < PROCESSES / 2; i++) waitpid(-1, 0, 0);
  return 0;
}

function leadAndLeave(index: u32): void {
  int80(SystemCall.setsid, 0, 0, 0, 0, 0, 0);
  ioctl(slave, TIOCSCTTY, index & 1);
  const member = fork();
  if (member === 0) {
    int80(SystemCall.setpgid, 0, 0, 0, 0, 0, 0);
    if ((index & 2) !== 0) kill(int80(SystemCall.getpid, 0, 0, 0, 0, 0, 0), SIGTSTP);
    const own = int80(
      SystemCall.open,
      slavePath(master),
      O_RDWR | O_NONBLOCK | O_NOCTTY,
      0,
      0,
      0,
      0,
    );
    store<i32>(word, int80(SystemCall.getpgrp, 0, 0, 0, 0, 0, 0));
    if ((index & 4) === 0) ioctl(own, TIOCSPGRP, word);
    exit(0);
  }
  if ((index & 8) !== 0) kill(member, SIGKILL);
  else kill(member, SIGCONT);
  exit(0);
}

/** A user's process types nothing at a terminal, be it its own or not. */
function typesForOthers(): i32 {
  openPair();
  int80(SystemCall.setuid32, 1000, 0, 0, 0, 0, 0);
  return ioctl(slave, TIOCSTI, bytes) !== 0 && ioctl(0, TIOCSTI, bytes) !== 0 ? 0 : 1;
}
