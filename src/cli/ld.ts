// isthmus-ld: links with the command line of GNU ld
//
//   isthmus-ld [OPTIONS] FILES… -o OUT
//   make LD="npx isthmus-ld"
//   gcc -B FOLDER …          where FOLDER/ld is a link to isthmus-ld
//
// The image is the one that GNU ld makes of the same objects, script and options: loaded bytes,
// VMA, LMA, entry and symbols. What is not supported is an error that names the option and says
// what to do instead; nothing is ignored. Static images for i386 and x86-64 only.
//
// Options, which have GNU ld's meaning
//   -T FILE, -m elf_i386, -m elf_x86_64, -o OUT, -e NAME, -u NAME, -l NAME, -L FOLDER
//   -r, -n, -N, -s, -S, -x
//   -Ttext=ADDRESS (-Tdata, -Tbss, -Ttext-segment, …), --section-start=SECTION=ADDRESS
//   --defsym=NAME=EXPRESSION, --oformat binary, -b binary, --gc-sections, --print-gc-sections
//   -Map=FILE, -M, --print-memory-usage, --build-id[=STYLE], --eh-frame-hdr, --fatal-warnings
//   --start-group, --end-group, --whole-archive, --push-state, --sysroot=FOLDER
//   -z max-page-size=N, common-page-size=N, execstack, noexecstack, relro, norelro, separate-code,
//      noseparate-code
//   @FILE              the words of FILE
//   -v, --version      prints the version
//   --verbose          prints the script that is obeyed where -T gives none
//   Those that concern only shared libraries (-static, --as-needed, -z now, …) change nothing.
//
// Exit status: 0 linked; 1 it cannot be linked, or an option is not supported; 70 a bug in isthmus.

import { readFileSync } from "node:fs";
import { basename, extname } from "node:path";
import { Diagnostic } from "../base/diagnostic";
import type { ScriptedImage } from "../link/by-script/scripted-image";
import { defaultScript } from "../link/gnu-script/default-script";
import type { Script } from "../link/gnu-script/syntax";
import type { Archive } from "../link/input/archive";
import { machineOf } from "../link/input/machine";
import { isArchiveInput } from "../link/input/read-input";
import { linkByScript } from "../link/link-by-script";
import { gnuMap } from "../link/output/gnu-map";
import { memoryUsage } from "../link/output/memory-usage";
import { writeElfObject } from "../link/output/write-elf-object";
import { writeFlat, writeProgram } from "../link/output/write-program";
import { partialLink } from "../link/partial-link";
import { type OrderedInput, pullMembers } from "../link/passes/pull-members";
import type { Machine } from "../object/object";
import { buildNote, signBuild } from "./build-id";
import { expandResponseFiles, parseLdWords } from "./ld-options";
import { EMULATIONS, type LdFile, type LdSettings, ldSettings } from "./ld-settings";
import { groupOf, LinkerFiles } from "./linker-files";
import { manualPage } from "./manual-page";
import { overwritten, replaceFile, writeText } from "./replace-file";
import { systemTrouble } from "./system-trouble";
import { complain, print, progress } from "./terminal";

const STATUS_FAILED = 1;
/** EX_SOFTWARE of BSD's sysexits. */
const STATUS_BUG = 70;
const DEFAULT_OUTPUT = "a.out";

