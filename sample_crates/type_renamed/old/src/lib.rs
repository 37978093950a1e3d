//! The type has another name and nothing else differs; the kernel's symbol version changes.

#![no_std]
#![allow(dead_code)]

// reported: type_renamed (source only)
#[repr(C)]
pub struct Place {
    row: u32,
    column: u32,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn place_index(place: &Place) -> u32 {
    place.row * 80 + place.column
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
