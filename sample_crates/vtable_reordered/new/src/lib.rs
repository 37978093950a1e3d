//! Two trait methods changed places: a caller calls the other one, and the kernel's symbol
//! version does not see it.

#![no_std]
#![allow(dead_code)]

// reported: vtable_reordered (only the slots of the emitted vtable show it)
pub trait Driver {
    fn stop(&self) -> u32;
    fn start(&self) -> u32;
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
    fn stop(&self) -> u32 {
        self.port * 2
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
