//! Holds one type, which the other version of this crate defines too.

#![no_std]

// not reported: nothing changes here
#[repr(C)]
pub struct Reading {
    pub value: u64,
    pub channel: u32,
    pub flags: u32,
}
