// isthmus link: links objects and archives of any compiler into an image, as a layout says
//
//   npx isthmus link [--layout FILE | -T SCRIPT] [--map FILE] [--gc-sections] [--watch] [--json]
//                    OBJECTS… -o OUT
//
// OBJECTS are relocatable ELF files for i386 (gcc -m32 -c, clang --target=i686-elf -c, nasm -f
// elf32, rustc --emit obj), or all of them for x86-64, and archives of them; of an archive, only
// the members that are needed are taken, in the order given. The layout says where everything goes:
// isthmus.layout.ts, .js or .json in this folder, or else .text, .rodata, .data and .bss from 1 MiB
// up. Sections that the layout puts into a module are written to a file of their own beside OUT.
//
// With -T a linker script of GNU ld takes the layout's place, and the image is the one that GNU ld
// makes: loaded bytes, VMA, LMA, entry and symbols. OVERLAY, INSERT and VERSION are refused, with
// their line. isthmus-ld takes GNU ld's whole command line.
//
// binary:FILE among OBJECTS links a file as it is, as `ld -b binary FILE` does: its bytes go to
// .data, between the symbols _binary_FILE_start and _binary_FILE_end, with _ for what is not a
// letter or digit; _binary_FILE_size is their number.
//
// Options
//   -o, --output OUT   the ELF file to write
//   --layout FILE      the layout: a module that exports `layout`, or JSON
//   -T, --script FILE  the linker script, instead of a layout
//   --map FILE         writes where every section of every object went; - is stdout
//   --gc-sections      leaves out sections that nothing refers to, as the layout's gcSections does
//   --watch            links again whenever an object or the layout changes, until ^C
//   --json             prints one JSON document: entry, files (path, bytes), sections (name, vma,
//                      lma or, for what is not in the image, module; size, permissions), regions
//                      (name, start, end), dropped (section, object, size), warnings (code,
//                      message, remedy)
//
// Example
//   $ npx isthmus link boot.o kernel.o -o kernel.elf
//       45820  kernel.elf
//
// Exit status: 0 linked; 2 it cannot be linked, and every reason found is listed.

import { basename, dirname, extname, join, resolve } from "node:path";
import { DEFAULT_OPTIONS } from "../link/by-script/scripted-image";
import { readBinary } from "../link/input/binary-object";
import { type LinkInput, readInput } from "../link/input/read-input";
import type { Layout } from "../link/layout/layout";
import { link } from "../link/link";
import { linkByScript } from "../link/link-by-script";
import { elfFile, moduleFiles } from "../link/output/elf-files";
import { mapFile } from "../link/output/map-file";
import { writeProgram } from "../link/output/write-program";
import type { LinkedImage } from "../link/passes/image";
import { readInput as readBytes } from "./boot-settings";
import { type Command, type CommandLine, refuseOverwriting, UsageError } from "./command";
import { layoutPath, readLayout } from "./layout-file";
import { LinkerFiles } from "./linker-files";
import { replaceFile, writeText } from "./replace-file";
import { complain, print, printJson } from "./terminal";

/** A file to link as it is. */
const BINARY = /^binary:(.*)$/s;
/** The layout if there is none: every section gets a place. */
const NO_LAYOUT: Layout = { orphans: "place" };

export const command: Command = {
  options: {
    output: { type: "string", short: "o" },
    layout: { type: "string" },
    script: { type: "string", short: "T" },
    map: { type: "string" },
    "gc-sections": { type: "boolean" },
    watch: { type: "boolean" },
    json: { type: "boolean" },
  },
  operands: Number.POSITIVE_INFINITY,
  watched: (line) => {
    const layout = line.value("script") ?? layoutPath(line.value("layout"));
    const inputs = line.operands.map((operand) => BINARY.exec(operand)?.[1] ?? operand);
    return [...inputs, ...(layout === undefined ? [] : [layout])];
  },
  run,
};

interface OutputFile {
  readonly path: string;
  readonly bytes: Uint8Array | string;
}

async function run(line: CommandLine): Promise<number> {
  const output = line.value("output");
  if (output === undefined) throw new UsageError("no output file was given: -o OUT");
  if (line.operands.length === 0) throw new UsageError("no objects to link were given");
  checkOutputs(line, output);
  const script = line.value("script");
  if (script !== undefined) return runByScript(line, script, output);
  const layout = await layoutOf(line);
  const inputs = await Promise.all(line.operands.map(readOperand));
  const name = layout.name ?? basename(output, extname(output));
  const image = link(inputs, layout, { name });
  return write(line, image, filesOf(image, output));
}

