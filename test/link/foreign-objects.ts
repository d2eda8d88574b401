// Objects and archives of gcc and ar, made while a test runs.

import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { readInput } from "../../src/link/input/read-input";
import type { Layout } from "../../src/link/layout/layout";
import { link } from "../../src/link/link";
import { run, scratch, unlessInstalled } from "./tools";

export const skip = unlessInstalled("gcc");

export const FLAGS = ["-m32", "-O1", "-ffreestanding", "-fno-pic", "-fno-stack-protector"];

/** Compiles sources by name, and names the objects after them. */
export function workshop(t: TestContext) {
  const file = scratch(t);
  const compile = (name: string, source: string, ...flags: string[]): string => {
    const object = file(name.replace(/\.\w+$/, ".o"));
    run("gcc", ...FLAGS, ...flags, "-c", file(name, source), "-o", object);
    return object;
  };
  const archive = (name: string, ...members: string[]): string => {
    run("ar", "rcs", file(name), ...members);
    return file(name);
  };
  return { file, compile, archive };
}

export function linkFiles(paths: readonly string[], layout: Layout = {}) {
  const base = (path: string) => path.replace(/^.*\//, "");
  return link(
    paths.map((path) => readInput(readFileSync(path), base(path))),
    layout,
  );
}

export const START = "void f(void); void _start(void) { f(); }";
