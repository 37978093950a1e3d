//! Nobody sees a parameter's name, but the kernel's symbol version changes.

#![no_std]
#![allow(dead_code)]

// reported: parameter_renamed (source only)
#[no_mangle]
#[inline(never)]
pub extern "C" fn scale(value: u32, multiplier: u32) -> u32 {
    value * multiplier
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
