// What the codes of our messages mean, for `isthmus explain`. The mistakes that `check` finds have
// texts of their own, with examples (src/link/check/mistakes.ts); here is every other code.
//
// One table, so that it reads like a chapter and a new code needs one row; a test walks all of src/
// and fails for a code that has none. The message says what was found where; the row says what is
// wrong with that in general, and what to do.

/** A row: a title, as `explain --list` shows it, and the explanation. */
type Row = readonly [title: string, why: string];

const ARCHIVES_AND_OBJECTS = {
  ARCH001: [
    "a thin archive is given to the linker",
    `A thin archive (\`ar rcT\`) names the files of its members and does not contain them. Make
    it without T, or link the objects themselves.`,
  ],
  ARCH002: [
    "an archive is damaged",
    `A header or a length in the archive contradicts its size: it was cut off while it was
    written or copied. Make it again with \`ar rcs ARCHIVE OBJECTS\`.`,
  ],
  ELF001: [
    "a file is not the ELF file that is needed",
    `The linker takes relocatable objects for i386 (\`gcc -m32 -c\`) or x86-64; \`check\` and
    \`map\` take finished kernels for either. The message says what the file is instead.`,
  ],
  ELF002: [
    "an ELF file contradicts itself",
    `A table or a section reaches past the end of the file, or an index names nothing. The file
    was cut off or damaged; build it again.`,
  ],
  ELF003: [
    "a relocation is of a type that a kernel cannot have",
    `Code for shared libraries needs a dynamic linker, and a kernel has none. Compile with -fno-pic
    -fno-pie; where thread-local variables are used, also with -ftls-model=local-exec.`,
  ],
  ELF004: [
    "an object defines an indirect function",
    `ifunc and target_clones let a dynamic linker choose a function when the program starts.
    Nothing does that in a kernel; compile the function without them.`,
  ],
  ELF005: [
    "an addend does not fit into the bytes that it is stored in",
    `ELF for i386 stores addends in the code itself, so one that is larger than its field has
    no form in a relocatable object. Link with isthmus, whose objects keep addends apart.`,
  ],
  ELF006: [
    "a section is compressed in a way that is not read",
    `Debug information may be compressed with zlib, not with zstd. Compile with -gz=none or
    -gz=zlib.`,
  ],
  ELF007: [
    "an object has no machine code, only a compiler's intermediate code",
    `With -flto, GCC and clang leave the making of machine code to the link, for which they call
    themselves again. This linker does not. Compile without -flto; GCC's -ffat-lto-objects makes
    objects that have both.`,
  ],
} satisfies Record<string, Row>;

const GUESTS = {
  GUEST001: [
    "a folder for a guest is not there",
    `What --root, --bind and \`pack\` name is a folder of this machine, --bind's may be a file.
    The message says whether it is missing, not a folder, or not readable.`,
  ],
  GUEST002: [
    "a bind does not say what goes where",
    `The option --bind HOST:GUEST puts a copy of HOST at the path GUEST, which begins with a
    slash. It replaces what the folder has there, follows the guest's symbolic links, and cannot
    be / itself.`,
  ],
  GUEST003: [
    "a file could not be packed as it was found",
    `A folder is listed first, and its files are read after that. One of them went away, changed
    its size, or could not be read. Nothing was started; try again when nothing writes to the
    folder.`,
  ],
  GUEST004: [
    "the directory to start in is not in the guest",
    `What --cwd names is a path of the guest, not of the host. It must be a directory of what
    --root and --bind bring.`,
  ],
  GUEST005: [
    "the machine is too small for the files",
    `Files that are brought in stay in the guest's memory, and so does their archive while it is
    unpacked. The message names the least that is enough. A machine has 2048 MiB at the most.`,
  ],
  GUEST006: [
    "the changes of a guest cannot be saved",
    `New files are written beside the old ones and then renamed, so the folder is as it was
    before the run. A save that was interrupted half-way is finished by the next run that uses
    the folder.`,
  ],
  GUEST007: [
    "a folder to save to is neither brought in nor new",
    `What --save names is the folder of --root or of a --bind, which takes back what was changed
    in it, or a folder that is not there or empty, which gets all of the guest's files. Any
    other folder might lose files of its own.`,
  ],
  GUEST008: [
    "a guest ended before its program did",
    `What was changed is known when the program has ended by itself. A run that was left by ^A
    x, timed out, panicked or was switched off from inside saves nothing.`,
  ],
  GUEST010: [
    "the guest has no such program",
    `A name with a slash is a path of the guest; one without is looked for in the folders of
    PATH. Programs of the host are not in the guest unless --root or --bind brings them.`,
  ],
  GUEST011: [
    "a file of the guest is not executable",
    `Modes are the host's: \`chmod +x\` there. Folders, devices and links to them are not
    programs.`,
  ],
  GUEST012: [
    "a file is not a program for the guest",
    `The guest is a 32-bit PC: it runs ELF programs for i386, and scripts that begin with #! and
    name such a program. \`file PATH\` says what a file is.`,
  ],
  GUEST013: [
    "what runs a program is not in the guest",
    `A dynamic program names its loader (\`readelf -l\` shows it as the interpreter), a script its
    interpreter after #!. It has to be in the guest's files under that very path.`,
  ],
  GUEST014: [
    "a script does not name its interpreter",
    `The first line of a script is #! and the path of a program, at most 255 bytes; that program
    may be a script itself, up to five times.`,
  ],
  GUEST015: [
    "the kernel refuses to run a program",
    `The file looked like a program for this machine, but the kernel cannot load it: a segment
    that is writable and executable, segments that overlap, or not enough memory. Its log, which
    --verbose shows, has the reason.`,
  ],
} satisfies Record<string, Row>;

