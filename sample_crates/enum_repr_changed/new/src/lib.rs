//! The integer type below a C-like enum becomes signed; values and size stay, and the kernel's
//! symbol version does not see it.

#![no_std]
#![allow(dead_code)]

// reported: enum_repr_changed
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum Signal {
    Stop = 0,
    Go = 1,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn signal_code(signal: &Signal) -> u32 {
    *signal as u32 + 100
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
