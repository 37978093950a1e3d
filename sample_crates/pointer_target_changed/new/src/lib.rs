//! A pointer leads to another type, once in a parameter and once in a member.

#![no_std]
#![allow(dead_code)]

#[repr(C)]
pub struct Celsius {
    degrees: i32,
}

#[repr(C)]
pub struct Kelvin {
    degrees: i32,
}

// reported: pointer_target_changed (member)
#[repr(C)]
pub struct Sensor {
    last: *const Kelvin,
}

// reported: pointer_target_changed (parameter)
#[no_mangle]
#[inline(never)]
pub extern "C" fn temperature_read(source: *const Kelvin) -> i32 {
    unsafe { (*source).degrees }
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn sensor_last(sensor: &Sensor) -> i32 {
    unsafe { (*sensor.last).degrees - 1 }
}

// not reported: both types stay as they are
#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated_sum(a: &Celsius, b: &Kelvin) -> i32 {
    a.degrees + b.degrees
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
