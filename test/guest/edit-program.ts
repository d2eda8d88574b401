// A program for the tests of `isthmus run --root`: tells what it was started with, and changes
// files.
//
//   edit                     changes files, and ends with 7
//   edit die                 makes one file, and kills itself
//   edit wait                makes one file, and never ends

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCompileInput } from "../../src/cli/compile-input";
import { linkProgram } from "../../src/cli/link-program";
import { loadProgramRuntime } from "../../src/cli/program-runtime";
import { compileModule } from "../../src/compile/compile";
import { elfFile } from "../../src/link/output/elf-files";

/** The program's file: for our kernel alone, or one that Linux runs as well. */
export async function editProgram(target: "isthmus" | "linux" = "isthmus"): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-edit-"));
  try {
    const path = join(folder, "edit.ts");
    writeFileSync(path, SOURCE);
    const runtime = await loadProgramRuntime();
    const input = await readCompileInput(path, target, 2, runtime);
    const object = compileModule(input.module, { ...input.options, name: "edit" });
    return elfFile(linkProgram(object, input, runtime, target, "edit"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const SOURCE = `
import { SystemCall } from "isthmus/src/abi/linux/i386";
import { SIGKILL } from "isthmus/src/abi/signals";
import { call } from "isthmus/user/runtime/answers";
import { argument, equals } from "isthmus/user/runtime/arguments";
import { flush, print, printByte, printC } from "isthmus/user/runtime/output";

const O_CREATE: i32 = 0o101;
const O_APPEND: i32 = 0o2001;
const PROT_READ_WRITE: i32 = 3;
const MAP_SHARED: i32 = 1;
const O_READ_WRITE: i32 = 2;
const PATH_MAX: i32 = 4096;

const path: usize = memory.data(4096, 4);

export function main(argc: i32, argv: usize, envp: usize): i32 {
  tell(argc, argv, envp);
  write(cstr("new"), O_CREATE, cstr("made by the guest\\n"));
  if (argc === 2 && equals(argument(argv, 1), "die")) {
    call(SystemCall.kill, call(SystemCall.getpid), SIGKILL);
  }
  if (argc === 2 && equals(argument(argv, 1), "wait")) while (true) call(SystemCall.pause);
  write(cstr("appended"), O_APPEND, cstr("more\\n"));
  call(SystemCall.unlink, cstr("gone"));
  call(SystemCall.rename, cstr("folder"), cstr("moved"));
  call(SystemCall.chmod, cstr("mode"), 0o600);
  call(SystemCall.link, cstr("mode"), cstr("linked"));
  call(SystemCall.symlink, cstr("nowhere"), cstr("symbolic"));
  writeShared(cstr("mapped"));
  // As it was, with its time of modification: this is no change.
  write(cstr("touched"), O_APPEND, cstr(""));
  orphan();
  return 7;
}

function tell(argc: i32, argv: usize, envp: usize): void {
  for (let i = 0; i < argc; i++) {
    printC(argument(argv, i));
    printByte(0x7c);
  }
  for (let at = envp; load<usize>(at) !== 0; at += 4) {
    const variable = load<usize>(at);
    if (load<u8>(variable) !== 0x54) continue; // T
    printC(variable);
    printByte(0x7c);
  }
  call(SystemCall.getcwd, <u32>path, PATH_MAX);
  printC(path);
  print("\\n");
  flush();
}

function write(name: usize, flags: i32, text: usize): void {
  const file = call(SystemCall.open, <u32>name, flags, 0o644);
  let length = 0;
  while (load<u8>(text + length) !== 0) length++;
  call(SystemCall.write, file, <u32>text, length);
  call(SystemCall.close, file);
}

function writeShared(name: usize): void {
  const file = call(SystemCall.open, <u32>name, O_READ_WRITE, 0);
  const at = call(SystemCall.mmap2, 0, 4096, PROT_READ_WRITE, MAP_SHARED, file, 0);
  call(SystemCall.close, file);
  // Looked at first: the write comes to a page that is there.
  if (load<u8>(<usize>at) === 0x62) store<u8>(<usize>at, 0x42);
}

/** Leaves a process behind that would change files for ever. */
function orphan(): void {
  if (call(SystemCall.fork) !== 0) return;
  while (true) write(cstr("endless"), O_CREATE, cstr("x"));
}
`;
