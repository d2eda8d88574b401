//! The user program: linked at 0x1000, an address at which the kernel has something else.

#![no_std]

use core::arch::asm;

fn syscall(number: usize, first: usize, second: usize) -> i32 {
    let result: i32;
    unsafe {
        asm!(
            "int 0x80",
            inout("eax") number => result,
            in("ebx") first,
            in("ecx") second,
            // The kernel uses these too, and saves none of them.
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
        );
    }
    result
}

fn print(text: &str) -> i32 {
    syscall(4, text.as_ptr() as usize, text.len())
}

/// The layout puts .text.start first: the kernel starts the program at its first byte.
#[no_mangle]
#[link_section = ".text.start"]
extern "C" fn start_user() -> ! {
    print("user: hello from 0x1000\n");
    let kernels = syscall(4, 0x0010_0000, 16);
    let trampolines = syscall(4, 0xffff_f000, 16);
    let refused = kernels == -14 && trampolines == -14;
    print(if refused {
        "user: the kernel's memory is not mine\n"
    } else {
        "user: I read the kernel!\n"
    });
    loop {
        syscall(1, !refused as usize, 0);
    }
}
