//! A member is gone and leaves padding behind: the size stays, but its bytes mean nothing any
//! more.

#![no_std]
#![allow(dead_code)]

// reported: member_removed (size stays 8)
#[repr(C)]
pub struct Config {
    id: u32,
    flags: u16,
    mode: u16,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn config_id(config: &Config) -> u32 {
    config.id + config.flags as u32
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
