//! A member has another type of the same size at the same offset.

#![no_std]
#![allow(dead_code)]

// reported: member_retyped
#[repr(C)]
pub struct Reading {
    channel: u32,
    value: u32,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn reading_value(reading: &Reading) -> u32 {
    (reading.value as u32).rotate_left(reading.channel)
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
