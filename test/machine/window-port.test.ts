// The size of the window: told when the guest asks, and at each change from then on.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WindowPort } from "../../src/machine/window-port";

function port() {
  const sent: string[] = [];
  const window = new WindowPort({ rows: 24, columns: 80 }, (bytes) => {
    sent.push(new TextDecoder().decode(bytes));
  });
  return { window, sent };
}

describe("the host's side of the window's port", () => {
  it("says nothing before it is asked, and then the size of that moment", () => {
    const { window, sent } = port();
    window.resize({ rows: 50, columns: 132 });
    assert.deepEqual(sent, []);
    window.receive(new TextEncoder().encode("?"));
    assert.deepEqual(sent, ["50 132\n"]);
  });

  it("tells each change once", () => {
    const { window, sent } = port();
    window.receive(new TextEncoder().encode("?"));
    window.resize({ rows: 24, columns: 80 });
    window.resize({ rows: 25, columns: 80 });
    assert.deepEqual(sent, ["24 80\n", "25 80\n"]);
  });
});
