//! Holds one type, which the other version of this crate defines too.

#![no_std]

// reported: member_retyped
#[repr(C)]
pub struct Reading {
    pub value: i32,
}
