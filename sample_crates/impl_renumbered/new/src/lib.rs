//! A new impl block and a new closure renumber {impl#N} and {closure_env#N} of what stays.

#![no_std]
#![allow(dead_code)]

pub struct Port {
    id: u32,
}

pub struct Other {
    id: u32,
}

// not reported: this block takes the number 0, and the next one moves to 1
impl Other {
    fn double(&self) -> u32 {
        self.id * 2
    }
}

// reported: symbol_added
#[no_mangle]
#[inline(never)]
pub extern "C" fn other_double(other: &Other) -> u32 {
    other.double()
}

impl Port {
    #[inline(never)]
    fn watcher(&self) -> impl Fn(u32) -> u32 {
        let id = self.id;
        move |value| value ^ id
    }
}

// not reported: the closure is impl_renumbered::{impl#1}::watcher::{closure_env#0}
#[no_mangle]
#[inline(never)]
pub fn port_watch(port: &Port) -> impl Fn(u32) -> u32 {
    port.watcher()
}

// not reported: the closure is counter::{closure_env#1}
#[no_mangle]
#[inline(never)]
pub fn counter(start: u32) -> impl Fn(u32) -> u32 {
    let twice = |value: u32| value * 2;
    let start = twice(start);
    move |step| start + step
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