const SOURCES = {
  ASC001: [
    "the AssemblyScript compiler itself failed",
    `It threw or gave up without a message about the source. Take out what was added last to
    find the construct that it cannot compile; the fault is the compiler's.`,
  ],
  ASC002: [
    "static data lies outside the place that was given to it",
    `The compiler of AssemblyScript put data below the memory base that we asked for. That is a
    fault of the toolchain; please report it.`,
  ],
  BARE001: [
    "cstr is used with something other than a string literal",
    `cstr makes static data when the program is compiled, so the text must be written between
    quotes, without variables.`,
  ],
  BARE002: [
    "throw is used where nothing catches",
    "The kernel has no exceptions. Return an error number, as system calls do, or panic.",
  ],
  BARE003: [
    "a method of an unmanaged class is overridden",
    `Objects of an @unmanaged class do not know their class, so a call could not find the
    override. Use another name, or keep a function's index in a field and call that.`,
  ],
  BARE004: [
    "a field that is declared with ! is compared with null at each read",
    `The definite assignment mark makes the compiler check for null at run time. Give the field
    a value where it is declared, or make it nullable.`,
  ],
  BARE005: [
    "the kernel computes with floating-point numbers",
    `The registers of the floating-point unit belong to user programs, and the kernel does not
    save them on entry. Use integers; note that a plain number such as 0.5, and \`number\`,
    are f64.`,
  ],
  BARE006: [
    "the kernel allocates a managed object",
    `There is no garbage collector in the kernel: no strings made at run time, arrays, or
    objects by \`new\`. Use an @unmanaged class in memory of the kernel's heap, static data,
    or cstr.`,
  ],
  BARE007: [
    "memory.grow or memory.size is used in the kernel",
    `The kernel's memory is its whole address space. Take frames or heap from the kernel's own
    memory management.`,
  ],
  BARE008: [
    "something at the top level must run before the kernel's entry",
    `Nothing runs before the boot code calls the kernel. Initialise with a constant, and assign
    the rest in a function that boot calls.`,
  ],
  BARE009: [
    "a function of a JavaScript host is used",
    `Date, Math.random, console and their kind need a host. Use what the kernel, or the runtime
    of user programs, offers instead.`,
  ],
  BARE010: [
    "an object for C allocates a managed object",
    `With --target object memory is managed by C. Take memory from the caller or from malloc,
    or compile a whole program with --target linux.`,
  ],
  BARE011: [
    "an object for C grows its memory",
    `The memory of an object is that of the program that it is linked into. Take memory from
    the caller or from malloc.`,
  ],
  COMP001: [
    "the compiler does not support an instruction here",
    `WebAssembly is translated to i686 completely but for proposals such as vectors, and the
    kernel is compiled without floating point. The message names the instruction and the
    function that has it.`,
  ],
  COMP002: [
    "code depends on the digits of an address of static data",
    `In an object only the linker knows addresses, and it can only add to them. Shifting,
    masking or multiplying an address of static data cannot be expressed; take the memory from
    the caller instead.`,
  ],
  COMP003: [
    "a module has static data at a fixed address, and an object cannot claim one",
    `A module of WebAssembly does not say which of its numbers are addresses. Give it a memory of
    its own (--memory own), or compile its TypeScript source.`,
  ],
  COMP004: [
    "a program imports something that nothing provides",
    `A program is linked with the runtime only. Define the function in the program, or compile
    to an object (--target object) and link that with what defines it.`,
  ],
  COMP005: [
    "main has parameters or a result that no caller gives or takes",
    `The start code calls main(argc: i32, argv: usize, envp: usize): i32. main may take fewer
    of these and return nothing.`,
  ],
  COMP006: [
    "a segment of a module does not fit, so the module can never start",
    `Data beyond the memory's least size, or elements beyond the table's, trap when the module
    is instantiated. Declare a larger memory or table, or move the segment.`,
  ],
  COMP007: [
    "a module's data cannot be at the address that it needs",
    `A module that knows real addresses has its memory where the addresses say, and no program may
    use the lowest ones. Link it with a higher --global-base, or without imports from x86 and
    symbols: then its memory may be anywhere.`,
  ],
  COMP009: [
    "this cannot have a memory of its own",
    `With --memory own, memory is an array of the module, from which no access gets out. What
    imports machine instructions or symbols deals in real addresses, and TypeScript is compiled
    for the memory of its program: both share it (--memory shared).`,
  ],
  COMP010: [
    "a module knows a function of WASI by another type",
    `It was built for another version of WASI, or declares the function by hand and wrongly. What is
    provided is wasi_snapshot_preview1.`,
  ],
  COMP011: [
    "a module may call functions of WASI that are not there",
    `Sockets and signals are left out. The functions return ENOSYS, which a program can take for an
    answer, so it may run all the same.`,
  ],
  DUMP001: [
    "a dump cannot be read",
    `The text is not what --print and --until write. The message names the line; compare it
    with a fresh dump.`,
  ],
  MAP001: [
    "a source map is damaged",
    `The positions in the source map that came with a module make no sense. Build the module
    and its map again, together.`,
  ],
  WASM001: [
    "a module of WebAssembly is malformed",
    `The bytes do not follow the binary format. The file is damaged or is not WebAssembly; the
    message gives the position.`,
  ],
  WASM002: [
    "a module uses a feature of WebAssembly that is not supported",
    `Supported is version 2 without vectors, and extended constants of numbers, with at most 500
    loops inside each other. Switch the named feature off where the module is built.`,
  ],
  WASM003: [
    "a module of WebAssembly is invalid",
    `It decodes, but breaks a rule of validation, such as an operand of the wrong type.
    Whatever wrote the module is at fault.`,
  ],
} satisfies Record<string, Row>;

