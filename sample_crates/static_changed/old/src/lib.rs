//! The exported static is of another type, so importers read past or short of it.

#![no_std]
#![allow(dead_code)]

// reported: static_changed
#[no_mangle]
pub static LIMIT: u32 = 640;

// reported: static_changed
#[no_mangle]
pub static TABLE: [u16; 2] = [1, 2];

// not reported: only the value differs
#[no_mangle]
pub static UNRELATED_DEFAULT: u32 = 7;

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
