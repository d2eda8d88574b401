// Reads archives (`libkernel.a`) in the System V / GNU format that ar makes.
//
//   "!<arch>\n"
//   header "/"   symbol index: count (big-endian), the offset of a member for each, names
//   header "//"  long names, each ended by "/\n"
//   header NAME  an object, padded to an even length
//
//   a header has 60 bytes of text: name 16, date 12, owner 6, group 6, mode 8, size 10, "`\n"
//   name: `short.o/`, `/123` (offset into the long names), or BSD's `#1/len` (name before content)
//
// Members are read when the link wants them. The file may come from anywhere: sizes, offsets and
// counts are checked before they are followed.

import { Diagnostic } from "../../base/diagnostic";
import type { ObjectFile } from "../../object/object";
import { stringAt } from "../elf/strings";
import { readElfObject } from "./elf-object";
import { SLIM_SYMBOL } from "./intermediate-code";

const MAGIC = "!<arch>\n";
const THIN_MAGIC = "!<thin>\n";
const HEADER_SIZE = 60;

/** A member of an archive, read when asked for. */
export interface ArchiveMember {
  /** `libkernel.a(string.o)`. */
  readonly name: string;
  /** The same object each time. Throws what readElfObject throws. */
  read(): ObjectFile;
}

export interface Archive {
  readonly kind: "archive";
  readonly name: string;
  readonly members: readonly ArchiveMember[];
  /** The global symbols that members define, in the index's order. */
  readonly index: readonly (readonly [symbol: string, member: ArchiveMember])[];
}

/** Whether `bytes` begin as an archive does, thin ones included. */
export function isArchive(bytes: Uint8Array): boolean {
  const magic = latin(bytes.subarray(0, MAGIC.length));
  return magic === MAGIC || magic === THIN_MAGIC;
}

/**
 * Reads the archive `bytes`.
 *
 * @throws Diagnostic ARCH001 (thin), ARCH002 (malformed); where there is no index, also what
 *   reading the members throws
 */
export function readArchive(bytes: Uint8Array, name: string): Archive {
  if (latin(bytes.subarray(0, MAGIC.length)) === THIN_MAGIC) {
    throw new Diagnostic(
      "ARCH001",
      `${name} is a thin archive: it only names the files of its members`,
      "Make it without T (`ar rcs`), or link the objects themselves.",
      { file: name },
    );
  }
  return new ArchiveReader(bytes, name).read();
}

interface Entry {
  readonly name: string;
  readonly offset: number;
  readonly content: Uint8Array;
}

class ArchiveReader {
  readonly #bytes: Uint8Array;
  readonly #name: string;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  read(): Archive {
    const entries = this.#entries();
    const longNames = entries.find((entry) => entry.name === "//")?.content ?? new Uint8Array(0);
    const members = new Map<number, ArchiveMember>();
    for (const entry of entries) {
      if (isSpecial(entry.name)) continue;
      members.set(entry.offset, this.#member(entry, longNames));
    }
    const list = [...members.values()];
    const symbols = entries.find((entry) => entry.name === "/");
    const index = symbols ? this.#index(symbols.content, members) : indexOf(list);
    // An `ar` that cannot read intermediate code lists nothing else of such a member.
    index.find(([symbol]) => symbol === SLIM_SYMBOL)?.[1].read();
    return { kind: "archive", name: this.#name, members: list, index };
  }

  #entries(): Entry[] {
    const entries: Entry[] = [];
    let offset = MAGIC.length;
    while (offset < this.#bytes.length) {
      const header = latin(this.#bytes.subarray(offset, offset + HEADER_SIZE));
      if (header.length < HEADER_SIZE || header.slice(58) !== "`\n") {
        throw this.#malformed(`there is no member header at offset ${offset}`);
      }
      const size = Number(header.slice(48, 58).trim());
      const start = offset + HEADER_SIZE;
      if (!Number.isInteger(size) || size < 0 || start + size > this.#bytes.length) {
        throw this.#malformed(`the member at offset ${offset} reaches beyond the file's end`);
      }
      const name = header.slice(0, 16).trimEnd();
      entries.push({ name, offset, content: this.#bytes.subarray(start, start + size) });
      offset = start + size + (size % 2);
    }
    return entries;
  }

  #member({ name, offset, content }: Entry, longNames: Uint8Array): ArchiveMember {
    let own = name.replace(/\/$/, "");
    let object = content;
    const long = /^\/(\d+)/.exec(name);
    const bsd = /^#1\/(\d+)$/.exec(name);
    if (long) own = this.#longName(Number(long[1]), longNames, offset);
    if (bsd) {
      const length = Number(bsd[1]);
      if (length > content.length) throw this.#malformed(`the member at ${offset} has a torn name`);
      own = latin(content.subarray(0, length)).replace(/\0+$/, "");
      object = content.subarray(length);
    }
    const full = `${this.#name}(${own})`;
    let read: ObjectFile | undefined;
    return {
      name: full,
      read() {
        read ??= readElfObject(object, full);
        return read;
      },
    };
  }

  #longName(at: number, longNames: Uint8Array, offset: number): string {
    const end = longNames.indexOf(0x0a, at);
    if (at >= longNames.length || end < 0) {
      throw this.#malformed(`the long name of the member at offset ${offset} is missing`);
    }
    return latin(longNames.subarray(at, end)).replace(/\/$/, "");
  }

  #index(
    table: Uint8Array,
    members: ReadonlyMap<number, ArchiveMember>,
  ): (readonly [string, ArchiveMember])[] {
    const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
    const count = table.length >= 4 ? view.getUint32(0) : 0;
    let at = 4 + count * 4;
    if (at > table.length) throw this.#malformed("its symbol index is cut off");
    return Array.from({ length: count }, (_, number) => {
      const symbol = stringAt(table, at);
      if (symbol === undefined) throw this.#malformed(`the name of symbol ${number} is cut off`);
      at += new TextEncoder().encode(symbol).length + 1;
      const member = members.get(view.getUint32(4 + number * 4));
      if (!member) throw this.#malformed(`its index names no member for "${symbol}"`);
      return [symbol, member] as const;
    });
  }

  #malformed(what: string): Diagnostic {
    const text = `${this.#name} is a malformed archive: ${what} (${this.#bytes.length} bytes)`;
    return new Diagnostic("ARCH002", text, "Make it again: ar rcs ARCHIVE OBJECTS.", {
      file: this.#name,
    });
  }
}

/** GNU's and BSD's indices, and GNU's long names, are not objects. */
function isSpecial(name: string): boolean {
  return name === "/" || name === "//" || name === "/SYM64/" || name.startsWith("__.SYMDEF");
}

/** What `ranlib` would have written. */
function indexOf(members: readonly ArchiveMember[]): (readonly [string, ArchiveMember])[] {
  return members.flatMap((member) =>
    member
      .read()
      .symbols.filter(
        ({ binding, section, absolute, common }) =>
          binding !== "local" && (section !== undefined || absolute || common !== undefined),
      )
      .map(({ name }) => [name, member] as const),
  );
}

function latin(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
