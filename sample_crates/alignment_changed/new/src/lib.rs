//! Only the alignment differs: callers may hand over memory that is not aligned enough.

#![no_std]
#![allow(dead_code)]

// reported: alignment_changed (size and offsets stay)
#[repr(C, align(16))]
pub struct Block {
    low: u64,
    high: u64,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn block_sum(block: &Block) -> u64 {
    block.low.wrapping_add(block.high)
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
