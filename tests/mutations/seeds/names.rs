//! Types that share one name, and functions that share one body.

#![cfg_attr(not(probe), no_std)]
#![allow(dead_code)]

/// Two blocks have no names, and so both types are called `_::Twin`.
const _: () = {
    #[repr(C)]
    pub struct Twin {
        pub a: u32,
    }

    #[no_mangle]
    #[inline(never)]
    pub fn first_twin(twin: &Twin) -> u32 {
        twin.a + 3
    }
};

const _: () = {
    #[repr(C)]
    pub struct Twin {
        pub a: u64,
        pub b: u64,
    }

    #[no_mangle]
    #[inline(never)]
    pub fn second_twin(twin: &Twin) -> u64 {
        twin.a + 5
    }
};

#[repr(C)]
pub struct Left {
    pub a: u32,
    pub b: u32,
}

#[repr(C)]
pub struct Right {
    pub x: u32,
    pub y: u32,
}

#[no_mangle]
#[inline(never)]
pub fn left_sum(left: &Left) -> u32 {
    left.a + left.b * 7
}

/// The same code as above: from opt level 2 on, both symbols have one address.
#[no_mangle]
#[inline(never)]
pub fn right_sum(right: &Right) -> u32 {
    right.x + right.y * 7
}

#[no_mangle]
#[inline(never)]
pub fn right_difference(right: &Right) -> u32 {
    right.x - right.y * 11
}

/// Nothing changes here.
#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(number: &u32) -> u32 {
    *number + 13
}

#[cfg(linked)]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