const ASSEMBLY = {
  ASM001: [
    "no form of an instruction takes these operands",
    `The mnemonic exists, but not with operands of these kinds and sizes. The message lists
    what it takes; src/x86/instructions/ has the table.`,
  ],
  ASM002: [
    "a memory operand cannot be encoded",
    `An address is a base, an index times 1, 2, 4 or 8, and a displacement; ESP cannot be an
    index.`,
  ],
  ASM003: [
    "a label is placed or a name defined twice",
    "A label stands for one address. Make a second label, or rename one of the two.",
  ],
  ASM004: [
    "a label is used and never placed",
    "Call place(label) where the code that it stands for begins.",
  ],
  ASM005: [
    "a short jump does not reach its target",
    `Short jumps, loop and jecxz reach 127 bytes ahead and 128 back. Move the target nearer, or
    go by a jmp.`,
  ],
  ASM006: [
    "a difference of labels is not known when assembling",
    `Only labels of one section of one module have a fixed distance. Compute it at run time, or
    let the layout define a symbol for it.`,
  ],
  ASM007: ["a number does not fit its field", "Use a wider field, or a smaller number."],
  ASM008: [
    "a section is begun again with other flags",
    "Give the flags once, where the section begins.",
  ],
  ASM009: [
    "a section's flags are unknown",
    `Names such as .text and .data imply flags. For another name give them, once, where the
    section begins.`,
  ],
  ASM010: ["a function begins inside another", "End the first function before the next begins."],
  ASM011: [
    "an alias is made of a name that is not defined",
    "Define the name before its alias, in the same module.",
  ],
  ASM012: ["an alignment is not a power of two", "Alignments are 1, 2, 4, 8 and so on."],
  ASM013: [
    "a function ends in another section than it began in",
    "A function's size is the distance between its two ends, so both must be in one section.",
  ],
  ASM014: ["something is assembled before a section has begun", "Call section(NAME) first."],
  ASM015: [
    "bytes are put into a section that has none",
    `A section such as .bss has a size and no content. Reserve room there, or put the bytes
    into .data.`,
  ],
} satisfies Record<string, Row>;

const TABLES = {
  TABLES001: [
    "the frames of a region are known only once the kernel is linked",
    `A region that is parked at its end, or whose sections are loaded into another one, moves with
    the sizes of sections. Page tables for it need the linked kernel: --kernel FILE.elf.`,
  ],
  TABLES002: [
    "two things are seen at one address",
    `A page table entry names one frame, and two sections or ranges at one page lie in different
    ones. A kernel linked low, with its load addresses mapped as well, is a common case.`,
  ],
  TABLES003: [
    "an address is beyond what the tables show",
    `Two-level tables show 32 bits of both kinds of address, PAE tables 32 of linear and 36 of
    physical ones, 4-level tables 48 of linear ones.`,
  ],
  TABLES004: [
    "something lies at an address that pages cannot show",
    "A page shows a frame as it is, so VMA and LMA must have the same offset in their pages.",
  ],
  TABLES005: [
    "it is not known where the page tables themselves lie",
    `CR3 and entries hold the physical addresses of tables. They are counted from the linked ones,
    by the distance that the layout fixes for their section, .data.boot_tables.`,
  ],
} satisfies Record<string, Row>;

