//! A type keeps its name and size but becomes another kind of type.

#![no_std]
#![allow(dead_code)]

// reported: type_kind_changed (struct to union)
#[repr(C)]
pub struct Value {
    raw: u32,
}

// reported: type_kind_changed (struct to enum)
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct State(u8);

#[no_mangle]
#[inline(never)]
pub extern "C" fn value_raw(value: &Value) -> u32 {
    value.raw
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn state_code(state: &State) -> u8 {
    state.0 | 0x80
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
