//! An inherent method adds an entry below the struct and a symbol, and changes no layout.

#![no_std]
#![allow(dead_code)]

#[repr(C)]
pub struct Timer {
    ticks: u32,
}

impl Timer {
    #[inline(never)]
    pub fn ticks(&self) -> u32 {
        self.ticks
    }

    // reported: symbol_added (the mangled symbol of Timer::restart)
    #[inline(never)]
    pub fn restart(&mut self) {
        self.ticks = 1;
    }
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated_timer(timer: &Timer) -> u32 {
    timer.ticks() + 1
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
