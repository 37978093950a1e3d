//! The value in the tag that stands for a variant differs.

#![no_std]
#![allow(dead_code)]

// reported: discriminant_changed (2 -> 3)
#[repr(u8)]
pub enum Command {
    Open(u32) = 1,
    Close(u16) = 2,
}

// reported: discriminant_changed (-2 -> -3, a signed tag)
#[repr(i32)]
pub enum Fault {
    None(u32) = 0,
    Fatal(u16) = -2,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn command_code(command: &Command) -> u32 {
    match command {
        Command::Open(mode) => *mode,
        Command::Close(reason) => *reason as u32 + 1,
    }
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn fault_code(fault: &Fault) -> u32 {
    match fault {
        Fault::None(detail) => *detail * 5,
        Fault::Fatal(detail) => *detail as u32 + 2,
    }
}

// not reported: nothing changes here
#[repr(C)]
pub struct Point {
    x: u32,
    y: u32,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(point: &Point) -> u32 {
    point.x ^ point.y
}
