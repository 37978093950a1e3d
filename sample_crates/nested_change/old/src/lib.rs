//! The type that changed is two pointers away from the exported function.

#![no_std]
#![allow(dead_code)]

pub mod clock {
    // reported: member_added, with the path device -> bus -> clock
    #[repr(C)]
    pub struct Clock {
        pub rate: u32,
        source: u16,
    }

    #[no_mangle]
    #[inline(never)]
    pub extern "C" fn clock_rate(clock: &Clock) -> u32 {
        clock.rate + 2
    }
}

pub mod bus {
    #[repr(C)]
    pub struct Bus {
        clock: *const super::clock::Clock,
        number: u32,
    }

    #[no_mangle]
    #[inline(never)]
    pub extern "C" fn bus_number(bus: &Bus) -> u32 {
        bus.number + 1
    }
}

#[repr(C)]
pub struct Device {
    bus: *const bus::Bus,
    id: u32,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn device_id(device: &Device) -> u32 {
    device.id
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
