//! A parameter has another type, and another function takes one parameter more: callers pass
//! the wrong registers.

#![no_std]
#![allow(dead_code)]

// reported: signature_changed
#[no_mangle]
#[inline(never)]
pub extern "C" fn set_speed(speed: u64) -> u32 {
    (speed / 3) as u32
}

// reported: signature_changed
#[no_mangle]
#[inline(never)]
pub extern "C" fn set_mode(mode: u8, level: u8) -> u8 {
    mode.rotate_left(3) ^ level
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
