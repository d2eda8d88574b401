// The UEFI application that boots a kernel: kernel, module and command line are inside it.
//
// It is a loader of Multiboot 2, written in the two widths of firmware by uefi-code.ts. With the
// firmware's services it finds the screen and ACPI's tables, takes the kernel's memory and a block
// below 4 GiB, and copies kernel and module; then it ends the services and leaves for protected
// mode.
//
//   block   0                the way out: 32-bit code and its GDT, where paging maps 1:1
//           PAGE_SIZE        the record: screen, module, RSDP, command line, the firmware's map
//           module           after room for the map
//
// A kernel whose header has a relocatable tag goes elsewhere if its own place is taken. Then room
// is taken after it as well, for what it claims first: to the kernel that is free memory, like all
// that a loader has taken.
//
// All parsing is the kernel's: it gets the map as the firmware has it.
//
// Once ExitBootServices has failed only GetMemoryMap may be called before it is tried again, so the
// map's buffer is large from the start. Services are slots of tables: UEFI 2.10, 4.3, 4.4 and 7.
//
// Invariants
//   - The block is of type LoaderCode, so that firmware which enforces NX lets the way out run.
//   - Memory types of one's own are not used: there are firmwares that hang then.

import { RSDP_SIZE } from "../abi/acpi";
import { FLAT_LIMIT_LOW, KERNEL_CODE_HIGH, KERNEL_DATA_HIGH } from "../abi/descriptors";
import { PAGE_SIZE } from "../abi/memory-map";
import {
  MULTIBOOT2_BOOT_MAGIC,
  TAG_ACPI_NEW,
  TAG_COMMAND_LINE,
  TAG_ENTRIES,
  TAG_FRAMEBUFFER,
  TAG_LOAD_BASE,
  TAG_MODULE,
  TAG_UEFI_MAP,
} from "../abi/multiboot";
import { CR0_NE, CR0_PE, CR0_PG, MSR_EFER } from "../abi/paging";
import { alignUp } from "../base/align";
import type { ObjectFile } from "../object/object";
import { Assembler } from "../x86/assembler";
import { mem, mem8, mem32 } from "../x86/operand";
import { cr0, cr4, ds, eax, ebx, ecx, edi, edx, es, esi, fs, gs, rax, ss } from "../x86/registers";
import { type Argument, type FirmwareBits, UefiCode } from "./uefi-code";

/** Where a kernel may be put: its first byte from `least`, its last at `most`. */
export interface MovableRange {
  readonly least: number;
  readonly most: number;
  readonly align: number;
}

/** What is loaded. */
export interface UefiPayload {
  /** The kernel as it is in memory. */
  readonly kernel: Uint8Array;
  readonly kernelAddress: number;
  readonly entry: number;
  /** Absent: it runs at `kernelAddress` alone. */
  readonly movable: MovableRange | undefined;
  readonly module: Uint8Array | undefined;
  readonly commandLine: string;
}

export const ENTRY_NAME = "uefi_main";

/** Offsets in the system table, the screen's protocol and its mode, by the width of pointers. */
const OFFSETS = {
  32: { console: 0x2c, services: 0x3c, tables: 0x40, mode: 12, info: 8, screen: 16 },
  64: { console: 0x40, services: 0x60, tables: 0x68, mode: 24, info: 8, screen: 24 },
} as const;

/** Slots of the boot services, past the table's header of 24 bytes. */
const SERVICES = {
  allocatePages: 2,
  getMemoryMap: 4,
  exitBootServices: 26,
  stall: 28,
  locateProtocol: 37,
};
const SERVICES_HEADER = 24;
const OUTPUT_STRING = 1;

const [ALLOCATE_BELOW, ALLOCATE_AT] = [1, 2];
const [LOADER_CODE, LOADER_DATA] = [1, 2];
const TRIES = 8;
/** After a kernel that was moved: our page tables take 4 KiB for each GiB. */
const ROOM_AFTER_KERNEL = 1 << 20;
/** Room for the firmware's map: some have hundreds of descriptors of 48 bytes. */
const MAP_ROOM = 0x10000;
/** So that a person can read the sentence, in microseconds. */
const SHOWN_US = 5_000_000;
const [OUT_CODE, OUT_DATA] = [0x08, 0x10];
/** Where the way out has its GDT, and where it begins. */
const [OUT_TABLE, OUT_START] = [8, 32];
/** A status with the highest bit: the firmware tries what else there is to boot. */
const AN_ERROR = -1;

