// Names of privileged instructions: for the message that tells why a program died.

/** The longest instruction of the i386, in bytes. */
export const LONGEST_INSTRUCTION: u32 = 15;

/** The name of the privileged instruction in the LONGEST_INSTRUCTION bytes at `bytes`, or 0. */
export function privilegedInstruction(bytes: usize): usize {
  let at = bytes;
  while (isPrefix(load<u8>(at)) && at < bytes + LONGEST_INSTRUCTION - 2) at++;
  const opcode: u32 = load<u8>(at);
  return opcode === 0x0f ? twoByteName(load<u8>(at + 1), load<u8>(at + 2)) : oneByteName(opcode);
}

function isPrefix(byte: u32): bool {
  switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x67:
    case 0xf2:
    case 0xf3:
      return true;
    default:
      return false;
  }
}

function oneByteName(opcode: u32): usize {
  switch (opcode) {
    case 0xf4:
      return cstr("hlt");
    case 0xfa:
      return cstr("cli");
    case 0xfb:
      return cstr("sti");
    case 0xe4:
    case 0xe5:
    case 0xec:
    case 0xed:
    case 0x6c:
    case 0x6d:
      return cstr("in");
    case 0xe6:
    case 0xe7:
    case 0xee:
    case 0xef:
    case 0x6e:
    case 0x6f:
      return cstr("out");
    default:
      return 0;
  }
}

function twoByteName(opcode: u32, modrm: u32): usize {
  switch (opcode) {
    case 0x00:
      return groupSixName((modrm >> 3) & 7);
    case 0x01:
      return groupSevenName((modrm >> 3) & 7);
    case 0x06:
      return cstr("clts");
    case 0x08:
      return cstr("invd");
    case 0x09:
      return cstr("wbinvd");
    case 0x20:
    case 0x22:
      return cstr("mov with a control register");
    case 0x21:
    case 0x23:
      return cstr("mov with a debug register");
    case 0x30:
      return cstr("wrmsr");
    case 0x32:
      return cstr("rdmsr");
    default:
      return 0;
  }
}

function groupSixName(extension: u32): usize {
  switch (extension) {
    case 0: // sldt and str are privileged where there is UMIP
      return cstr("sldt");
    case 1:
      return cstr("str");
    case 2:
      return cstr("lldt");
    case 3:
      return cstr("ltr");
    default: // verr and verw, which may fault as any access to memory does
      return 0;
  }
}

function groupSevenName(extension: u32): usize {
  switch (extension) {
    case 0: // sgdt to smsw are privileged where there is UMIP
      return cstr("sgdt");
    case 1:
      return cstr("sidt");
    case 2:
      return cstr("lgdt");
    case 3:
      return cstr("lidt");
    case 4:
      return cstr("smsw");
    case 6:
      return cstr("lmsw");
    case 7:
      return cstr("invlpg");
    default:
      return 0;
  }
}