const LAYOUTS = {
  LAYOUT001: [
    "a region is anchored at an end that it does not have",
    `A region that is filled from its end downwards needs \`end\`, and one that is filled
    upwards \`start\`.`,
  ],
  LAYOUT002: [
    "a bound of a region is not a 32-bit address",
    "Bounds are whole numbers from 0 to 0x100000000.",
  ],
  LAYOUT003: [
    "a region is empty",
    "Its `end` must be above its `start`; the end itself does not belong to it.",
  ],
  LAYOUT004: [
    "a section is loaded into a region that is anchored at its end",
    "Images are loaded upwards, so the region that `load` names must be anchored at its start.",
  ],
  LAYOUT005: [
    "a section names a region that the layout does not have",
    "Declare it under `regions`, or correct the name.",
  ],
  LAYOUT006: ["an alignment is not a power of two", "Use 1, 2, 4, … or 4096 for a page."],
  LAYOUT007: [
    "two names would make the same symbols",
    `The linker defines NAME_start and NAME_end for each section and region, with what is no
    letter or digit as an underscore. Rename one of the two.`,
  ],
  LAYOUT008: [
    "a space names a region that the layout does not have",
    "Declare it under `regions`, or correct the name.",
  ],
  LAYOUT009: [
    "two regions of one space overlap",
    `In one address space each address belongs to one region at most. Regions of different
    spaces may overlap; that is what spaces are for.`,
  ],
  LAYOUT010: [
    "a closed group names a section that the layout does not have",
    "A closed group is proved section by section. Declare the section, or correct the name.",
  ],
  LAYOUT011: [
    "a symbol is the edge of something that the layout does not have",
    `\`symbols\` may name the start, end, size or load address of a section or region of this
    layout.`,
  ],
  LAYOUT012: [
    "a section of a module has a load address",
    `The boot loader puts a module where there is room, so the layout cannot say where. Remove
    \`load\`.`,
  ],
  LAYOUT013: [
    "a field of a layout has the wrong type, or does not exist",
    "src/link/layout/layout.ts says what each field means; the message gives the path to it.",
  ],
  LAYOUT014: [
    "a packed section has symbols between its inputs",
    `With \`pack\` the linker chooses the order of functions, so that none crosses a page, and no
    place is between those of two rules. Remove one of the two.`,
  ],
  LAYOUT015: [
    "a region's offset contradicts the rest of the layout",
    `A region with \`load\` and \`offset\` is where sections are seen that load into another region,
    that far below. It has no place of its own, and what it loads into begins at a fixed address.`,
  ],
  LAYOUT016: [
    "a layout for x86-64 asks for our own symbol table",
    `The compact table that our kernel finds names in has 32-bit addresses. Leave the section with
    \`content: "symbols"\` out of the layout.`,
  ],
} satisfies Record<string, Row>;