/** 9042a9de-23dc-4a38-96fb-7aded080516a, the screen's protocol. */
const GRAPHICS_OUTPUT = [0x9042a9de, 0x4a3823dc, 0xde7afb96, 0x6a5180d0];

/** 8868e871-e4f1-11d3-bc22-0080c73c8881, the RSDP among the firmware's tables. */
const ACPI_TABLE = [0x8868e871, 0x11d3e4f1, 0x800022bc, 0x81883cc7];
const GUID_SIZE = 16;

/** Offsets in the screen's mode: pixels, and which bytes are which colour. */
const INFO = { width: 4, height: 8, format: 12, line: 32 };
const BLUE_FIRST = 1;

/** An unknown tag: what a record has in place of a screen or a module that is not there. */
const NO_TAG = 0x7fff_ffff;
const RECORD_HEADER = 8;
const FRAMEBUFFER_SIZE = 40;
const LOAD_BASE_SIZE = 12;
const ACPI_SIZE = RECORD_HEADER + RSDP_SIZE;

const SENTENCES = {
  no_room_for_kernel: "isthmus: the firmware uses the memory that the kernel needs\r\n",
  no_room_for_rest: "isthmus: there is no memory below 4 GiB for the initramfs\r\n",
  no_memory_map: "isthmus: the firmware's memory map is too large\r\n",
};

/** The application as an object: `.text`, `.data`, `.rodata`. */
export function uefiLoader(payload: UefiPayload, bits: FirmwareBits): ObjectFile {
  const a = new Assembler(`uefi-loader-${bits}`);
  new Loader(a, payload, bits).write();
  return a.finish();
}

class Loader {
  readonly #a: Assembler;
  readonly #payload: UefiPayload;
  readonly #code: UefiCode;
  readonly #mapOffset: number;
  readonly #moduleOffset: number;
  readonly #blockSize: number;

  constructor(a: Assembler, payload: UefiPayload, bits: FirmwareBits) {
    this.#a = a;
    this.#payload = payload;
    this.#code = new UefiCode(a, bits);
    const line = new TextEncoder().encode(payload.commandLine).length;
    const tags = [FRAMEBUFFER_SIZE, 16, LOAD_BASE_SIZE, ACPI_SIZE, RECORD_HEADER + line + 1];
    const bytes = tags.reduce((sum, size) => sum + alignUp(size, RECORD_HEADER), 0);
    this.#mapOffset = RECORD_HEADER + bytes;
    this.#moduleOffset = PAGE_SIZE + alignUp(this.#mapOffset + TAG_ENTRIES + MAP_ROOM, PAGE_SIZE);
    this.#blockSize = this.#moduleOffset + alignUp(payload.module?.length ?? 0, PAGE_SIZE);
  }

  write(): void {
    const a = this.#a;
    a.section(".text");
    a.bits(this.#code.bits);
    a.global(ENTRY_NAME, "function");
    this.#takeArguments();
    this.#findTables();
    this.#findScreen();
    this.#takeMemory();
    this.#copyPayload();
    this.#endServices();
    this.#finishRecord();
    this.#leave();
    this.#fail();
    this.#wayOut();
    a.section(".data");
    this.#data();
    a.section(".rodata");
    a.local("kernel", "object");
    a.bytes(this.#payload.kernel);
    a.align(16);
    a.local("module", "object");
    a.bytes(this.#payload.module ?? new Uint8Array());
  }

  /** The image's handle and the system table: in RCX and RDX, or on the stack. */
  #takeArguments(): void {
    const code = this.#code;
    if (code.bits === 32) {
      code.do("mov", code.register("c"), code.past("sp", 4));
      code.do("mov", code.register("d"), code.past("sp", 8));
    }
    code.store("image_handle", "c");
    code.enter("stack");
    const { console, services, tables } = OFFSETS[code.bits];
    code.do("mov", code.register("a"), code.past("d", console));
    code.store("console_out", "a");
    code.do("mov", code.register("a"), code.past("d", services));
    code.store("boot_services", "a");
    code.do("mov", code.register("a"), code.past("d", tables));
    code.store("table_count", "a");
    code.do("mov", code.register("a"), code.past("d", tables + code.word));
    code.store("tables", "a");
  }

  /** Copies the RSDP, if the firmware has one: an entry is a GUID and an address. */
  #findTables(): void {
    const a = this.#a;
    const code = this.#code;
    code.load("b", "tables");
    code.load("c", "table_count");
    a.label("next_table");
    code.do("sub", code.register("c"), 1);
    a.jb("no_tables");
    for (const [index, word] of ACPI_TABLE.entries()) {
      a.cmp(mem32({ base: code.register("b"), disp: 4 * index }), word);
      a.jne("other_table");
    }
    code.do("mov", code.register("b"), code.past("b", GUID_SIZE));
    for (let at = 0; at < RSDP_SIZE; at += 4) {
      a.mov(eax, mem32({ base: code.register("b"), disp: at }));
      a.mov(mem32({ symbol: "record_rsdp", disp: at }), eax);
    }
    a.mov(mem32({ symbol: "record_acpi" }), TAG_ACPI_NEW);
    a.jmp("no_tables");
    a.label("other_table");
    code.do("add", code.register("b"), GUID_SIZE + code.word);
    a.jmp("next_table");
    a.label("no_tables");
  }

  #service(name: keyof typeof SERVICES, ...args: readonly Argument[]): void {
    const slot = SERVICES_HEADER + SERVICES[name] * this.#code.word;
    this.#code.call("boot_services", slot, ...args);
  }

