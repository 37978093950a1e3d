//! A callback takes another parameter type, and another callback has another calling
//! convention.

#![no_std]
#![allow(dead_code)]

// reported: pointer_target_changed (parameter type)
#[repr(C)]
pub struct Operations {
    open: extern "C" fn(u64) -> u32,
}

// reported: pointer_target_changed (calling convention)
#[repr(C)]
pub struct Hooks {
    notify: fn(u32),
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn operations_open(operations: &Operations) -> u32 {
    (operations.open)(3)
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn hooks_notify(hooks: &Hooks) {
    (hooks.notify)(4)
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
