// Third-party tools that check what the linker writes.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** The value of node:test's option `skip`: a reason where `program` is missing, but never in CI. */
export function unlessInstalled(program: string): string | false {
  if (process.env.CI === "true") return false;
  const { error } = spawnSync(program, ["--version"], { stdio: "ignore" });
  return error ? `${program} is not installed` : false;
}

/** A directory that vanishes with the test. */
export function scratch(
  t: Pick<TestContext, "after">,
): (name: string, content?: Uint8Array | string) => string {
  const directory = mkdtempSync(join(tmpdir(), "isthmus-link-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return (name, content) => {
    const path = join(directory, name);
    if (content !== undefined) writeFileSync(path, content, { mode: 0o755 });
    return path;
  };
}

/** What `program` prints; fails the test if it exits with an error. */
export function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** The target whose core library `rustc` needs to make objects for us. */
export const RUST_TARGET = "i686-unknown-linux-gnu";

/**
 * A `rustc` that has the core library for RUST_TARGET, and that library's folder: $RUSTC, the first
 * in the PATH, or the distribution's; undefined if there is none.
 */
export function rustc(): { readonly program: string; readonly library: string } | undefined {
  for (const program of [process.env.RUSTC ?? "rustc", "/usr/bin/rustc"]) {
    const question = ["--print", "target-libdir", "--target", RUST_TARGET];
    const { stdout } = spawnSync(program, question, { encoding: "utf8" });
    const library = stdout?.trim();
    if (library && existsSync(library)) return { program, library };
  }
  return undefined;
}

/** As `unlessInstalled`, for `rustc` and its core library. */
export function unlessRust(): string | false {
  if (process.env.CI === "true" || rustc()) return false;
  return `rustc with ${RUST_TARGET} is not installed`;
}
