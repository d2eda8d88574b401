// Objects and libraries of rustc. templates/rust boots what is linked from them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { readInput } from "../../../src/link/input/read-input";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { addressOf } from "../../../src/link/passes/image";
import { diagnosed } from "../expect-diagnostic";
import { RUST_TARGET, run, rustc, scratch, unlessRust } from "../tools";

const skip = unlessRust();

const LIBRARY = `
  #![no_std]
  pub struct Ring { pub next: u32 }
  impl Ring {
      #[inline(never)]
      pub fn advance(&mut self, by: u32) -> u32 { self.next = (self.next + by) % 7; self.next }
      #[inline(never)]
      pub fn unused(&self) -> u32 { self.next * 3 }
  }
`;
const KERNEL = `
  #![no_std]
  use core::panic::PanicInfo;
  extern "C" { fn outside() -> u32; }
  #[no_mangle]
  pub extern "C" fn _start() -> u32 {
      let mut ring = ring::Ring { next: 3 };
      ring.advance(5) + if cfg!(outside) { unsafe { outside() } } else { 0 }
  }
  #[panic_handler]
  fn panic(_: &PanicInfo) -> ! { loop {} }
`;

/** A kernel crate's object and the library of the crate that it uses. */
function crates(t: TestContext, ...flags: string[]) {
  const { program = "rustc" } = rustc() ?? {};
  const file = scratch(t);
  const common = [
    "--target",
    RUST_TARGET,
    "--edition",
    "2021",
    "-C",
    "panic=abort",
    "-O",
    ...flags,
  ];
  const library = file("libring.rlib");
  const ring = ["--crate-name", "ring", "--crate-type", "rlib", "-o", library];
  run(program, ...common, ...ring, file("ring.rs", LIBRARY));
  const object = file("kernel.o");
  const kernel = ["--crate-type", "lib", "--emit", "obj", "--extern", `ring=${library}`];
  run(program, ...common, ...kernel, "-o", object, file("kernel.rs", KERNEL));
  return [object, library].map((path) => readInput(readFileSync(path), path));
}

const layout: Layout = { gcSections: true };

test("an object and an rlib are linked", { skip }, (t) => {
  const image = link(crates(t), layout);
  const names = image.symbols.map(({ name }) => name);
  assert.ok(addressOf(image, "_start"));
  assert.ok(names.some((name) => name.includes("advance")));
  assert.ok(!names.some((name) => name.includes("unused")), "what is never called is left out");
});

test("without the rlib, messages show the name as Rust spells it", { skip }, (t) => {
  const [kernel] = crates(t, "-C", "symbol-mangling-version=v0");
  assert.ok(kernel);
  const text = diagnosed("LINK004", () => link([kernel], layout));
  assert.match(text, /undefined symbol "<ring::Ring>::advance" \(_RNv/);
});

test("an undefined C function is named with Rust's source line", { skip }, (t) => {
  const text = diagnosed("LINK004", () => link(crates(t, "-g", "--cfg", "outside"), layout));
  assert.match(text, /kernel\.rs:8.*undefined symbol "outside"/);
});
