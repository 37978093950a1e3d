//! LLVM folded the second function into the first and dropped its entry, so its changed type
//! cannot be seen.

#![no_std]
#![allow(dead_code)]

#[repr(C)]
pub struct Left {
    value: u32,
}

// not reported: no entry of an exported function leads here any more
#[repr(C)]
pub struct Right {
    value: u32,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn left_value(left: &Left) -> u32 {
    left.value.wrapping_mul(31) >> 3 ^ 0x55
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn right_value(right: &Right) -> u32 {
    (right.value as u32).wrapping_mul(31) >> 3 ^ 0x55
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
