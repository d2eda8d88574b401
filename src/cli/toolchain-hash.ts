// Which toolchain this is: every stamp's key includes it, as another toolchain makes other outputs.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { hashFiles, hashOf } from "./content-hash";

/** In the bundle: the hash of the sources that it was made from. tools/build-package.js sets it. */
declare const BUNDLED_TOOLCHAIN: string | undefined;

/** Whether this is dist/cli/, not src/cli/. */
export const IS_BUNDLED = typeof BUNDLED_TOOLCHAIN !== "undefined";

/** The floors that every output depends on. */
const TOOLCHAIN_FLOORS = ["base", "abi", "draw", "object", "x86", "compile", "link"];

/** A hash of the toolchain's own sources and of the versions of the packages it uses. */
export function toolchainHash(installation: string): string {
  return typeof BUNDLED_TOOLCHAIN === "undefined" ? hashToolchain(installation) : BUNDLED_TOOLCHAIN;
}

export function hashToolchain(installation: string): string {
  const files = TOOLCHAIN_FLOORS.flatMap((floor) =>
    readdirSync(join(installation, "src", floor), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => `src/${floor}/${name.replaceAll("\\", "/")}`),
  );
  return hashOf(JSON.stringify(hashFiles(installation, [...files, "package.json"])));
}
