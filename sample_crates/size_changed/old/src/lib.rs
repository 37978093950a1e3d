//! The type grows with its alignment, and so does the type that holds it.

#![no_std]
#![allow(dead_code)]

// reported: size_changed and alignment_changed (8 -> 16 bytes)
#[repr(C, align(8))]
pub struct Slot {
    token: u64,
}

// reported: size_changed at most as a consequence of Slot
#[repr(C)]
pub struct Table {
    slots: [Slot; 4],
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn slot_token(slot: &Slot) -> u64 {
    slot.token
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn table_last(table: &Table) -> u64 {
    table.slots[3].token + 1
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
