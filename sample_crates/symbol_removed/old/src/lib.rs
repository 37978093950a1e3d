//! A module that imports the removed function cannot be loaded.

#![no_std]
#![allow(dead_code)]

#[repr(C)]
pub struct Counter {
    value: u32,
}

// reported: symbol_removed
#[no_mangle]
#[inline(never)]
pub extern "C" fn counter_reset(counter: &mut Counter) {
    counter.value = 0;
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

#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated_read(counter: &Counter) -> u32 {
    counter.value
}
