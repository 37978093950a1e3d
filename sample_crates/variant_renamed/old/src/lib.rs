//! A variant has another name, at the same place and with the same value and field.

#![no_std]
#![allow(dead_code)]

// reported: variant_renamed
#[repr(u8)]
pub enum Portion {
    Whole(u32),
    Half(u32),
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn portion_amount(portion: &Portion) -> u32 {
    match portion {
        Portion::Whole(amount) => *amount,
        Portion::Half(amount) => *amount / 2,
    }
}

// not reported: nothing changes here
#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(value: u32) -> u32 {
    value ^ 7
}
