//! A new type that only a new function uses breaks nobody.

#![no_std]
#![allow(dead_code)]

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

#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated_difference(point: &Point) -> u32 {
    point.x.abs_diff(point.y)
}
