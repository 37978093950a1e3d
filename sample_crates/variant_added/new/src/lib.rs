//! Old callers do not know the new variant; the tag and the size stay.

#![no_std]
#![allow(dead_code)]

// reported: variant_added
pub enum Event {
    Key(u32),
    Move { button: u8, step: u16 },
    Click(u8),
}

#[no_mangle]
#[inline(never)]
pub fn event_code(event: &Event) -> u32 {
    match event {
        Event::Key(code) => *code,
        Event::Move { button, step } => (*button as u32) << 16 | *step as u32,
        Event::Click(button) => 7 + *button as u32,
    }
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
