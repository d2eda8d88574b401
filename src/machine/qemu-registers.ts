// Parses the registers from what QEMU's `info registers` prints. In 64-bit code the names are RAX,
// RIP and RFL, and of the general registers only the low halves are kept; else it is as on an i386:
//
//   EAX=00000003 EBX=… EIP=00100a7f EFL=00000293 [--S-A-C] CPL=3 II=0 A20=1 SMM=0 HLT=0
//   ES =0023 00000000 ffffffff 00cff300 DPL=3 DS   [-WA]
//   TR =0028 00110e40 00000067 00008b00 DPL=0 TSS32-busy
//   GDT=     00110f00 0000003f
//   CR0=80010011 CR2=00000004 CR3=00112060 CR4=000000b0
//   EFER=0000000000000000

import type { Registers, TableRegister } from "./machine";

/** Parses the text; throws an Error naming the first register that is not in it. */
export function parseQemuRegisters(text: string): Registers {
  const rip = /(?:^|\s)RIP=([0-9a-fA-F]+)/.exec(text)?.[1];
  const low = (digits: string) => Number(BigInt.asUintN(32, BigInt(`0x${digits}`)));
  const number = (name: string) => {
    const wide = rip === undefined ? name : name.replace(/^E(?=..$)/, "R");
    return low(field(text, name === "EFER" ? name : wide)[0]);
  };
  const selector = (name: string) => Number.parseInt(field(text, `${name.padEnd(3)}`)[0], 16);
  return {
    eax: number("EAX"),
    ebx: number("EBX"),
    ecx: number("ECX"),
    edx: number("EDX"),
    esi: number("ESI"),
    edi: number("EDI"),
    ebp: number("EBP"),
    esp: number("ESP"),
    eip: number("EIP"),
    ...(rip !== undefined && { rip: BigInt(`0x${rip}`) }),
    eflags: number("EFL"),
    cs: selector("CS"),
    ss: selector("SS"),
    ds: selector("DS"),
    es: selector("ES"),
    fs: selector("FS"),
    gs: selector("GS"),
    cpl: number("CPL"),
    cr0: number("CR0"),
    cr2: number("CR2"),
    cr3: number("CR3"),
    cr4: number("CR4"),
    efer: number("EFER"),
    gdtr: table(text, "GDT"),
    idtr: table(text, "IDT"),
    tr: { selector: selector("TR"), ...table(text, "TR ", 1) },
    halted: number("HLT") === 1,
  };
}

/** The blank-separated hexadecimal numbers after `name=`; at least one. */
function field(text: string, name: string): [string, ...string[]] {
  const match = new RegExp(`(?:^|\\s)${name}=\\s*([0-9a-fA-F]+(?: [0-9a-fA-F]+)*)`, "m").exec(text);
  const [first, ...rest] = match?.[1]?.split(" ") ?? [];
  if (first === undefined) throw new Error(`QEMU printed no register ${name.trim()}: ${text}`);
  return [first, ...rest];
}

function table(text: string, name: string, skip = 0): TableRegister {
  const numbers = field(text, name).slice(skip);
  return {
    base: Number.parseInt(numbers[0] ?? "", 16),
    limit: Number.parseInt(numbers[1] ?? "", 16),
  };
}
