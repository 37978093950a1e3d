//! A pointer that may now be null leaves no spare value for None: the Option grows from 8 to 16
//! bytes.

#![no_std]
#![allow(dead_code)]

// reported: member_retyped
pub struct Handle {
    raw: *mut u8,
}

// reported: member_retyped, niche_changed (Option<Handle> has a tag of its own now)
#[no_mangle]
#[inline(never)]
pub fn handle_address(handle: &Option<Handle>) -> usize {
    match handle {
        Some(handle) => handle.raw as usize,
        None => 1,
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
