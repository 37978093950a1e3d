//! A member fills what was tail padding: the size stays, but old callers leave it
//! uninitialised.

#![no_std]
#![allow(dead_code)]

// reported: member_added (size stays 8)
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
