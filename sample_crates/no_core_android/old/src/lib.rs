//! Needs no library of its target: it brings its own lang items, so that a compiler can make any
//! target's objects. A member is added to a type behind a pointer, a slice and an Option.

#![feature(no_core, lang_items, auto_traits)]
#![allow(internal_features, dead_code)]
#![no_core]

#[lang = "pointee_sized"]
pub trait PointeeSized {}
#[lang = "meta_sized"]
pub trait MetaSized: PointeeSized {}
#[lang = "sized"]
pub trait Sized: MetaSized {}
#[lang = "copy"]
pub trait Copy {}
#[lang = "sync"]
pub unsafe auto trait Sync {}
#[lang = "freeze"]
unsafe auto trait Freeze {}
impl Copy for u8 {}
impl Copy for u16 {}
impl Copy for u32 {}
impl Copy for u64 {}
impl<T: PointeeSized> Copy for *const T {}
impl<T: PointeeSized> Copy for &T {}

pub enum Option<T> {
    None,
    Some(T),
}

pub struct Register {
    kind: u8,
    address: u64,
    width: u16,
}

// reported: member_added (into padding: the size stays)
#[repr(C)]
pub struct Device {
    id: u32,
    flags: u16,
    register: *const Register,
}

pub enum Event {
    Idle,
    Key(u32),
    Move { x: u64, y: u16 },
}

#[repr(u8)]
pub enum Level {
    Low = 1,
    High = 2,
}

#[repr(C)]
pub union Word {
    whole: u32,
    halves: [u16; 2],
}

pub struct Port {
    level: Level,
    word: Word,
    kind: u16,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn device_flags(device: &Device) -> u16 {
    device.flags
}

// Its None is the null pointer.
#[no_mangle]
#[inline(never)]
pub fn device_or(device: Option<&Device>, other: u32) -> u32 {
    match device {
        Option::Some(device) => device.id,
        Option::None => other,
    }
}

#[no_mangle]
#[inline(never)]
pub fn device_list<'a>(devices: &'a [Device]) -> &'a [Device] {
    devices
}

// Its None is a spare value of the level.
#[no_mangle]
#[inline(never)]
pub fn unrelated_level(level: &Option<Level>) -> u8 {
    match level {
        Option::Some(Level::Low) => 10,
        Option::Some(Level::High) => 20,
        Option::None => 30,
    }
}

#[no_mangle]
#[inline(never)]
pub fn unrelated_event(event: &Event) -> u32 {
    match event {
        Event::Idle => 1,
        Event::Key(code) => *code,
        Event::Move { .. } => 3,
    }
}

#[no_mangle]
#[inline(never)]
pub fn unrelated_port<'a>(port: &'a Port) -> &'a u16 {
    &port.kind
}

#[no_mangle]
#[inline(never)]
pub fn unrelated_text(text: &str, number: u64) -> u64 {
    let _ = text;
    number
}