  /** What the firmware shows on, if it has 32 bits a pixel in an order that is known. */
  #findScreen(): void {
    const { bits } = this.#code;
    const code = this.#code;
    const a = this.#a;
    const { mode, info, screen } = OFFSETS[bits];
    this.#service("locateProtocol", { addressOf: "graphics_output" }, 0, { addressOf: "graphics" });
    a.jnz("no_screen");
    code.load("a", "graphics");
    code.do("mov", code.register("b"), code.past("a", mode));
    code.do("mov", code.register("c"), code.past("b", info));
    const field = (name: keyof typeof INFO) =>
      mem32({ base: code.register("c"), disp: INFO[name] });
    a.mov(edx, field("format"));
    a.cmp(edx, BLUE_FIRST);
    a.ja("no_screen");
    a.mov(mem8({ symbol: "record_colours" }), 0);
    a.mov(mem8({ symbol: "record_colours", disp: 4 }), 16);
    a.jne("red_first");
    a.mov(mem8({ symbol: "record_colours" }), 16);
    a.mov(mem8({ symbol: "record_colours", disp: 4 }), 0);
    a.label("red_first");
    for (const half of [0, 4]) {
      a.mov(eax, mem32({ base: code.register("b"), disp: screen + half }));
      a.mov(mem32({ symbol: "record_screen", disp: half }), eax);
    }
    a.mov(eax, field("line"));
    a.shl(eax, 2);
    a.mov(mem32({ symbol: "record_pitch" }), eax);
    a.mov(eax, field("width"));
    a.mov(mem32({ symbol: "record_width" }), eax);
    a.mov(eax, field("height"));
    a.mov(mem32({ symbol: "record_height" }), eax);
    a.mov(mem32({ symbol: "record_framebuffer" }), TAG_FRAMEBUFFER);
    a.label("no_screen");
  }

  #takeMemory(): void {
    const { kernel, kernelAddress, movable } = this.#payload;
    const pages = (bytes: number) => alignUp(bytes, PAGE_SIZE) / PAGE_SIZE;
    const place = { addressOf: "kernel_place" };
    if (movable === undefined || movable.least <= kernelAddress) {
      this.#service("allocatePages", ALLOCATE_AT, LOADER_DATA, pages(kernel.length), place);
    }
    if (movable === undefined) this.#failUnlessZero("no_room_for_kernel");
    else {
      if (movable.least <= kernelAddress) this.#a.jz("kernel_placed");
      this.#takeOtherPlace(movable, pages(kernel.length + ROOM_AFTER_KERNEL + movable.align));
      this.#a.label("kernel_placed");
    }
    const block = { addressOf: "block" };
    this.#service("allocatePages", ALLOCATE_BELOW, LOADER_CODE, pages(this.#blockSize), block);
    this.#failUnlessZero("no_room_for_rest");
  }

  /** Takes so many pages wherever they are, and the first place among them that is aligned. */
  #takeOtherPlace({ least, most, align }: MovableRange, pages: number): void {
    const code = this.#code;
    const a = this.#a;
    a.mov(mem32({ symbol: "kernel_place" }), most | 0);
    const place = { addressOf: "kernel_place" };
    this.#service("allocatePages", ALLOCATE_BELOW, LOADER_DATA, pages, place);
    this.#failUnlessZero("no_room_for_kernel");
    code.load("a", "kernel_place");
    code.do("add", code.register("a"), align - 1);
    code.do("and", code.register("a"), -align);
    code.store("kernel_place", "a");
    a.cmp(eax, least | 0);
    const fine = a.newLabel("fine");
    a.jae(fine);
    code.addressOf("a", "no_room_for_kernel");
    a.jmp("fail");
    a.label(fine);
  }

  #failUnlessZero(sentence: keyof typeof SENTENCES): void {
    const a = this.#a;
    const fine = a.newLabel("fine");
    a.jz(fine);
    this.#code.addressOf("a", sentence);
    a.jmp("fail");
    a.label(fine);
  }

  #copyPayload(): void {
    const a = this.#a;
    const { kernel, module } = this.#payload;
    const code = this.#code;
    a.mov(eax, mem32({ symbol: "block" }));
    a.add(eax, this.#moduleOffset);
    a.mov(mem32({ symbol: "record_module", disp: 8 }), eax);
    a.add(eax, module?.length ?? 0);
    a.mov(mem32({ symbol: "record_module", disp: 12 }), eax);
    a.mov(eax, mem32({ symbol: "kernel_place" }));
    a.mov(mem32({ symbol: "record_base", disp: 8 }), eax);
    code.copy("kernel_place", 0, "kernel", kernel.length);
    code.copy("block", 0, "way_out", PAGE_SIZE);
    code.copy("block", PAGE_SIZE, "record", this.#mapOffset);
    if (module) code.copy("block", this.#moduleOffset, "module", module.length);
    code.load("a", "block");
    code.do("add", code.register("a"), PAGE_SIZE + this.#mapOffset + TAG_ENTRIES);
    code.store("map", "a");
  }

  /** The map's key is the firmware's word that nothing has changed since it was given. */
  #endServices(): void {
    const a = this.#a;
    a.label("again");
    a.mov(mem32({ symbol: "map_size" }), MAP_ROOM);
    this.#service(
      "getMemoryMap",
      { addressOf: "map_size" },
      { value: "map" },
      { addressOf: "map_key" },
      { addressOf: "descriptor_size" },
      { addressOf: "descriptor_version" },
    );
    this.#failUnlessZero("no_memory_map");
    this.#service("exitBootServices", { value: "image_handle" }, { value: "map_key" });
    a.jz("ended");
    a.dec(mem32({ symbol: "tries" }));
    a.jnz("again");
    const forever = a.newLabel("forever");
    a.label(forever);
    a.hlt(); // the services may be half gone: nothing can be shown
    a.jmp(forever);
    a.label("ended");
    a.cli();
  }

  /** The sizes of the map's tag and of all. */
  #finishRecord(): void {
    const a = this.#a;
    const code = this.#code;
    code.load("b", "block");
    const tag = PAGE_SIZE + this.#mapOffset;
    const word = (disp: number) => mem32({ base: code.register("b"), disp });
    a.mov(eax, TAG_UEFI_MAP);
    a.mov(word(tag), eax);
    a.mov(eax, mem32({ symbol: "map_size" }));
    a.add(eax, TAG_ENTRIES);
    a.mov(word(tag + 4), eax);
    a.add(eax, this.#mapOffset);
    a.mov(word(PAGE_SIZE), eax);
    a.mov(eax, mem32({ symbol: "descriptor_size" }));
    a.mov(word(tag + 8), eax);
    a.mov(eax, mem32({ symbol: "descriptor_version" }));
    a.mov(word(tag + 12), eax);
  }

  /** To the way out, in the block: ESI is the record, EDI where the kernel begins. */
  #leave(): void {
    const a = this.#a;
    const code = this.#code;
    a.mov(edi, mem32({ symbol: "kernel_place" }));
    a.add(edi, this.#payload.entry - this.#payload.kernelAddress);
    code.load("a", "block");
    code.do("lea", code.register("si"), code.past("a", PAGE_SIZE));
    code.do("lea", code.register("d"), code.past("a", OUT_TABLE));
    code.store("out_table_base", "d");
    a.lgdt(mem({ symbol: "out_table_register" }));
    code.do("add", code.register("a"), OUT_START);
    if (code.bits === 64) {
      a.push(OUT_CODE);
      a.push(rax);
      a.retfq();
    } else {
      a.push(OUT_CODE);
      a.push(eax);
      a.retf();
    }
  }

  /** Shows the sentence at A for some seconds, and returns to the firmware. */
  #fail(): void {
    const a = this.#a;
    const code = this.#code;
    a.label("fail");
    code.store("sentence", "a");
    code.call(
      "console_out",
      OUTPUT_STRING * code.word,
      { value: "console_out" },
      { value: "sentence" },
    );
    this.#service("stall", SHOWN_US);
    code.do("mov", code.register("a"), AN_ERROR);
    code.leave("stack");
  }

  /** A page that is copied to the block: 32-bit code that runs wherever it is, and its table. */
  #wayOut(): void {
    const a = this.#a;
    a.align(PAGE_SIZE);
    a.label("way_out");
    a.bits(32);
    a.space(OUT_TABLE);
    a.long(0, 0, FLAT_LIMIT_LOW, KERNEL_CODE_HIGH, FLAT_LIMIT_LOW, KERNEL_DATA_HIGH);
    a.mov(eax, OUT_DATA);
    for (const segment of [ds, es, fs, gs, ss]) a.mov(segment, eax);
    a.mov(eax, cr0);
    a.and(eax, ~CR0_PG);
    a.mov(cr0, eax);
    if (this.#code.bits === 64) {
      a.mov(ecx, MSR_EFER);
      a.xor(eax, eax);
      a.xor(edx, edx);
      a.wrmsr();
    }
    a.xor(eax, eax);
    a.mov(cr4, eax);
    a.mov(eax, CR0_PE | CR0_NE);
    a.mov(cr0, eax);
    a.mov(eax, MULTIBOOT2_BOOT_MAGIC);
    a.mov(ebx, esi);
    a.jmp(edi);
    a.align(PAGE_SIZE, 0);
  }

  #data(): void {
    const a = this.#a;
    const words = ["image_handle", "console_out", "boot_services", "graphics", "sentence", "stack"];
    words.push("tables", "table_count");
    const mapWords = ["map", "map_size", "map_key", "descriptor_size", "descriptor_version"];
    a.align(8);
    for (const name of [...words, ...mapWords]) {
      a.label(name);
      a.quad(0n);
    }
    a.label("kernel_place");
    a.quad(BigInt(this.#payload.kernelAddress));
    a.label("block"); // first the highest address that it may have
    a.quad(0xffff_ffffn);
    a.label("tries");
    a.long(TRIES);
    a.label("graphics_output");
    a.long(...GRAPHICS_OUTPUT);
    a.label("out_table_register");
    a.word(OUT_START - OUT_TABLE - 1);
    a.label("out_table_base");
    a.quad(0n);
    this.#record();
    for (const [name, text] of Object.entries(SENTENCES)) {
      a.align(2);
      a.label(name);
      for (const character of `${text}\0`) a.word(character.charCodeAt(0));
    }
  }

  /** As much of the record as is known before: src/abi/multiboot.ts has its form. */
  #record(): void {
    const a = this.#a;
    const { commandLine, module } = this.#payload;
    a.align(8);
    a.label("record");
    a.long(0, 0);
    a.label("record_framebuffer");
    a.long(NO_TAG, FRAMEBUFFER_SIZE - 2);
    a.label("record_screen");
    a.quad(0n);
    for (const name of ["record_pitch", "record_width", "record_height"]) {
      a.label(name);
      a.long(0);
    }
    a.byte(32, 1, 0, 0);
    a.label("record_colours");
    a.byte(0, 8, 8, 8, 0, 8, 0, 0);
    a.label("record_module");
    a.long(module ? TAG_MODULE : NO_TAG, 16, 0, 0);
    a.label("record_base");
    a.long(TAG_LOAD_BASE, LOAD_BASE_SIZE, 0, 0);
    a.label("record_acpi");
    a.long(NO_TAG, ACPI_SIZE);
    a.label("record_rsdp");
    a.space(alignUp(RSDP_SIZE, RECORD_HEADER));
    const line = new TextEncoder().encode(commandLine);
    a.long(TAG_COMMAND_LINE, RECORD_HEADER + line.length + 1);
    a.bytes(line);
    a.byte(0);
    a.align(8);
  }
}