/** Runs `isthmus-ld` with these words and returns its exit status; never throws. */
export async function main(words: readonly string[]): Promise<number> {
  try {
    return await run(words);
  } catch (error) {
    const diagnostic = error instanceof Diagnostic ? error : systemTrouble(error);
    if (diagnostic) {
      complain(diagnostic);
      return STATUS_FAILED;
    }
    progress(
      "isthmus-ld: this is a bug in isthmus, not in your input. Please report it with this:",
    );
    progress(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return STATUS_BUG;
  }
}

async function run(words: readonly string[]): Promise<number> {
  const all = expandResponseFiles(words, (path) => readFileSync(path, "utf8"));
  const settings = ldSettings(parseLdWords(all));
  if (settings.asks !== undefined && settings.files.length === 0) return answer(settings);
  if (settings.files.length === 0) {
    throw new Diagnostic("CLI032", "no input files were given", "See isthmus-ld --help");
  }
  refuseOverwriting(settings);
  if (settings.isRelocatable) return linkPartially(settings);
  const image = await link(settings);
  return write(image, settings);
}

/** An input that the image or its map would replace is mostly a forgotten word after -o. */
function refuseOverwriting({ files, script, map, output = DEFAULT_OUTPUT }: LdSettings): void {
  const inputs = files.flatMap((file) => ("name" in file ? [file] : []));
  const names = inputs.filter(({ kind }) => kind !== "library").map(({ name }) => name);
  const outputs = [output, map === "-" ? undefined : map];
  const written = outputs.filter((path) => path !== "/dev/null");
  const lost = overwritten(written, [...names, script]);
  if (!lost) return;
  const text = `${lost.output} is an input and an output`;
  throw new Diagnostic("CLI032", text, "Name another after -o.");
}

/** -r: objects to one object. */
async function linkPartially(settings: LdSettings): Promise<number> {
  const { folders, sysroot, options, script, output = DEFAULT_OUTPUT } = settings;
  if (script !== undefined || options.gcSections) {
    const remedy = "Link in one step: the script decides when addresses are given.";
    throw new Diagnostic("CLI031", "-r with -T or --gc-sections is not supported", remedy);
  }
  const files = new LinkerFiles(folders, sysroot);
  const wholeArchives = new Set<Archive>();
  const inputs = await readFiles(settings.files, files, wholeArchives);
  const wanted = options.undefinedNames;
  const takesAll = (archive: Archive) => wholeArchives.has(archive);
  const objects = pullMembers(inputs, { defined: [], wanted, takesAll });
  if (machineOf(objects) !== "i386") {
    const remedy = "Make an archive of the objects instead: ar rcs, and link it --whole-archive.";
    throw new Diagnostic("CLI031", "-r is not supported for x86-64", remedy);
  }
  replaceFile(output, writeElfObject(partialLink(objects, output)));
  return 0;
}

/** What is printed instead of a link. */
function answer({ asks, options, machine }: LdSettings): number {
  if (asks === "help") print(manualPage("ld").text);
  else if (asks === "verbose") print(defaultScript({ bits: bitsOf(machine), ...options }));
  else {
    const file = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    const { version } = JSON.parse(file) as { version: string };
    // Build systems look for the words "GNU ld" to learn which options there are.
    print(`isthmus-ld ${version} (compatible with GNU ld 2.40)`);
    if (asks === "emulations")
      print(["  Supported emulations:", ...Object.keys(EMULATIONS)].join("\n   "));
  }
  return 0;
}

async function link(settings: LdSettings): Promise<ScriptedImage> {
  const { folders, sysroot, options, defsyms } = settings;
  const files = new LinkerFiles(folders, sysroot);
  const wholeArchives = new Set<Archive>();
  const own = await readFiles(settings.files, files, wholeArchives);
  const machine = machineOf(own.flatMap((input) => ("group" in input ? input.group : [input])));
  if (settings.machine !== undefined && settings.machine !== machine) {
    const wanted = settings.machine === "i386" ? "-m32" : "-m64";
    const text = `-m asks for ${settings.machine}, but the objects are for ${machine}`;
    throw new Diagnostic("CLI032", text, `Compile them with ${wanted}.`);
  }
  const script = await scriptOf(settings, machine, files);
  if (settings.buildId !== undefined) own.splice(1, 0, buildNote(settings.buildId));
  const named = await files.ofScript(script);
  const statements = [...script.statements, ...files.statements, ...defsyms];
  const output = settings.output ?? script.output ?? DEFAULT_OUTPUT;
  return linkByScript({
    inputs: script.startup ? [...named, ...own] : [...own, ...named],
    script: { ...script, statements },
    options: { ...options, wholeArchives },
    name: basename(output, extname(output)),
  });
}

function bitsOf(machine: Machine | undefined): 32 | 64 {
  return machine === "x86-64" ? 64 : 32;
}

async function scriptOf(
  { script, options }: LdSettings,
  machine: Machine,
  files: LinkerFiles,
): Promise<Script> {
  if (script !== undefined) return files.script(script);
  const text = defaultScript({ bits: bitsOf(machine), ...options });
  return files.parse(text, "(default script)");
}

/** The inputs of the command line, in its order. */
async function readFiles(
  list: readonly LdFile[],
  files: LinkerFiles,
  wholeArchives: Set<Archive>,
): Promise<OrderedInput[]> {
  const inputs: OrderedInput[] = [];
  let group: OrderedInput[] | undefined;
  for (const file of list) {
    switch (file.kind) {
      case "group":
        group ??= [];
        break;
      case "group-end":
        if (group) inputs.push(groupOf(group));
        group = undefined;
        break;
      default:
        for (const input of await readFile(file, files)) {
          if (file.isWhole && !("group" in input) && isArchiveInput(input)) {
            wholeArchives.add(input);
          }
          (group ?? inputs).push(input);
        }
    }
  }
  return group ? [...inputs, groupOf(group)] : inputs;
}

async function readFile(
  { kind, name }: Extract<LdFile, { name: string }>,
  files: LinkerFiles,
): Promise<OrderedInput[]> {
  if (kind === "binary") return [await files.binary(name)];
  return files.input(kind === "library" ? files.library(name) : name);
}

function write(image: ScriptedImage, settings: LdSettings): number {
  const { strip, discardsLocals, warnings, map, printsDropped } = settings;
  if (warnings !== "hidden") for (const each of image.warnings) complain(each, "warning");
  if (warnings === "fatal" && image.warnings.length > 0) return STATUS_FAILED;
  const symbols = strip === "all" ? "none" : discardsLocals ? "no-locals" : "all";
  const isFlat = settings.format === "binary";
  const bytes = isFlat
    ? writeFlat(image)
    : writeProgram(image, { symbols, debug: strip === "none" });
  signBuild(bytes, image, settings.buildId, isFlat);
  if (settings.printsMemory) print(memoryUsage(image.memory));
  replaceFile(settings.output ?? DEFAULT_OUTPUT, bytes, 0o755);
  if (map !== undefined) writeText(map, gnuMap(image));
  if (printsDropped) {
    for (const { section, object } of image.dropped) {
      progress(`removing unused section '${section.name}' in file '${object.name}'`);
    }
  }
  return 0;
}
