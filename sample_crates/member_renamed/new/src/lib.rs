//! A private member has another name: no byte moves, but the kernel's symbol version changes.

#![no_std]
#![allow(dead_code)]

// reported: member_renamed (source only: same type, same offset)
#[repr(C)]
pub struct Task {
    id: u32,
    status: u16,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn task_id(task: &Task) -> u32 {
    task.id - task.status as u32
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
