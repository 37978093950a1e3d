//! The source is identical, but the compiler chose another order of the members in memory.

#![no_std]
#![allow(dead_code)]

// reported: layout_permuted (two layout seeds, size stays 16)
pub struct Stats {
    received: u32,
    sent: u32,
    dropped: u32,
    errors: u32,
}

// not reported: the compiler may not permute repr(C)
#[repr(C)]
pub struct Point {
    x: u32,
    y: u32,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn stats_total(stats: &Stats) -> u32 {
    stats.received + stats.sent * 2 + stats.dropped * 3 + stats.errors * 5
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(point: &Point) -> u32 {
    point.x ^ point.y
}
