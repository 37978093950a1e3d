//! One more value in the inner enum takes the bit pattern that stood for None; no size changes.

#![no_std]
#![allow(dead_code)]

// reported: enumerator_added
#[repr(u8)]
#[derive(Clone, Copy)]
pub enum Mode {
    Off = 0,
    Slow = 1,
    Fast = 2,
    Turbo = 3,
}

// reported: niche_changed (Option<Mode>::None moves from 3 to 4)
#[no_mangle]
#[inline(never)]
pub fn mode_or_zero(mode: &Option<Mode>) -> u8 {
    match mode {
        Some(mode) => *mode as u8,
        None => 0xff,
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
