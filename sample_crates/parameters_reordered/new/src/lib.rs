//! Two parameters of one type changed places: callers pass each where the other is expected.

#![no_std]
#![allow(dead_code)]

// reported: parameters_reordered
#[no_mangle]
#[inline(never)]
pub extern "C" fn copy_bytes(to: usize, from: usize) -> usize {
    from / 3 + to * 5
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
