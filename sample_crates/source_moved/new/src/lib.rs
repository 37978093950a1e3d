//! Functions and types moved within the source, one module moved to its own file, comments and
//! an alias came.

#![no_std]
#![allow(dead_code)]

mod shapes;

/// A comment that was not there.
/// It moves every line below.
pub type Number = u32;

#[no_mangle]
#[inline(never)]
pub fn unrelated_second(second: &Second) -> Number {
    match second {
        Second::One(value) => *value as u32,
        Second::Two(value) => !*value,
    }
}

// not reported: only its place in the source differs
pub enum Second {
    One(u8),
    Two(u32),
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated_first(first: &First) -> u32 {
    first.a + first.b.side
}

// not reported: only its place in the source differs
#[repr(C)]
pub struct First {
    a: u32,
    b: shapes::Square,
}
