// Debian's packages for i386, unpacked for the tests: programs that were compiled for Linux and
// know nothing of us.
//
//   apt-get update, with a configuration of its own      build/debian/apt/
//   apt-get download PACKAGE:i386                        build/debian/archives/PACKAGE_….deb
//   dpkg-deb --extract                                   any folder
//
// The machine's own APT and dpkg stay as they are: no architecture is added, nothing is installed.
// What was downloaded is kept, so that a run of all tests downloads once. Only the packages that
// are named come, not what they depend on.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { INSTALLATION } from "../../src/cli/project";

const FOLDER = join(INSTALLATION, "build", "debian");
const ARCHIVES = join(FOLDER, "archives");
const APT = join(FOLDER, "apt");

/** Why there are no packages here; false: there are. In CI every test runs, or fails. */
export function packagesMissing(): string | false {
  if (process.env.CI === "true") return false;
  for (const program of ["apt-get", "dpkg-deb"]) {
    if (spawnSync(program, ["--version"]).status !== 0) return `${program} is not installed`;
  }
  try {
    download(["busybox-static"]);
    return false;
  } catch (error) {
    return `Debian's packages cannot be downloaded: ${String(error).split("\n", 1)[0]}`;
  }
}

/** Why programs cannot be run in a folder of their own here, as on Linux; false: they can. */
export function chrootMissing(): string | false {
  if (process.env.CI === "true") return false;
  if (process.platform !== "linux") return "the host is not Linux";
  return process.getuid?.() === 0 ? false : "chroot needs the superuser";
}

/** Unpacks packages into `folder`. */
export function unpackPackages(folder: string, packages: readonly string[]): void {
  download(packages);
  mkdirSync(folder, { recursive: true });
  for (const name of packages) {
    execFileSync("dpkg-deb", ["--extract", join(ARCHIVES, archiveOf(name) ?? ""), folder]);
  }
}

function archiveOf(name: string): string | undefined {
  return readdirSync(ARCHIVES).find((each) => each.startsWith(`${name}_`));
}

/** Downloads what is not there yet; several processes may do so at once. */
function download(packages: readonly string[]): void {
  mkdirSync(ARCHIVES, { recursive: true });
  const missing = packages.filter((name) => archiveOf(name) === undefined);
  if (missing.length === 0) return;
  const environment = { ...process.env, APT_CONFIG: configure() };
  // An index that cannot be had may not be one that is needed: the download will say so.
  if (!hasIndex()) spawnSync("apt-get", ["update", "-qq"], { env: environment, stdio: "ignore" });
  const partial = join(FOLDER, `partial-${process.pid}`);
  mkdirSync(partial, { recursive: true });
  try {
    const names = missing.map((name) => `${name}:i386`);
    execFileSync("apt-get", ["download", "-qq", ...names], {
      cwd: partial,
      env: environment,
      stdio: ["ignore", "ignore", "pipe"],
    });
    for (const each of readdirSync(partial)) {
      renameSync(join(partial, each), join(ARCHIVES, each));
    }
  } finally {
    rmSync(partial, { recursive: true });
  }
}

function hasIndex(): boolean {
  return readdirSync(join(APT, "state", "lists")).some((name) => name.includes("Packages"));
}

/** Writes APT's configuration; its path. */
function configure(): string {
  mkdirSync(join(APT, "state", "lists", "partial"), { recursive: true });
  mkdirSync(join(APT, "cache", "archives", "partial"), { recursive: true });
  const status = join(APT, "status");
  writeFileSync(status, "");
  const path = join(APT, "apt.conf");
  writeFileSync(
    path,
    `APT::Architecture "i386";
APT::Architectures { "i386"; };
APT::Sandbox::User "root";
Dir::State "${join(APT, "state")}";
Dir::State::status "${status}";
Dir::Cache "${join(APT, "cache")}";
`,
  );
  return path;
}
