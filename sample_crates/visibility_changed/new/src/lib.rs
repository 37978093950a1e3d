//! A member becomes public: no byte moves, but the kernel's symbol version changes.

#![no_std]
#![allow(dead_code)]

// reported: visibility_changed (source only)
#[repr(C)]
pub struct Account {
    pub owner: u32,
    balance: i32,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn account_balance(account: &Account) -> i32 {
    account.balance - account.owner as i32
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
