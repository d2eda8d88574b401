// `tools/screenshots.ts FOLDER`: pictures of the main scenes of the page, in light and dark, at
// 1400, 1000 and 320 pixels. README.md shows two. Build the page first: `npm run build:web`.

import { once } from "node:events";
import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { launchChromium } from "../bench/harness/headless-chromium";
import { INSTALLATION } from "../src/cli/installation";
import { staticServer } from "../src/cli/static-server";

const HEIGHT = 900;
/** A scene's name, its address in the page, and what is there once it is set. */
const SCENES = [
  ["machine", "", ".map svg"],
  ["crossing", "#tour/5", ".claims .holds"],
  ["breach", "#tour/10", ".claims .holds"],
] as const;

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("tools/screenshots.ts needs a folder");
mkdirSync(folder, { recursive: true });
const server = staticServer(join(INSTALLATION, "dist", "web")).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
const browser = await launchChromium();
for (const [name, address, sign] of SCENES) {
  for (const width of [1400, 1000, 320]) {
    const page = await browser.newPage({ viewport: { width, height: HEIGHT } });
    await page.goto(url + address);
    await page.locator(sign).first().waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.locator(".map svg").waitFor();
      const path = join(folder, `page-${name}-${colorScheme}-${width}.png`);
      await page.screenshot({ path, fullPage: width === 320 });
    }
    await page.close();
  }
}
await browser.close();
server.close();
server.closeAllConnections();
