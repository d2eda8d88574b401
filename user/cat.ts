// cat [FILE...]: copies files, or standard input, to standard output.

import { EINTR } from "../src/abi/errno";
import { O_RDONLY } from "../src/abi/files";
import { argument, equals, wantsHelp } from "./runtime/arguments";
import { complain } from "./runtime/errors";
import { STANDARD_INPUT, STANDARD_OUTPUT } from "./runtime/output";
import { close, open, read, write } from "./runtime/system-calls";

const USAGE = `usage: cat [FILE...]
Copies files to standard output; without FILE, or for -, standard input.`;
const BUFFER_SIZE: u32 = 4096;

const buffer: usize = memory.data(4096, 16);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc < 2) return copy(STANDARD_INPUT, cstr("-"));
  let status = 0;
  for (let i = 1; i < argc; i++) status |= copyNamed(argument(argv, i));
  return status;
}

function copyNamed(name: usize): i32 {
  if (equals(name, "-")) return copy(STANDARD_INPUT, name);
  const file = open(name, O_RDONLY, 0);
  if (file < 0) {
    complain("cat", name, file);
    return 1;
  }
  const status = copy(file, name);
  close(file);
  return status;
}

/** Copies until the end of `file`; 0, or 1 after an error. */
function copy(file: i32, name: usize): i32 {
  while (true) {
    const count = read(file, buffer, BUFFER_SIZE);
    if (count === 0) return 0;
    if (count === -EINTR) continue;
    const error = count < 0 ? count : writeAll(count);
    if (error === 0) continue;
    complain("cat", name, error);
    return 1;
  }
}

function writeAll(size: u32): i32 {
  let done: u32 = 0;
  while (done < size) {
    const count = write(STANDARD_OUTPUT, buffer + done, size - done);
    if (count < 0 && count !== -EINTR) return count;
    if (count > 0) done += count;
  }
  return 0;
}
