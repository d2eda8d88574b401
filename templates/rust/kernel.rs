//! A kernel with an address space of its own: it shares with the user program one trampoline.
//!
//! ```text
//! kernel directory   0 .. 4 MiB          identity, one large page
//!                    the trampoline      at the end of the address space, supervisor
//! user directory     0x1000 ..           the user program, and its stack
//!                    the trampoline      the same pages
//! ```
//!
//! Where the sections are is asked of the linker: `isthmus link` and the script that `isthmus
//! script` writes define NAME_start, NAME_size and NAME_load for each.

#![no_std]

use core::arch::asm;
use core::fmt::Write;
use core::panic::PanicInfo;
use core::ptr::addr_of;

const PAGE: usize = 4096;
const PRESENT: usize = 1;
const WRITE: usize = 2;
const USER: usize = 4;
const LARGE: usize = 0x80;
const USER_STACK_TOP: usize = 0x0030_0000;
const BAD_ADDRESS: i32 = -14;
const NO_SUCH_CALL: i32 = -38;

/// Page tables, directories and stacks: whole pages.
#[repr(C, align(4096))]
struct Page([usize; 1024]);
const EMPTY: Page = Page([0; 1024]);

static mut KERNEL_DIRECTORY: Page = EMPTY;
static mut USER_DIRECTORY: Page = EMPTY;
static mut USER_LOW: Page = EMPTY;
/// One for both directories: what is in it is shared.
static mut TRAMPOLINE_TABLE: Page = EMPTY;
static mut USER_STACK: Page = EMPTY;
static mut KERNEL_STACK: [Page; 4] = [EMPTY; 4];

// The linker's symbols. Their values are addresses and sizes: there is nothing to read there.
extern "C" {
    static user_text_start: u8;
    static user_text_size: u8;
    static user_text_load: u8;
    static trampoline_text_start: u8;
    static trampoline_text_size: u8;
    static trampoline_text_load: u8;
    static trampoline_data_start: u8;
    static trampoline_data_size: u8;
    static trampoline_data_load: u8;
}

// trampoline.S
extern "C" {
    static mut idt: [u64; 129];
    static mut gdt: [u64; 6];
    static tss: u8;
    static mut kernel_cr3: usize;
    static mut user_cr3: usize;
    static mut kernel_stack_top: usize;
    fn system_call_entry();
    fn exception_entry();
    fn enter_user(entry: usize, stack: usize) -> !;
}

macro_rules! address {
    ($symbol:expr) => {
        addr_of!($symbol) as usize
    };
}

unsafe fn out8(port: u16, value: u8) {
    asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack));
}

unsafe fn in8(port: u16) -> u8 {
    let value: u8;
    asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack));
    value
}

const COLUMNS: usize = 80;
const ROWS: usize = 25;
const LIGHT_GREY: u16 = 0x0700;
/// The text screen of the VGA: 25 lines of 80 cells, a character and its colour each.
const SCREEN: *mut u16 = 0xb8000 as *mut u16;
/// The cell of the next character.
static mut CELL: usize = 0;

unsafe fn clear_screen() {
    for cell in 0..COLUMNS * ROWS {
        SCREEN.add(cell).write_volatile(LIGHT_GREY | b' ' as u16);
    }
}

unsafe fn show(byte: u8) {
    if byte == b'\n' {
        CELL = (CELL / COLUMNS + 1) % ROWS * COLUMNS;
    } else {
        SCREEN.add(CELL).write_volatile(LIGHT_GREY | byte as u16);
        CELL = (CELL + 1) % (COLUMNS * ROWS);
    }
}

/// The screen and the first serial line.
struct Console;

impl Console {
    fn put(&self, byte: u8) {
        unsafe {
            show(byte);
            while in8(0x3fd) & 0x20 == 0 {}
            out8(0x3f8, byte);
        }
    }
}

impl Write for Console {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        text.bytes().for_each(|byte| self.put(byte));
        Ok(())
    }
}

macro_rules! print {
    ($($part:tt)*) => { let _ = write!(Console, $($part)*); };
}

/// Lines to port 0xe9 tell the emulator how the run ended; port 0xf4 ends it.
struct Emulator;

impl Write for Emulator {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        text.bytes().for_each(|byte| unsafe { out8(0xe9, byte) });
        Ok(())
    }
}

fn finish(word: &str, status: u32) -> ! {
    let _ = writeln!(Emulator, "{} {}", word, status);
    unsafe {
        out8(0xf4, 0);
        loop {
            asm!("cli", "hlt");
        }
    }
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    print!("kernel: {}\n", info);
    finish("exit", 2)
}

/// Shows `size` bytes from `load` on at `start`, in the table that is for this part of the space.
fn map(table: &mut Page, start: usize, size: usize, load: usize, flags: usize) {
    for offset in (0..size).step_by(PAGE) {
        table.0[(start + offset) / PAGE % 1024] = (load + offset) | flags | PRESENT;
    }
}

