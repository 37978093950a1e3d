//! A value of a C-like enum is new: old callers do not handle it.

#![no_std]
#![allow(dead_code)]

// reported: enumerator_added
#[repr(u8)]
#[derive(Clone, Copy)]
pub enum Level {
    Low = 1,
    High = 2,
    Critical = 3,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn level_code(level: &Level) -> u8 {
    *level as u8 + 10
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