/** What is read must not be overwritten, and each output has a place of its own. */
function checkOutputs(line: CommandLine, output: string): void {
  const map = line.value("map");
  const inputs = line.operands.map((operand) => BINARY.exec(operand)?.[1] ?? operand);
  refuseOverwriting([output, map], [...inputs, line.value("script"), line.value("layout")]);
  if (map !== undefined && map !== "-" && resolve(map) === resolve(output)) {
    throw new UsageError(`the image and its map would both be written to ${output}`);
  }
  if (map === "-" && line.flag("json")) {
    throw new UsageError("--json and --map - cannot both go to standard output");
  }
}

/** A linker script says where everything goes, and may name more files. */
async function runByScript(line: CommandLine, path: string, output: string): Promise<number> {
  if (line.value("layout") !== undefined) {
    throw new UsageError("a link obeys a layout or a script, not both: --layout, -T");
  }
  const files = new LinkerFiles([]);
  const script = await files.script(path);
  const inputs = await Promise.all(
    line.operands.map(async (operand) => {
      const [, binary] = BINARY.exec(operand) ?? [];
      return binary === undefined ? files.input(operand) : [await files.binary(binary)];
    }),
  );
  const named = await files.ofScript(script);
  const statements = [...script.statements, ...files.statements];
  const image = linkByScript({
    inputs: script.startup ? [...named, ...inputs.flat()] : [...inputs.flat(), ...named],
    script: { ...script, statements },
    options: { ...DEFAULT_OPTIONS, gcSections: line.flag("gc-sections") },
    name: basename(output, extname(output)),
  });
  return write(line, image, [{ path: output, bytes: writeProgram(image) }]);
}

function write(line: CommandLine, image: LinkedImage, files: readonly OutputFile[]): number {
  for (const warning of image.warnings) complain(warning, "warning");
  for (const { path, bytes } of files) replaceFile(path, bytes, 0o755);
  const map = line.value("map");
  if (map !== undefined) writeText(map, mapFile(image));
  if (line.flag("json")) printJson(summary(image, files));
  else if (map !== "-") printFiles(files);
  return 0;
}

async function readOperand(operand: string): Promise<LinkInput> {
  const [, path] = BINARY.exec(operand) ?? [];
  if (path !== undefined) return readBinary(await readBytes(path), path);
  return readInput(await readBytes(operand), operand);
}

async function layoutOf(line: CommandLine): Promise<Layout> {
  const layout = (await readLayout(line.value("layout"))) ?? NO_LAYOUT;
  return line.flag("gc-sections") ? { ...layout, gcSections: true } : layout;
}

function filesOf(image: LinkedImage, output: string): OutputFile[] {
  const beside = dirname(output);
  const modules = [...moduleFiles(image)].map(([name, bytes]) => ({
    path: join(beside, `${name}.elf`),
    bytes,
  }));
  const clash = modules.find(({ path }) => path === join(beside, basename(output)));
  if (clash) throw new UsageError(`the image and a module would both be written to ${output}`);
  return [{ path: output, bytes: elfFile(image) }, ...modules];
}

function printFiles(files: readonly OutputFile[]): void {
  for (const { path, bytes } of files) print(`${String(bytes.length).padStart(9)}  ${path}`);
}

function summary(image: LinkedImage, files: readonly OutputFile[]) {
  return {
    entry: image.entry,
    files: files.map(({ path, bytes }) => ({ path, bytes: bytes.length })),
    sections: image.sections
      .filter(({ plan }) => plan.allocate)
      .map(({ name, address, loadAddress, size, plan }) => ({
        name,
        vma: address,
        ...(plan.module === undefined ? { lma: loadAddress } : { module: plan.module }),
        size,
        permissions: plan.permissions,
      })),
    regions: image.regions.map(({ region, start, end }) => ({ name: region.name, start, end })),
    dropped: image.dropped.map(({ section, object }) => ({
      section: section.name,
      object: object.name,
      size: section.size,
    })),
    warnings: image.warnings.map(({ code, message, remedy }) => ({ code, message, remedy })),
  };
}
