//! Only code and constants differ; what a caller relies on stays.

#![no_std]
#![allow(dead_code)]

const FACTOR: u32 = 3;

// not reported: another body
#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated_scale(value: u32) -> u32 {
    value * FACTOR
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
