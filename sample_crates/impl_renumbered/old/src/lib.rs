//! A new impl block and a new closure renumber {impl#N} and {closure_env#N} of what stays.

#![no_std]
#![allow(dead_code)]

pub struct Port {
    id: u32,
}

impl Port {
    #[inline(never)]
    fn watcher(&self) -> impl Fn(u32) -> u32 {
        let id = self.id;
        move |value| value ^ id
    }
}

// not reported: the closure is impl_renumbered::{impl#0}::watcher::{closure_env#0}
#[no_mangle]
#[inline(never)]
pub fn port_watch(port: &Port) -> impl Fn(u32) -> u32 {
    port.watcher()
}

// not reported: the closure is counter::{closure_env#0}
#[no_mangle]
#[inline(never)]
pub fn counter(start: u32) -> impl Fn(u32) -> u32 {
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
