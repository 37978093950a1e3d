//! The variants changed places in the source and with it their discriminants.

#![no_std]
#![allow(dead_code)]

// reported: variants_reordered
pub enum Message {
    Text(u32),
    Status(u16),
}

#[no_mangle]
#[inline(never)]
pub fn message_code(message: &Message) -> u32 {
    match message {
        Message::Text(text) => *text,
        Message::Status(status) => !(*status as u32),
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
