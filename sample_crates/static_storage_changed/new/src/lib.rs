//! A static that others write becomes read-only; its type stays.

#![no_std]
#![allow(dead_code)]

// reported: static_changed
#[no_mangle]
pub static THRESHOLD: u32 = 7;

// not reported: nothing changes here
#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(value: u32) -> u32 {
    value ^ 7
}
