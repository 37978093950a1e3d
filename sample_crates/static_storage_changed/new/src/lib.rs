//! A static that others write becomes read-only; its type stays.

#![no_std]
#![allow(dead_code)]

// reported: static_changed
#[no_mangle]
pub static THRESHOLD: u32 = 7;

// not reported: nothing changes here
#[repr(C)]
pub struct Point {
    x: u32,
    y: u32,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(point: &Point, other: &Point) -> u32 {
    point.x ^ other.y
}
