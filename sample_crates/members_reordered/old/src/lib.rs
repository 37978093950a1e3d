//! Only the order in the source differs: rustc chose the same offsets, but the kernel's symbol
//! version changes.

#![no_std]
#![allow(dead_code)]

// reported: members_reordered (source only: every offset stays)
pub struct Packet {
    kind: u8,
    length: u32,
    port: u16,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn packet_length(packet: &Packet) -> u32 {
    packet.length + packet.port as u32 + packet.kind as u32
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
