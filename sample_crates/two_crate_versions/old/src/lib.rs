//! Two versions of one crate give two types one name; the change of the shorter one must not
//! hide behind the other.

#![no_std]

#[no_mangle]
#[inline(never)]
pub extern "C" fn reading_one(reading: &reading_v1::Reading) -> u32 {
    reading.value as u32 + 1
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated_two(reading: &reading_v2::Reading) -> u32 {
    reading.value as u32 + reading.channel + reading.flags
}