const LINKER = {
  LINK001: [
    "a section of an object is malformed",
    `Its size, alignment or relocations contradict each other. Rebuild the object; if this
    toolchain made it, please report it.`,
  ],
  LINK002: [
    "a symbol is defined by two objects",
    "Rename one of them, or make one local (`static`) or weak.",
  ],
  LINK003: [
    "an object defines a symbol that the layout makes",
    `The linker makes symbols such as text_start from the layout. Rename the object's symbol,
    or the section.`,
  ],
  LINK004: [
    "a symbol is used that nothing defines",
    `Link the object or archive that defines it, or correct the spelling. In C++ declare
    functions of C and assembly with extern "C".`,
  ],
  LINK005: [
    "no section of the layout takes a section of an object",
    `Nothing is dropped silently. Add a glob that matches its name to the \`inputs\` of a
    section, or to \`discard\`.`,
  ],
  LINK006: [
    "the layout names a symbol that no object defines",
    `The entry point, roots of code before paging, and symbols to keep must exist. The message
    says which it is.`,
  ],
  LINK007: [
    "an object's section wants an address that is taken",
    `A section at a fixed address lies below what is already placed, or outside its output
    section. Change the layout's \`address\`, or the one that the object was compiled for.`,
  ],
  LINK008: [
    "an input wants more alignment than its output section has",
    `An output section with a given \`address\` is not moved. Give it an address that is
    aligned as the message says.`,
  ],
  LINK009: [
    "two sections overlap",
    `The \`address\` of a section is below the end of what comes before it. Raise it, or make
    that smaller.`,
  ],
  LINK010: [
    "a section or its load image does not fit into its region",
    "Make the section smaller or the region larger; kernel.map shows what takes the room.",
  ],
  LINK011: [
    "a section is larger than its maxSize",
    "The layout limits it. Make it smaller, or raise `maxSize`.",
  ],
  LINK012: [
    "a section's address and its load address differ within a page",
    "Paging maps whole pages, so both must be congruent modulo 4096.",
  ],
  LINK013: [
    "two load images overlap in physical memory",
    `The boot loader would write one over the other. Put them into regions that do not overlap.
    The boot loader would write one over the other. Put them into regions that do not overlap.`,
  ],
  LINK014: [
    "sections of different permissions share a page",
    `Permissions belong to whole pages, so one of the sections would get the other's. Align the
    upper one to 4096, or say \`sharesPage: true\` of it where one page may allow both.`,
  ],
  LINK015: [
    "a region has grown into its neighbour",
    `A region without a fixed end is as large as its sections. Move the upper one, or make the
    lower one smaller.`,
  ],
  LINK016: [
    "a relocated value does not fit into its field",
    `The distance or address is too large for the 8 or 16 bits of this form of the instruction, or
    for the 32 bits that x86-64 has for most. Use a wider form, or move the two closer together.
    Code in the upper 2 GiB is compiled with -mcmodel=kernel, code elsewhere far up with -fpie or
    -mcmodel=large.`,
  ],
  LINK017: [
    "a closed group refers to something outside",
    `Code in a closed group, such as the trampoline, runs while nothing else may be mapped.
    Move the target into the group, or, if it is used only after the kernel's page directory
    was loaded, name it in \`exits\`.`,
  ],
  LINK018: [
    "a closed group declares an exit that does not exist",
    "Remove it from `exits`, or correct its name.",
  ],
  LINK019: [
    "code that runs before paging refers to an address that only paging makes valid",
    `Until paging is on, memory is where it was loaded. Put what is used into a section whose
    VMA is its LMA.`,
  ],
  LINK020: [
    "the boot header is not where the boot loader looks",
    `Multiboot headers must be in the first 8 KiB of the file, those of Multiboot 2 in the
    first 32 KiB. Put the header first in the layout's first section, and keep that section.`,
  ],
  LINK021: [
    "the program headers are too far into the file",
    "GRUB reads only the first 8 KiB to find them. Declare fewer sections.",
  ],
  LINK022: [
    "the entry point is not code",
    `It must be in an executable section that is loaded. Loaders turn the linked address into
    the load address, so name the linked one.`,
  ],
  LINK023: [
    "the image is too large",
    `Some address or size makes the file larger than it can be meant. Look for an input with a
    wrong size, or a fixed address that is far away.`,
  ],
  LINK024: [
    "code refers to a section that is not in the image",
    `The section was discarded, or left out as the copy of another. Keep it, or remove the
    reference.`,
  ],
  LINK025: [
    "the Multiboot 2 header is wrong",
    `GRUB checks architecture, length, checksum and the tags, and refuses the kernel without
    saying why. The message says which field it is and what to write.`,
  ],
  LINK026: [
    "the relocatable tag of the Multiboot 2 header is wrong",
    `It must allow the address that the kernel is linked for, and keep pages whole with an
    alignment of 4096.`,
  ],
  LINK027: [
    "a relocatable kernel has absolute addresses in its code",
    `If the loader moves the kernel, code that runs before paging finds its data elsewhere. Add
    the load base that the loader reports, and say so with "movable" in beforePaging of the layout;
    or leave the relocatable tag out.`,
  ],
  LINK028: [
    "a section is loaded although its flags do not say so",
    `The layout takes it, so it is in the image; other linkers leave out what has no "a" flag. Write
    the flags in the .section directive, as the message shows them.`,
  ],
  LINK029: [
    "thread-local variables are not in a block of their own",
    `A kernel copies .tdata and .tbss, which lie one after the other, for each processor or thread,
    and code counts from the end of the copy. Give each an output section, with nothing between.`,
  ],
  LINK030: [
    "a variable is thread-local for its user only",
    `One object says __thread or thread_local of it, and the one that defines it does not. Declare
    it alike in both, which a common header ensures.`,
  ],
  LINK031: [
    "objects of two machines are linked together",
    `An image is for i386 or for x86-64: the layout's \`machine\` says which or, if it does not, the
    first object. Compile all with -m32 or all with -m64. 32-bit code of a 64-bit kernel, such as
    its entry point, goes into objects for x86-64, after .code32.`,
  ],
  LINK032: [
    "thread-local variables are used in an unknown form",
    `In a static image the linker replaces the calls and loads by which x86-64 code finds its
    thread-local variables, and knows those forms that compilers write. Compile with
    -ftls-model=local-exec, which needs nothing replaced.`,
  ],
  LINK033: [
    "PVH loaders find no way into the kernel",
    `QEMU's -kernel starts a 64-bit kernel at the address that a note of type 18, owner "Xen",
    names: where the entry code is loaded. The note needs a section of its own (@note), since only
    such a section has a program header of type PT_NOTE.`,
  ],
  LINK034: [
    "part of the kernel is loaded where the loader cannot write",
    `Loaders of Multiboot and PVH run in 32 bits, so LMAs must lie below 4 GiB, wherever the VMAs
    are. Give the region in the upper half a \`load\` and an \`offset\`.`,
  ],
  LINK035: [
    "Limine would refuse the kernel",
    `Limine loads 64-bit kernels at 0xffffffff80000000 and above, by their VMAs. Let the regions
    begin there; what lies at the end of the address space is loaded as a module.`,
  ],
  SCRIPT001: [
    "a layout asks for what no linker script can express",
    `Modules in files of their own, and sections whose address the code assumes already, are known
    to our linker only. Link with isthmus link, or leave the section out of the layout.`,
  ],
} satisfies Record<string, Row>;

