//! A packed struct has no holes: members move and the size shrinks.

#![no_std]
#![allow(dead_code)]

// reported: alignment_changed, size_changed (8 -> 5 bytes)
#[repr(C, packed)]
#[derive(Clone, Copy)]
pub struct Wire {
    kind: u8,
    value: u32,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn wire_value(wire: &Wire) -> u32 {
    let copy = *wire;
    copy.value + copy.kind as u32
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
