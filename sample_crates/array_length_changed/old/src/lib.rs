//! An array takes one element more from the tail padding; the size stays.

#![no_std]
#![allow(dead_code)]

// reported: array_length_changed (size stays 8)
#[repr(C, align(8))]
pub struct Label {
    text: [u8; 5],
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn label_first(label: &Label) -> u8 {
    label.text[0] + label.text[4]
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