const SCRIPTS = {
  SCRIPT001: [
    "a linker script cannot be read",
    `What stands at the place of the message is not in the language of GNU ld's scripts: a name is
    mistyped, a semicolon or a bracket is missing, or a number is malformed.`,
  ],
  SCRIPT002: [
    "a linker script asks for something that is not supported",
    `OVERLAY, INSERT, VERSION and some commands that kernels do not use are refused, because an
    image that obeys only half of its script would be worse than none.`,
  ],
  SCRIPT003: [
    "a file that a linker script includes cannot be used",
    `INCLUDE looks for the file in this folder, in the folders given with -L, and beside the script.
    Files that include each other are stopped after ten levels.`,
  ],
  SCRIPT004: [
    "a linker script names something that it does not declare",
    `A memory region must be in MEMORY, a segment in PHDRS, and an output section in SECTIONS. Where
    a script has memory regions, each loaded section needs one.`,
  ],
  SCRIPT005: [
    "an expression of a linker script has no value",
    `It uses a name that neither the script nor an object defines, divides by zero, moves the
    location counter back, or depends on itself.`,
  ],
  SCRIPT006: [
    "an ASSERT of a linker script fails",
    "The script says what must hold, and the message is its own. Correct what it speaks of.",
  ],
  SCRIPT007: [
    "a section does not fit into its memory region",
    `MEMORY gives the region a length, and the sections that are put there need more. Make the
    region longer if there is memory for it, or what is in it smaller.`,
  ],
  SCRIPT008: [
    "a segment cannot hold its sections or headers",
    `The sections of one segment lie in the file as they lie in memory, so their load addresses must
    ascend; headers that are loaded need room below the first section.`,
  ],
  SCRIPT009: [
    "the entry point that a link asks for is not defined",
    `Like GNU ld, the linker lets the image begin at its .text then, which is right only by chance.
    Define the symbol in the start-up code, or name the one that it has.`,
  ],
  SCRIPT010: [
    "a linker script says what a layout cannot",
    `A layout declares what must hold, and a script computes: gaps, numbers between inputs, sorting
    by files and assertions have no place in a layout. The script itself can be obeyed as it is,
    with \`isthmus link -T\` or isthmus-ld.`,
  ],
  SCRIPT011: [
    "a linker script defines a number that the imported layout does not",
    `Layouts define the edges of sections and regions, not numbers. A number that only the script
    used is in the layout's addresses already; one that code uses must be defined in a source.`,
  ],
  SCRIPT012: [
    "two sections of a linker script lie over each other",
    `The loader would write one over the other, or the address space ends within a section. Two
    sections may begin at the same address, as overlays do; load addresses may not be shared.`,
  ],
  SCRIPT013: [
    "the file that a linker script makes would be too large",
    `The file has what lies between addresses, too: an address, an alignment or a gap that is wrong
    makes it gigabytes long. What need not be in the file goes into a section of type NOLOAD.`,
  ],
} satisfies Record<string, Row>;

