//! A marker of size zero is added: no byte moves, but the kernel's symbol version changes.

#![no_std]
#![allow(dead_code)]

// reported: member_added (of size zero: no layout effect)
#[repr(C)]
pub struct Token {
    id: u32,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn token_id(token: &Token) -> u32 {
    token.id.count_ones()
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
