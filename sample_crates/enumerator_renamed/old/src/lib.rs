//! A value of a C-like enum has another name and the same number.

#![no_std]
#![allow(dead_code)]

// reported: enumerator_renamed
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Volume {
    Low = 1,
    High = 2,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn volume_steps(volume: Volume) -> u32 {
    volume as u32 * 3
}

// not reported: nothing changes here
#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(value: u32) -> u32 {
    value ^ 7
}
