//! A name of a C-like enum stands for another value.

#![no_std]
#![allow(dead_code)]

// reported: enumerator_changed (2 -> 4)
#[repr(u8)]
#[derive(Clone, Copy)]
pub enum Level {
    Low = 1,
    High = 2,
}

// reported: enumerator_changed (-1 -> -2, a signed enum)
#[repr(i16)]
#[derive(Clone, Copy)]
pub enum Outcome {
    Done = 0,
    Failed = -1,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn level_code(level: &Level) -> u8 {
    *level as u8 + 10
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn outcome_code(outcome: &Outcome) -> i16 {
    *outcome as i16 * 3
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
