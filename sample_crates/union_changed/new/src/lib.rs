//! A union has one more view of the same bytes; size and alignment stay.

#![no_std]
#![allow(dead_code)]

// reported: member_added
#[repr(C)]
pub union Word {
    whole: u32,
    halves: [u16; 2],
    bytes: [u8; 4],
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn word_whole(word: &Word) -> u32 {
    unsafe { word.whole.swap_bytes() }
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
