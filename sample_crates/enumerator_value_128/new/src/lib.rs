//! A 128-bit value changes; the kernel's symbol version does not see it, because DWARF holds it
//! as a block.

#![no_std]
#![allow(dead_code)]

// reported: enumerator_changed (2 -> 3)
#[repr(u128)]
#[derive(Clone, Copy)]
pub enum Wide {
    First = 1,
    Second = 3,
    Last = 1 << 100,
}

// reported: discriminant_changed (2 -> 3)
#[repr(u128)]
pub enum WideData {
    Small(u32) = 1,
    Large(u64) = 3,
}

#[no_mangle]
#[inline(never)]
pub fn wide_low(wide: &Wide) -> u64 {
    *wide as u128 as u64
}

#[no_mangle]
#[inline(never)]
pub fn wide_data_low(data: &WideData) -> u64 {
    match data {
        WideData::Small(value) => *value as u64,
        WideData::Large(value) => *value + 1,
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
