//! The returned type differs, so a caller reads the wrong bits of the return register.

#![no_std]
#![allow(dead_code)]

// reported: signature_changed (return)
#[no_mangle]
#[inline(never)]
pub extern "C" fn ticks(seed: u32) -> u32 {
    seed.wrapping_mul(1000)
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
