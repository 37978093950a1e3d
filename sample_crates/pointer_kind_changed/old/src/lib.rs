//! A reference becomes exclusive: the same bytes, another promise about what they point to.

#![no_std]
#![allow(dead_code)]

// reported: pointer_kind_changed
#[repr(C)]
pub struct Counter {
    id: u32,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn counter_next(counter: &Counter) -> u32 {
    counter.id + 1
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
