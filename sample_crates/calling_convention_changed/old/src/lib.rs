//! The function is called in another way: only the registers that its parameters arrive in show it.

#![no_std]
#![allow(dead_code, improper_ctypes_definitions)]

// reported: `scale` arrives in another register, because `pair` is passed in another way
#[no_mangle]
#[inline(never)]
pub extern "C" fn split(pair: (u64, u64, u64), scale: u64) -> (u64, u64, u64) {
    (pair.0 / scale, pair.1 / scale, pair.2)
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
