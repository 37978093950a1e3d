//! The type that changed is carried by one variant of an enum, itself inside a Result.

#![no_std]
#![allow(dead_code)]

// reported: member_retyped, with the path through Result, Ok, Message, Text
pub struct Body {
    length: u32,
    checksum: u32,
}

pub enum Message {
    Text(Body),
    Ping(u64),
    Quit,
}

#[no_mangle]
#[inline(never)]
pub fn message_size(message: &Result<Message, u8>) -> u32 {
    match message {
        Ok(Message::Text(body)) => body.length + body.checksum as u32,
        Ok(Message::Ping(stamp)) => *stamp as u32,
        Ok(Message::Quit) => 2,
        Err(code) => *code as u32 + 3,
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
