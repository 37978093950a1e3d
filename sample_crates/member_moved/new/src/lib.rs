//! Two members of a repr(C) struct changed places, so each is read where the other lies.

#![no_std]
#![allow(dead_code)]

// reported: member_moved (both offsets)
#[repr(C)]
pub struct Range {
    length: u32,
    start: u32,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn range_end(range: &Range) -> u32 {
    range.start + range.length * 2
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
