//! A container holds its elements behind a pointer to bytes, as Vec does: only its type argument
//! tells what they are.

#![no_std]
#![allow(dead_code)]

use core::marker::PhantomData;

#[repr(C)]
pub struct Erased<T> {
    bytes: *const u8,
    count: usize,
    element: PhantomData<T>,
}

// reported: member_retyped, size_changed, alignment_changed
#[repr(C)]
pub struct Sample {
    level: u64,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn samples_count(samples: &Erased<Sample>) -> usize {
    samples.count
}

// not reported: nothing changes here
#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(numbers: &Erased<u32>) -> usize {
    numbers.count + 1
}
