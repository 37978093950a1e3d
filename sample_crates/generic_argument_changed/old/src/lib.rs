//! The number means something else with another const argument, although every byte stays where
//! it was.

#![no_std]
#![allow(dead_code)]

#[repr(transparent)]
pub struct Fixed<const SHIFT: u32> {
    raw: i32,
}

pub struct Pair<T> {
    first: T,
    second: T,
}

// reported: signature_changed (const argument)
#[no_mangle]
#[inline(never)]
pub extern "C" fn fixed_integer(value: &Fixed<8>) -> i32 {
    value.raw >> 8
}

// reported: signature_changed (type argument)
#[no_mangle]
#[inline(never)]
pub fn pair_sum(pair: &Pair<u32>) -> u32 {
    pair.first as u32 + pair.second as u32
}

// not reported: this instance stays
#[no_mangle]
#[inline(never)]
pub fn unrelated_pair(pair: &Pair<u8>) -> u8 {
    pair.first ^ pair.second
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
