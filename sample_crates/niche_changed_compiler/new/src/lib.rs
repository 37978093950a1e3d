//! The source is identical, but a newer compiler writes Option<char>::None as another bit
//! pattern.

#![no_std]
#![allow(dead_code)]

// reported: niche_changed (Option<char>::None is 0x110000 with rustc 1.95, 0xffffffff with 1.97)
#[no_mangle]
#[inline(never)]
pub fn letter_or_zero(letter: &Option<char>) -> u32 {
    match letter {
        Some(letter) => *letter as u32,
        None => 0,
    }
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