unsafe fn build_directories() {
    let (start, size) = (address!(user_text_start), address!(user_text_size));
    map(&mut USER_LOW, start, size, address!(user_text_load), USER);
    let stack = address!(USER_STACK);
    map(&mut USER_LOW, USER_STACK_TOP - PAGE, PAGE, stack, USER | WRITE);
    let (start, size) = (address!(trampoline_text_start), address!(trampoline_text_size));
    map(&mut TRAMPOLINE_TABLE, start, size, address!(trampoline_text_load), 0);
    let (start, size) = (address!(trampoline_data_start), address!(trampoline_data_size));
    map(&mut TRAMPOLINE_TABLE, start, size, address!(trampoline_data_load), WRITE);

    KERNEL_DIRECTORY.0[0] = LARGE | WRITE | PRESENT;
    USER_DIRECTORY.0[0] = address!(USER_LOW) | USER | WRITE | PRESENT;
    for directory in [&mut KERNEL_DIRECTORY, &mut USER_DIRECTORY] {
        directory.0[1023] = address!(TRAMPOLINE_TABLE) | WRITE | PRESENT;
    }
}

unsafe fn turn_paging_on() {
    // PG, and WP: read-only pages are read-only for the kernel too.
    asm!(
        "mov cr3, {directory}",
        "mov {cr0}, cr0",
        "or {cr0}, 0x80010000",
        "mov cr0, {cr0}",
        directory = in(reg) addr_of!(KERNEL_DIRECTORY),
        cr0 = out(reg) _,
    );
}

fn gate(handler: unsafe extern "C" fn(), level: u64) -> u64 {
    let handler = handler as usize as u64;
    (handler >> 16) << 48 | 0x8e00 << 32 | level << 45 | 0x08 << 16 | handler & 0xffff
}

#[repr(C, packed)]
struct TableRegister {
    limit: u16,
    base: usize,
}

unsafe fn load_tables() {
    // The two interrupt controllers keep their interrupts.
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
    let base = address!(tss) as u64;
    gdt[5] = 0x0000_8900_0000_0067 | (base & 0xff_ffff) << 16 | (base >> 24) << 56;
    for vector in 0..32 {
        idt[vector] = gate(exception_entry, 0);
    }
    idt[0x80] = gate(system_call_entry, 3);
    let gdtr = TableRegister { limit: 6 * 8 - 1, base: address!(gdt) };
    let idtr = TableRegister { limit: 129 * 8 - 1, base: address!(idt) };
    asm!(
        "lgdt [{gdtr}]",
        "lidt [{idtr}]",
        "push 0x08",
        "lea {code}, [2f]",
        "push {code}",
        "retf",
        "2:",
        "mov ds, {data:e}",
        "mov es, {data:e}",
        "mov ss, {data:e}",
        "ltr {task:x}",
        gdtr = in(reg) &gdtr,
        idtr = in(reg) &idtr,
        code = out(reg) _,
        data = in(reg) 0x10,
        task = in(reg) 0x28,
    );
}

/// A pointer of a user program is an address of another space: the user's page tables say where
/// the byte is. Its frame is in the identity map, so its physical address is a pointer here.
unsafe fn translate(pointer: usize) -> Option<*const u8> {
    let visible = |entry: usize| entry & (PRESENT | USER) == PRESENT | USER;
    let directory_entry = USER_DIRECTORY.0[pointer >> 22];
    if !visible(directory_entry) {
        return None;
    }
    let table = &*((directory_entry & !(PAGE - 1)) as *const Page);
    let entry = table.0[pointer / PAGE % 1024];
    visible(entry).then(|| (entry & !(PAGE - 1) | pointer % PAGE) as *const u8)
}

fn write(pointer: usize, length: usize) -> i32 {
    for done in 0..length {
        match unsafe { translate(pointer.wrapping_add(done)) } {
            Some(byte) => Console.put(unsafe { *byte }),
            None => return BAD_ADDRESS,
        }
    }
    length as i32
}

#[no_mangle]
extern "C" fn system_call(number: usize, first: usize, second: usize) -> i32 {
    match number {
        1 => finish("exit", first as u32 & 63),
        4 => write(first, second),
        _ => NO_SUCH_CALL,
    }
}

#[no_mangle]
extern "C" fn exception(cr2: usize) -> ! {
    panic!("exception, CR2 {:#010x}", cr2);
}

/// From here on paging is on: the trampoline is where it was linked.
#[no_mangle]
unsafe extern "C" fn run_user() -> ! {
    load_tables();
    kernel_cr3 = address!(KERNEL_DIRECTORY);
    user_cr3 = address!(USER_DIRECTORY);
    kernel_stack_top = address!(KERNEL_STACK) + core::mem::size_of_val(&KERNEL_STACK);
    let (start, load) = (address!(trampoline_text_start), address!(trampoline_text_load));
    print!("kernel: the trampoline is at {:#010x}, loaded at {:#010x}\n", start, load);
    enter_user(address!(user_text_start), USER_STACK_TOP - 4)
}

#[no_mangle]
unsafe extern "C" fn kernel_main() -> ! {
    clear_screen();
    print!("kernel: hello\n");
    build_directories();
    turn_paging_on();
    run_user()
}
