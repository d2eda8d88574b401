import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LoaderVerdict } from "../../../src/link/check/loader-verdict";
import type { Mistake } from "../../../src/link/check/mistake";
import { loadingOf, weigh } from "../../../src/link/check/weigh";

type Outcome = LoaderVerdict["outcome"];

/** What an error of that kind weighs where GRUB's outcome is this, and others refuse. */
function severityOf(loading: Mistake["loading"], outcome: Outcome, hasProtocol = true): string {
  const verdicts = [
    { loader: "qemu", outcome: "refuses" },
    { loader: "grub", outcome },
  ] as unknown as LoaderVerdict[];
  const protocols = (hasProtocol ? { multiboot: {} } : {}) as Parameters<typeof loadingOf>[1];
  const mistake = { code: "LAY999", severity: "error", title: "a test" } as Mistake;
  const row = loading === undefined ? mistake : { ...mistake, loading };
  const finding = { what: "it", change: "do", subject: "x" };
  return weigh(finding, row, loadingOf(verdicts, protocols, undefined)).severity;
}

describe("what a finding weighs", () => {
  it("is what its row says, if it is not about loading", () => {
    assert.equal(severityOf(undefined, "loads"), "error");
  });

  it("is less if a loader loads the kernel all the same", () => {
    for (const loading of ["header", "image", "protocol"] as const) {
      assert.equal(severityOf(loading, "loads"), "warning", loading);
      assert.equal(severityOf(loading, "refuses"), "error", loading);
    }
  });

  it("is less for a protocol if one takes the kernel, whatever becomes of its image", () => {
    assert.equal(severityOf("protocol", "partly"), "warning");
    assert.equal(severityOf("header", "partly"), "error");
    assert.equal(severityOf("image", "partly"), "error");
  });

  it("is less for an image that comes with a loader of its own", () => {
    assert.equal(severityOf("image", "refuses", false), "warning");
    assert.equal(severityOf("protocol", "refuses", false), "warning");
    assert.equal(severityOf("header", "refuses", false), "error");
  });
});
