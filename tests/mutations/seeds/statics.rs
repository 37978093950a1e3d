//! Statics: their types, and where they are stored.

#![feature(thread_local)]
#![cfg_attr(not(probe), no_std)]
#![allow(dead_code, static_mut_refs)]

use core::sync::atomic::{AtomicU32, Ordering};

pub struct Limits {
    pub low: u32,
    pub high: u16,
}

#[no_mangle]
pub static LEVEL: u32 = 7;

#[no_mangle]
pub static mut COUNT: u32 = 8;

#[no_mangle]
pub static LIMITS: Limits = Limits { low: 1, high: 2 };

#[no_mangle]
pub static LIMITS_AT: &Limits = &Limits { low: 3, high: 4 };

#[no_mangle]
pub static NAMES: [u8; 4] = *b"abcd";

#[no_mangle]
pub static TICKS: AtomicU32 = AtomicU32::new(11);

#[no_mangle]
pub static HOOK: Option<fn(u32) -> u32> = None;

#[no_mangle]
#[thread_local]
pub static mut CURRENT: u32 = 13;

#[no_mangle]
#[inline(never)]
pub fn tick() -> u32 {
    TICKS.fetch_add(17, Ordering::Relaxed)
}

/// Nothing changes here.
#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(number: &u32) -> u32 {
    *number + 19
}

#[cfg(linked)]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[cfg(probe)]
include!("facts.rs");

#[cfg(probe)]
fn main() {
    fact("bytes of LEVEL", all_bytes(&LEVEL));
    fact("size of LIMITS", size_of_val(&LIMITS));
    fact("size behind LIMITS_AT", size_of_val(LIMITS_AT));
    fact("size of NAMES", size_of_val(&NAMES));
    fact("size of TICKS", size_of_val(&TICKS));
    fact("size of HOOK", size_of_val(&HOOK));
    let here = unsafe { &raw const CURRENT as usize };
    let there = std::thread::spawn(|| unsafe { &raw const CURRENT as usize }).join().unwrap();
    fact("each thread has its own CURRENT", here != there);
}
