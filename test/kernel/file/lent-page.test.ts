import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const PAGE = 0x5000;
const OTHER_PAGE = 0x6000;

const start = compileKernelPart(
  `
    export { lendPage, lentPointer, returnPage } from "./kernel/file/lent-page";
    export { isAskedFor, lentNow } from "./kernel/memory/user-memory";
    export { switchTo } from "./kernel/thread/thread";
  `,
  {
    replace: {
      "kernel/memory/pages.ts": `
        @external("pages", "allocate") export declare function allocatePages(count: u32): usize;
        @external("pages", "free") export declare function freePages(page: usize, count: u32): void;
      `,
      "kernel/memory/user-memory.ts": `
        export const LENT_PAGE: u32 = 0xffff0000;
        export type UserPointer = u32;
        export function userPointer(value: u32): UserPointer { return value; }
        let answer: u32 = 0;
        let isAsked: bool = false;
        export function setLentPage(index: u32, isLent: bool): void {
          answer = index;
          isAsked = isLent;
        }
        export function isAskedFor(): bool { return isAsked; }
        /** What stands for user memory at LENT_PAGE; 0: nothing. */
        export function lentNow(): usize {
          return isAsked ? call_indirect<usize>(answer) : 0;
        }
      `,
      "kernel/thread/thread.ts": `
        class Thread { lentPage: usize; }
        const threads: usize = memory.data(8, 4);
        export let currentThread: Thread = changetype<Thread>(0);
        export function switchTo(thread: u32): void {
          currentThread = changetype<Thread>(threads + (thread << 2));
        }
      `,
    },
    imports: {
      pages: {
        allocate: () => pages.shift() ?? 0,
        free(page, count) {
          assert.equal(count, 1);
          pages.push(page!);
          return 0;
        },
      },
    },
  },
);

let pages: number[];
let part: KernelPart;
const call = (name: string, ...values: number[]) => part.call[name]!(...values);

describe("a page of the kernel's that is lent", () => {
  beforeEach(() => {
    pages = [PAGE, OTHER_PAGE];
    part = start();
    call("switchTo", 0);
  });

  it("stands for user memory until it is returned", () => {
    assert.equal(call("lentNow"), 0);
    assert.equal(call("lendPage"), PAGE);
    assert.equal(call("lentNow"), PAGE);
    assert.equal(call("lentPointer") >>> 0, 0xffff0000);
    call("returnPage");
    assert.equal(call("lentNow"), 0);
    assert.deepEqual(pages, [OTHER_PAGE, PAGE]);
  });

  it("is its thread's alone, and no other's return ends it", () => {
    call("lendPage");
    call("switchTo", 1);
    assert.equal(call("lentNow"), 0);
    assert.equal(call("lendPage"), OTHER_PAGE);
    call("returnPage");
    assert.equal(call("lentNow"), 0);
    call("switchTo", 0);
    assert.equal(call("lentNow"), PAGE);
  });

  it("is not lent when there is no memory", () => {
    pages = [];
    assert.equal(call("lendPage"), 0);
    pages = [PAGE];
    call("lendPage");
    call("returnPage");
    assert.equal(call("lentNow"), 0);
  });

  it("is asked for only while a page is lent, not after a failure either", () => {
    pages = [];
    call("lendPage");
    assert.equal(call("isAskedFor"), 0);
  });
});
