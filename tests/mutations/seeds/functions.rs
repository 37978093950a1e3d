//! Functions: their signatures and calling conventions, and pointers to them.

#![feature(c_variadic)]
#![cfg_attr(not(probe), no_std)]
#![allow(dead_code, improper_ctypes_definitions)]

pub struct Small {
    pub a: u32,
    pub b: u32,
}

pub struct Other {
    pub a: u32,
    pub b: u64,
}

#[repr(C)]
pub struct Table {
    pub open: fn(u32) -> u32,
    pub close: unsafe extern "C" fn(*const u8, u32) -> i32,
    pub log: Option<extern "C" fn(u32)>,
}

pub struct Closer<'a> {
    pub table: &'a Table,
}

#[no_mangle]
#[inline(never)]
pub fn start(number: u32) -> u32 {
    number + 3
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn convert(number: u32) -> u32 {
    number ^ 5
}

#[no_mangle]
#[inline(never)]
pub fn by_reference(small: &Small) -> u32 {
    small.a + small.b * 7
}

#[no_mangle]
#[inline(never)]
pub fn by_value(small: Small) -> u32 {
    small.a + small.b * 11
}

#[no_mangle]
#[inline(never)]
pub fn slice(bytes: &[u8]) -> usize {
    bytes.len() + 13
}

#[no_mangle]
#[inline(never)]
pub fn text(text: &str) -> usize {
    text.len() + 17
}

#[no_mangle]
#[inline(never)]
pub fn pair(pair: (u32, u64)) -> u64 {
    pair.0 as u64 + pair.1 as u64 + 19
}

#[no_mangle]
#[inline(never)]
pub unsafe extern "C" fn raw(pointer: *const u8, length: usize) -> usize {
    pointer as usize + length as usize * 23
}

#[no_mangle]
#[inline(never)]
pub fn call(callback: fn(u32) -> u32) -> usize {
    callback as usize + 29
}

#[no_mangle]
#[inline(never)]
pub fn call_c(callback: unsafe extern "C" fn(*const u8, u32) -> i32) -> usize {
    callback as usize + 31
}

#[no_mangle]
#[inline(never)]
pub fn table_close(closer: &Closer) -> usize {
    closer.table.close as usize + 37
}

#[no_mangle]
#[inline(never)]
pub fn outcome(number: u32) -> Result<u32, u8> {
    if number > 41 { Ok(number) } else { Err(1) }
}

#[no_mangle]
#[inline(never)]
pub fn stop(number: u32) {
    unsafe { core::ptr::read_volatile(&number) };
}

#[no_mangle]
#[inline(never)]
pub fn shared<'a>(one: &'a mut Small, other: &Small) -> u32 {
    one.a - other.a + 43
}

/// Its symbol is mangled.
#[inline(never)]
pub fn mangled(number: u64) -> u64 {
    number * 47
}

impl Small {
    #[inline(never)]
    pub fn sum(&self) -> u32 {
        self.a + self.b * 53
    }
}

/// Nothing changes here.
#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(number: &u32) -> u32 {
    *number + 59
}

#[cfg(linked)]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
