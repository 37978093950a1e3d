//! Without repr(C) the compiler orders the members as it likes: they move and the size shrinks.

#![no_std]
#![allow(dead_code)]

// reported: member_moved and size_changed (12 -> 8 bytes)
#[repr(C)]
pub struct Frame {
    kind: u8,
    length: u32,
    flags: u8,
}

#[no_mangle]
#[inline(never)]
pub fn frame_length(frame: &Frame) -> u32 {
    frame.length + frame.kind as u32 * frame.flags as u32
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