const MACHINES = {
  INSP002: [
    "a kernel does not describe itself",
    `audit and map find processes by the record kernel_info, which src/abi/kernel-info.ts
    describes. A kernel without it can be run, not inspected.`,
  ],
  INSP003: [
    "there is no kernel_info record in the machine's memory",
    "The ELF file is not that of the kernel that runs, or the kernel was not loaded yet.",
  ],
  INSP004: [
    "the kernel's list of processes is damaged",
    `A link of it leads out of the kernel's memory. At another moment it may be whole; if it
    stays damaged, the kernel is at fault.`,
  ],
  INSP005: [
    "a kernel does not name its way to user mode",
    `step waits at the iret by which the kernel starts a program; it finds it by the symbol
    exit_iret. Any kernel with such a symbol can be stepped.`,
  ],
  IMG001: [
    "the kernel does not speak Multiboot 2",
    `The UEFI application in a disk image is a loader of Multiboot 2, and so is GRUB there. The
    kernel needs its header in the first 32 KiB of the file.`,
  ],
  INSP006: [
    "the file of a program that runs is not known",
    `step reads instructions from the files of the initramfs, by the name that the kernel's
    record of processes has.`,
  ],
  INSP007: [
    "a law cannot be broken on purpose at this moment",
    `The page breaks laws by writing to entries of page tables that are not in use. There is no
    such entry before a program runs, and none once the machine has stopped.`,
  ],
  MACH001: [
    "the kernel's command line is too long",
    `Program, arguments and options share one line of limited length. Pass fewer or shorter
    arguments.`,
  ],
  MACH002: [
    "the initramfs is not an archive that the kernel reads",
    `It is a cpio archive in the newc format, not compressed: find . | cpio --create
    --format=newc.`,
  ],
  MACH004: [
    "a program that a machine needs is not installed",
    "QEMU and GRUB come from your system. --machine v86 needs nothing installed.",
  ],
  MACH005: [
    "QEMU did not start",
    "It ended before it answered; the message is its own. QEMU 7.2 or newer is needed.",
  ],
  MACH006: [
    "no bootable image could be made",
    `grub-mkrescue needs GRUB's files for PCs, xorriso and mtools; its last lines are in the
    message.`,
  ],
  MACH007: [
    "this v86 is not the one that is patched",
    `v86 can step because two places of its WebAssembly are changed, which were found in one
    version. Any other file is refused rather than changed by guess.`,
  ],
  MACH009: [
    "no machine here boots the kernel",
    `Each loader was asked by the rules of its source, and what each minds is in the message. The
    machines here boot Multiboot 1 and 2, PVH notes and Linux's bzImage; Limine's protocol and UEFI
    applications need a loader that is not here.`,
  ],
  MACH010: [
    "there is no UEFI firmware for QEMU",
    `OVMF is a package of its own: Debian has ovmf for 64-bit machines, and ovmf-ia32 for 32-bit
    ones. --firmware bios needs nothing more than QEMU.`,
  ],
  MACH011: [
    "GRUB has no files for the firmware",
    `A boot image for UEFI is made of GRUB's files for UEFI: Debian has them in grub-efi-amd64-bin
    and grub-efi-ia32-bin.`,
  ],
  MACH008: [
    "there is no place for a machine's temporary files",
    `QEMU's sockets and memory are files of a folder below TMPDIR, or /tmp. Set TMPDIR to a folder
    that exists, is yours to write, and has as much room as the machine has memory.`,
  ],
} satisfies Record<string, Row>;

const PAGE = {
  WEB001: [
    "a session was kept with another build",
    `A session is a machine's memory, and that means nothing to another kernel or other programs.
    Boot anew.`,
  ],
  WEB002: [
    "the machine cannot do this now",
    `Steps, laws and the map need a kernel that describes itself and has come to its prompt. Boot
    the machine and let it run; a kernel of other people's boots, and nothing more is known of it.`,
  ],
  WEB003: [
    "the files that were chosen do not go together",
    `A kernel or a program is one file. Objects and archives can be several, with at most one layout
    (JSON) or linker script, and are linked.`,
  ],
  WEB004: [
    "a module cannot be evaluated in the page",
    `Assembly and layouts are TypeScript that runs while a kernel is built. The page takes their
    types away and runs what is left. So they are plain TypeScript without enumerations, name
    spaces, decorators and parameter properties, and import each other, the facts of src/abi that
    assembly uses already, src/x86/registers and src/x86/operand. A clone has none of these
    limits.`,
  ],
} satisfies Record<string, Row>;

