//! A trait method takes another parameter type: the vtable keeps its shape, only the methods in
//! it tell.

#![no_std]
#![allow(dead_code)]

// reported: vtable_method_changed (only the functions in the emitted vtable show it)
pub trait Driver {
    fn start(&self) -> u32;
    fn seek(&self, offset: u64) -> u32;
}

struct Serial {
    port: u32,
}

impl Driver for Serial {
    #[inline(never)]
    fn start(&self) -> u32 {
        self.port
    }

    #[inline(never)]
    fn seek(&self, offset: u64) -> u32 {
        self.port * 2 + (offset / 3) as u32
    }
}

static SERIAL: Serial = Serial { port: 9 };

// The trait object is created here, so the vtable is emitted.
#[no_mangle]
#[inline(never)]
pub fn driver_default() -> &'static dyn Driver {
    &SERIAL
}

#[no_mangle]
#[inline(never)]
pub fn driver_start(driver: &dyn Driver) -> u32 {
    driver.start() + 1
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
