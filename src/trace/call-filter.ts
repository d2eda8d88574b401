// Which calls a trace shows: strace's `-e trace=`.
//
//   openat,read      these       !read      all but these
//   %file            calls that take a path      %desc     calls that take a descriptor
//   %signal          about signals               %memory, %process

import * as kinds from "../abi/linux/argument-kinds";
import type { CallKinds } from "./call-text";
import { LINUX_CALLS } from "./linux-calls";

const SIGNAL_CALL = /sig|^(kill|tkill|tgkill|pause|alarm)$/;
const MEMORY_CALL =
  /^(brk|m(map2?|unmap|protect|remap|advise|sync|incore|un?lock.*|lock2?|lockall))$/;
const PROCESS_CALL = /^(fork|vfork|clone3?|execve(at)?|exit|exit_group|wait.*|kill|tkill|tgkill)$/;

const CLASSES: Readonly<Record<string, (name: string, kinds: readonly number[]) => boolean>> = {
  file: (_name, own) => own.includes(kinds.PATH),
  desc: (_name, own) => own.includes(kinds.FILE) || own.includes(kinds.DIRECTORY),
  signal: (name) => SIGNAL_CALL.test(name),
  memory: (name) => MEMORY_CALL.test(name),
  process: (name) => PROCESS_CALL.test(name),
};

export const CLASS_NAMES = Object.keys(CLASSES).map((name) => `%${name}`);

/** The words of a filter that mean nothing: neither a call nor a class. */
export function unknownWords(filter: string): string[] {
  const known = new Set([...LINUX_CALLS.values(), ...CLASS_NAMES]);
  return wordsOf(filter).filter((word) => !known.has(word));
}

/** Whether a call is shown. */
export function callFilter(
  filter: string | undefined,
  table: CallKinds,
): (name: string) => boolean {
  if (filter === undefined) return () => true;
  const isNegated = filter.startsWith("!");
  const words = wordsOf(filter);
  const isNamed = (name: string) =>
    words.some((word) => {
      if (!word.startsWith("%")) return word === name;
      return CLASSES[word.slice(1)]?.(name, table.get(name) ?? []) ?? false;
    });
  return (name) => isNamed(name) !== isNegated;
}

function wordsOf(filter: string): string[] {
  const words = filter.replace(/^!/, "").split(",");
  return words.filter((word) => word !== "");
}