const COMMANDS = {
  CLI001: [
    "the command line makes no sense",
    `An option, value or operand is unknown or missing. \`isthmus COMMAND --help\` has the
    manual page.`,
  ],
  CLI002: ["a file cannot be read", "It does not exist, is a folder, or may not be read by you."],
  CLI003: [
    "a layout cannot be read",
    `A layout is a JSON file, or a module that exports \`layout\`. The message says what is
    wrong with this one.`,
  ],
  CLI004: [
    "no process was ever seen, so there is nothing to audit",
    `The kernel ended or stopped before its first program ran. \`isthmus run\` with the same
    options shows what it says.`,
  ],
  CLI005: [
    "the machine was never seen in user mode",
    "A map draws a moment in which a program computes. Run one that does so for a while.",
  ],
  CLI006: [
    "a module of the project failed while it was evaluated",
    `Assembly, layouts and user/programs.ts are run by Node when the project is built. The
    message is the exception's, with its line.`,
  ],
  CLI007: [
    "an output cannot be written",
    `The folder does not exist or is read-only, or the disk is full. What was there before is
    unchanged: outputs replace it only when they are complete.`,
  ],
  CLI008: [
    "a file is neither TypeScript nor WebAssembly",
    "The command compile tells them apart by the extension, .ts or .wasm.",
  ],
  CLI009: [
    "the kernel does not say which system calls it serves",
    `The table is read by running functions that kernel/main.ts exports: startSystemCalls,
    systemCallHandler and systemCallKind.`,
  ],
  CLI010: [
    "no process made the system call that step looks for",
    `The program ended, or a minute passed, before such a call. \`isthmus run --trace\` shows
    the calls that it makes.`,
  ],
  CLI011: [
    "the operating system refused",
    `A disk is full, a folder is read-only or not yours, or something was removed meanwhile. The
    message names the file and the reason; isthmus itself is not at fault.`,
  ],
  CLI012: [
    "there is no folder for what is built",
    `The kernel of an installation is never built inside it, but in the user's cache:
    $XDG_CACHE_HOME/isthmus, ~/.cache/isthmus, or isthmus-UID in the folder for temporary files. The
    message says why none of these can be used.`,
  ],
  CLI013: [
    "a project has no process 1 for --root",
    `With \`run --root\` the kernel starts a program of this package, which runs the guest's and
    reports what became of its files. A project whose user/programs.ts does not list it cannot
    bring a folder in; in another folder it is this package's own kernel that boots.`,
  ],
  CLI014: [
    "the host cannot run a program in a folder of its own",
    `diff-run compares with what the same program does on the host's Linux, which needs a Linux that
    runs programs for i386, and the superuser: the folder becomes the program's root, in namespaces
    of its own. Who cannot be the superuser runs it in a container or a virtual machine.`,
  ],
  CLI015: [
    "a program did not come to its end in diff-run",
    `diff-run compares what a program has done here and on the host, so it must end in both: not in
    a panic, and within the time that --timeout gives.`,
  ],
  CLI020: [
    "the folder for a new kernel is not empty",
    `init writes a dozen files, some of whose names are common, and overwrites nothing.`,
  ],
  CLI040: [
    "there is no page to serve",
    `A package brings the page in dist/web/. A clone builds it from web/, which takes what
    \`npm install\` brings, and the kernel.`,
  ],
  CLI041: [
    "the page's port cannot be used",
    `Something else listens there, or it is below 1024, where only the superuser may listen.
    \`--port 0\` takes any that is free.`,
  ],
  CLI031: [
    "an option of GNU ld is not supported",
    `Scripts and command lines of GNU ld are taken as they are, but an option that is not obeyed is
    refused rather than ignored. The message says what to do instead.`,
  ],
  CLI032: [
    "the command line of isthmus-ld makes no sense",
    `An option is unknown or lacks its value, or no file is given. The options are those of GNU
    ld; \`isthmus-ld --help\` lists them.`,
  ],
  CLI030: [
    "a library that a link names is not found",
    `What -lNAME names is libNAME.a in one of the folders that -L gives, in their order. Shared
    libraries are of no use to a kernel: nothing loads them.`,
  ],
} satisfies Record<string, Row>;

/** What a code means. */
export interface Explanation {
  readonly code: string;
  readonly title: string;
  readonly why: string;
}

export const EXPLANATIONS: readonly Explanation[] = Object.entries<Row>({
  ...COMMANDS,
  ...SOURCES,
  ...ASSEMBLY,
  ...ARCHIVES_AND_OBJECTS,
  ...GUESTS,
  ...LAYOUTS,
  ...TABLES,
  ...LINKER,
  ...SCRIPTS,
  ...MACHINES,
  ...PAGE,
}).map(([code, [title, why]]) => ({ code, title, why: why.replaceAll(/\s+/g, " ") }));

/** The explanation of a code, which may be written in small letters. */
export function explanationOf(code: string): Explanation | undefined {
  const wanted = code.toUpperCase();
  return EXPLANATIONS.find((each) => each.code === wanted) ?? compilersOwn(wanted);
}

/** TS2322, AS100: numbers of the AssemblyScript compiler. */
function compilersOwn(code: string): Explanation | undefined {
  if (!/^(TS|AS)\d+$/.test(code)) return undefined;
  const list = code.startsWith("TS")
    ? "numbers its messages like TypeScript's"
    : "has its own numbers";
  return {
    code,
    title: "a message of the AssemblyScript compiler",
    why:
      `The compiler of AssemblyScript ${list}, and the code is passed on as it is; the message ` +
      "itself says what is wrong. AssemblyScript is stricter than TypeScript: every type is " +
      "known when the program is compiled.",
  };
}
