// The pages that a null call makes the processor look up, by name, in either space.

import assert from "node:assert/strict";
import test from "node:test";
import { formatPages, pageCount, type Stay, usedPages } from "../../bench/kernel/pages";
import { PROGRAM } from "../../bench/kernel/profile";
import { ROWS } from "../../bench/kernel/rows";
import { PAGE_SIZE } from "../../src/abi/memory-map";
import { alignDown } from "../../src/base/align";
import { encodeCommandLine } from "../../src/machine/command-line";
import { addressOf, build } from "../kernel/booted-kernel";

const NULL_CALL = ROWS.find(({ id }) => id === "getppid")!;

test("a null call looks up pages in the program's space and in the kernel's", async () => {
  const { kernel, kernelFile } = await build();
  const commandLine = encodeCommandLine(["quiet"], ["/init"]);
  const stays = await usedPages(kernelFile, commandLine, NULL_CALL);
  const pageOf = (stay: Stay, symbol: string) => {
    const va = alignDown(addressOf(kernel, symbol), PAGE_SIZE);
    return stay.pages.find((page) => page.va === va);
  };
  const [user, own] = stays;
  assert.ok(user && own && stays.length === 2);
  assert.notEqual(user.cr3, own.cr3);
  assert.deepEqual(
    user.pages.map(({ contents }) => contents),
    [[PROGRAM]],
    "the trampoline is global",
  );
  for (const symbol of ["system_call_entry", "entry_stack", "kernel_cr3"]) {
    assert.equal(pageOf(own, symbol), undefined, `${symbol} is in the TLB`);
  }
  assert.ok(pageOf(own, "enterSystemCall")?.contents.some((name) => /enterSystemCall/.test(name)));
  const hot = pageOf(own, "current_kernel_stack");
  assert.equal(hot?.isWritten, true, "the count of entries is there");
  for (const name of ["current_kernel_stack", "current_cr3", "kernel/thread/thread/currentOwner"]) {
    assert.ok(hot.contents.includes(name), `${name} is on the page of what is hot`);
  }

  const text = formatPages(stays);
  assert.match(text, /^CR3 0x[0-9a-f]{8}: 1 page\n {2}0x08048000 read {4}\(the program\)\nCR3 /);
  assert.ok(text.endsWith(`\n${pageCount(stays)} pages in all`));
});
