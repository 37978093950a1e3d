//! Every construct that rustc writes into DWARF in its own way, each reachable from an export.
//!
//! An export takes its type by reference and adds a number of its own, so that LLVM does not fold
//! two of them into one.

#![no_std]
#![cfg_attr(feature = "unstable", feature(extern_types))]
#![allow(dead_code)]

/// Exports a function that takes a reference to a type.
macro_rules! export {
    ($name:ident, $type:ty, $number:literal) => {
        #[no_mangle]
        #[inline(never)]
        pub fn $name(value: &$type) -> usize {
            value as *const $type as *const u8 as usize + $number
        }
    };
}

pub mod structs {
    use core::marker::PhantomData;

    pub struct Plain {
        pub a: i8,
        pub(crate) b: i64,
        c: i8,
    }

    #[repr(C)]
    pub struct LikeC {
        a: i8,
        b: i64,
        c: i8,
    }

    pub struct Tuple(u8, pub u32, u16);
    pub struct Unit;

    #[repr(C, packed)]
    pub struct Packed {
        a: u8,
        b: u32,
        c: u16,
    }

    #[repr(C, packed(2))]
    pub struct PackedTwo {
        a: u8,
        b: u32,
    }

    #[repr(align(64))]
    pub struct CacheLine {
        a: u8,
        b: u32,
    }

    #[repr(transparent)]
    pub struct Transparent {
        inner: u32,
        marker: PhantomData<u64>,
    }

    pub struct ZeroSized {
        before: u16,
        unit: (),
        none: [u64; 0],
        phantom: PhantomData<u32>,
        empty: Unit,
        after: u8,
    }

    /// Has holes, because repr(C) keeps the order.
    #[repr(C)]
    pub struct Holes {
        a: u8,
        b: u16,
        c: u8,
        d: u64,
        e: u8,
    }

    pub struct Nested {
        plain: Plain,
        like_c: LikeC,
        tuple: (u8, u64, u16),
    }

    export!(take_plain, Plain, 1);
    export!(take_like_c, LikeC, 2);
    export!(take_tuple_struct, Tuple, 3);
    export!(take_unit_struct, Unit, 4);
    export!(take_packed, Packed, 5);
    export!(take_packed_two, PackedTwo, 6);
    export!(take_cache_line, CacheLine, 7);
    export!(take_transparent, Transparent, 8);
    export!(take_zero_sized, ZeroSized, 9);
    export!(take_holes, Holes, 10);
    export!(take_nested, Nested, 11);
    export!(take_tuple, (u8, u64, u16), 12);
    export!(take_unit, (), 13);
}

pub mod unions {
    use core::mem::{ManuallyDrop, MaybeUninit};

    #[repr(C)]
    pub union LikeC {
        word: u32,
        bytes: [u8; 4],
        float: f32,
    }

    pub union Rust {
        small: u8,
        large: u64,
        kept: ManuallyDrop<super::structs::Plain>,
    }

    impl LikeC {
        #[inline(never)]
        pub fn word(&self) -> u32 {
            unsafe { self.word ^ 0x20 }
        }
    }

    export!(take_union_c, LikeC, 20);
    export!(take_union_rust, Rust, 21);
    export!(take_maybe_uninit, MaybeUninit<u32>, 22);

    #[no_mangle]
    #[inline(never)]
    pub extern "C" fn union_word(value: &LikeC) -> u32 {
        value.word() + 23
    }
}

pub mod enums {
    use core::cmp::Ordering;
    use core::convert::Infallible;
    use core::num::{NonZeroU16, NonZeroU64};

    pub enum Default {
        A,
        B,
        C,
    }

    #[derive(Clone, Copy)]
    pub enum Signed {
        Minus = -1,
        Zero = 0,
        Plus = 300,
    }

    #[repr(u8)]
    pub enum Byte {
        Low = 1,
        High = 255,
    }

    #[repr(i8)]
    pub enum SignedByte {
        Low = -128,
        High = 127,
    }

    #[repr(u128)]
    pub enum Wide {
        Small = 1,
        Large = 1 << 100,
    }

    #[repr(i128)]
    pub enum SignedWide {
        Minus = -1,
        Small = 1,
    }

    #[repr(u128)]
    pub enum WideData {
        Small(u8) = 1,
        Large(u64) = 1 << 100,
    }

    pub enum OneValue {
        Only,
    }

    pub enum Tagged {
        Unit,
        Tuple(u32, u8),
        Struct { a: u64, b: u16 },
    }

    #[repr(C)]
    pub enum TaggedC {
        A(u8, u32),
        B { x: u64 },
    }

    #[repr(u8)]
    pub enum TaggedByte {
        A(u32) = 3,
        B(u8, u64) = 200,
    }

    #[repr(C, i16)]
    pub enum TaggedSigned {
        Minus(u32) = -5,
        Plus(u8) = 5,
    }

    /// The bool of the first variant holds the tag of the others.
    pub enum Niche {
        Data(bool),
        First,
        Second,
        Third,
    }

    /// Two variants carry data beside the niche in the bool.
    pub enum NicheSeveral {
        Large(bool, [u8; 7]),
        Small([u8; 3]),
        Nothing,
    }

    pub enum Single {
        Only(u32, u8),
    }

    pub enum Empty {}

    impl Signed {
        #[inline(never)]
        pub fn value(&self) -> i32 {
            *self as i32 * 3
        }
    }

    impl Tagged {
        #[inline(never)]
        pub fn weight(&self) -> u64 {
            match self {
                Tagged::Unit => 7,
                Tagged::Tuple(a, b) => (*a + *b as u32) as u64,
                Tagged::Struct { a, b } => a ^ *b as u64,
            }
        }
    }

    export!(take_enum, Default, 30);
    export!(take_enum_signed, Signed, 31);
    export!(take_enum_byte, Byte, 32);
    export!(take_enum_signed_byte, SignedByte, 33);
    export!(take_enum_wide, Wide, 34);
    export!(take_enum_signed_wide, SignedWide, 35);
    export!(take_enum_wide_data, WideData, 36);
    export!(take_enum_one_value, OneValue, 37);
    export!(take_tagged, Tagged, 38);
    export!(take_tagged_c, TaggedC, 39);
    export!(take_tagged_byte, TaggedByte, 40);
    export!(take_tagged_signed, TaggedSigned, 41);
    export!(take_niche, Niche, 42);
    export!(take_niche_several, NicheSeveral, 43);
    export!(take_single, Single, 44);
    export!(take_empty, Empty, 45);
    export!(take_option_u32, Option<u32>, 46);
    export!(take_option_bool, Option<bool>, 47);
    export!(take_option_option_bool, Option<Option<bool>>, 48);
    export!(take_option_char, Option<char>, 49);
    export!(take_option_reference, Option<&u32>, 50);
    export!(take_option_slice, Option<&[u8]>, 51);
    export!(take_option_non_zero, Option<NonZeroU16>, 52);
    export!(take_option_ordering, Option<Ordering>, 53);
    export!(take_option_niche, Option<Niche>, 54);
    export!(take_option_empty, Option<Empty>, 55);
    export!(take_result, Result<u32, u8>, 56);
    export!(take_result_infallible, Result<u32, Infallible>, 57);
    export!(take_result_nested, Result<Option<NonZeroU64>, Tagged>, 58);

    #[no_mangle]
    #[inline(never)]
    pub fn enum_methods(signed: &Signed, tagged: &Tagged) -> u64 {
        signed.value() as u64 + tagged.weight() + 59
    }
}

pub mod pointers {
    use core::ptr::NonNull;

    export!(take_pointer_const, *const u32, 60);
    export!(take_pointer_mut, *mut u32, 61);
    export!(take_reference_mut, &mut u64, 62);
    export!(take_pointer_pointer, *const *mut u8, 63);
    export!(take_non_null, NonNull<u8>, 64);
    export!(take_slice, &[u16], 65);
    export!(take_slice_mut, &mut [u16], 66);
    export!(take_slice_pointer, *const [u8], 67);
    export!(take_str, &str, 68);
    export!(take_c_str, &core::ffi::CStr, 69);
    export!(take_void, *mut core::ffi::c_void, 70);
    export!(take_slice_of_slices, &[&[&str]], 71);
}

pub mod objects {
    pub trait Named {
        fn name(&self) -> u32;
    }

    pub trait Measured {
        fn width(&self) -> u32;
        fn height(&self) -> u32;
    }

    pub trait Draw: Named + Measured {
        fn draw(&self) -> u32;
    }

    pub struct Circle {
        radius: u32,
    }

    impl Named for Circle {
        #[inline(never)]
        fn name(&self) -> u32 {
            self.radius + 80
        }
    }

    impl Measured for Circle {
        #[inline(never)]
        fn width(&self) -> u32 {
            self.radius + 81
        }

        #[inline(never)]
        fn height(&self) -> u32 {
            self.radius + 82
        }
    }

    impl Draw for Circle {
        #[inline(never)]
        fn draw(&self) -> u32 {
            self.radius + 83
        }
    }

    static CIRCLE: Circle = Circle { radius: 4 };

    // The trait objects are created here, so the vtables are emitted.
    #[no_mangle]
    #[inline(never)]
    pub fn make_draw() -> &'static dyn Draw {
        &CIRCLE
    }

    #[no_mangle]
    #[inline(never)]
    pub fn make_named() -> &'static (dyn Named + Sync) {
        &CIRCLE
    }

    #[no_mangle]
    #[inline(never)]
    pub fn call_draw(draw: &dyn Draw) -> u32 {
        draw.draw() + draw.name() + draw.width() + 84
    }

    export!(take_dyn_pointer, *const dyn Draw, 85);
    export!(take_dyn_fn, &dyn Fn(u32) -> u64, 86);
    export!(take_dyn_any, &dyn core::any::Any, 87);
}

pub mod arrays {
    export!(take_array, [u32; 4], 90);
    export!(take_array_two, [[u8; 3]; 2], 91);
    export!(take_array_empty, [u64; 0], 92);
    export!(take_array_of_options, [Option<bool>; 3], 93);
}

pub mod closures {
    use core::future::Future;

    pub struct Holder<F> {
        function: F,
        calls: u32,
    }

    #[no_mangle]
    #[inline(never)]
    pub fn make_holder(factor: u32, name: &'static str) -> Holder<impl Fn(u32) -> u32> {
        Holder { function: move |value| value * factor + name.len() as u32, calls: 100 }
    }

    #[inline(never)]
    async fn step(value: u32) -> u32 {
        value + 101
    }

    async fn count(limit: u32, base: u64) -> u64 {
        let mut total = base;
        for value in 0..limit {
            total += step(value).await as u64;
        }
        total
    }

    #[no_mangle]
    #[inline(never)]
    pub fn make_future(limit: u32) -> impl Future<Output = u64> {
        count(limit, 102)
    }

    #[no_mangle]
    #[inline(never)]
    pub fn make_async_block(base: &'static u32) -> impl Future<Output = u32> {
        async move { step(*base).await + 103 }
    }
}

pub mod generics {
    pub struct Generic<T, const N: usize> {
        items: [T; N],
        count: u8,
    }

    pub struct Flagged<const ON: bool> {
        value: u32,
    }

    pub struct Lettered<const LETTER: char> {
        value: u16,
    }

    pub struct Negative<const NUMBER: i16> {
        value: u8,
    }

    pub trait Shape {
        type Unit;
        const SIDES: usize;
    }

    pub struct Square;

    impl Shape for Square {
        type Unit = u16;
        const SIDES: usize = 4;
    }

    pub struct Sides<S: Shape> {
        unit: S::Unit,
    }

    impl<T, const N: usize> Generic<T, N> {
        #[inline(never)]
        pub fn count(&self) -> usize {
            self.count as usize + N
        }
    }

    export!(take_generic, Generic<u16, 3>, 110);
    export!(take_generic_nested, Generic<Generic<u8, 2>, 5>, 111);
    export!(take_generic_bool, Flagged<true>, 112);
    export!(take_generic_char, Lettered<'x'>, 113);
    export!(take_generic_negative, Negative<-7>, 114);
    export!(take_associated, Sides<Square>, 115);

    #[no_mangle]
    #[inline(never)]
    pub fn generic_count(value: &Generic<u64, 2>) -> usize {
        value.count() + 116
    }
}

pub mod recursive {
    pub struct Node {
        value: u32,
        next: Option<&'static Node>,
    }

    pub struct Parent {
        child: *const Child,
    }

    pub struct Child {
        parent: *const Parent,
        siblings: &'static [Child],
    }

    export!(take_node, Node, 120);
    export!(take_parent, Parent, 121);
}

pub mod functions {
    export!(take_fn, fn(u32) -> u32, 130);
    export!(take_fn_c, extern "C" fn(u32, *const u8) -> i32, 131);
    export!(take_fn_unsafe, unsafe fn(&u8) -> &u8, 132);
    export!(take_fn_system, extern "system" fn(), 133);
    export!(take_fn_variadic, unsafe extern "C" fn(*const u8, ...) -> i32, 134);
    export!(take_fn_never, fn() -> !, 135);
    export!(take_fn_option, Option<extern "C" fn(u64)>, 136);
    export!(take_fn_of_fn, fn(fn(u8) -> u16) -> fn(u32), 137);

    #[no_mangle]
    #[inline(never)]
    pub extern "C" fn never(start: u32) -> ! {
        let mut value = start;
        loop {
            value = core::hint::black_box(value + 138);
        }
    }

    #[no_mangle]
    #[inline(never)]
    pub fn patterns((a, b): (u32, u16), _: u8, _unused: (), [c, d]: [u8; 2]) -> u32 {
        a + b as u32 + c as u32 * d as u32 + 139
    }

    #[no_mangle]
    #[inline(never)]
    pub unsafe extern "C" fn unsafe_c(pointer: *const u32) -> u32 {
        *pointer + 140
    }

    #[export_name = "exported_under_another_name"]
    #[inline(never)]
    pub fn own_name(value: u32) -> u32 {
        value + 141
    }
}

pub mod primitives {
    #[repr(C)]
    pub struct Primitives {
        a: u8,
        b: u16,
        c: u32,
        d: u64,
        e: u128,
        f: usize,
        g: i8,
        h: i16,
        i: i32,
        j: i64,
        k: i128,
        l: isize,
        m: f32,
        n: f64,
        o: bool,
        p: char,
    }

    export!(take_primitives, Primitives, 150);

    #[no_mangle]
    #[inline(never)]
    pub extern "C" fn wide_sum(a: u128, b: i128) -> u128 {
        a.wrapping_add(b as u128) ^ 151
    }

    #[no_mangle]
    #[inline(never)]
    pub fn letter(value: char, flag: bool, ratio: f64) -> f32 {
        if flag {
            ratio as f32 + 152.0
        } else {
            value as u32 as f32
        }
    }
}

pub mod unsized_tails {
    pub struct SliceTail {
        length: u32,
        kind: u8,
        tail: [u32],
    }

    pub struct DynTail {
        id: u16,
        tail: dyn super::objects::Named,
    }

    pub struct StrTail {
        id: u64,
        tail: str,
    }

    #[no_mangle]
    #[inline(never)]
    pub fn take_slice_tail(value: &SliceTail) -> u32 {
        value.length + value.tail.len() as u32 + 160
    }

    #[no_mangle]
    #[inline(never)]
    pub fn take_dyn_tail(value: &DynTail) -> u32 {
        value.tail.name() + value.id as u32 + 161
    }

    #[no_mangle]
    #[inline(never)]
    pub fn take_str_tail(value: &StrTail) -> u64 {
        value.id + value.tail.len() as u64 + 162
    }
}

/// Types whose full names are equal: `const _` blocks and blocks of one function.
pub mod same_names {
    // Two types named `Inner`. Their texts are equally long, so the kernel's tool may take either.
    const _: () = {
        pub struct Inner {
            alpha: u32,
        }

        export!(take_equal_first, Inner, 170);
    };

    const _: () = {
        pub struct Inner {
            gamma: u16,
        }

        export!(take_equal_second, Inner, 171);
    };

    // Two types named `Uneven`. One text is longer, and the kernel's tool takes it for both.
    const _: () = {
        pub struct Uneven {
            short: u8,
        }

        export!(take_uneven_first, Uneven, 172);
    };

    const _: () = {
        pub struct Uneven {
            much_longer: u64,
            one_more: u64,
        }

        export!(take_uneven_second, Uneven, 173);
    };
}

pub mod library {
    use core::cell::{Cell, OnceCell, RefCell, UnsafeCell};
    use core::cmp::Ordering;
    use core::marker::PhantomData;
    use core::mem::ManuallyDrop;
    use core::num::{NonZeroI32, Wrapping};
    use core::ops::{Range, RangeInclusive};
    use core::pin::Pin;
    use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32};
    use core::time::Duration;

    export!(take_phantom, PhantomData<u32>, 180);
    export!(take_manually_drop, ManuallyDrop<u64>, 181);
    export!(take_cell, Cell<u32>, 182);
    export!(take_unsafe_cell, UnsafeCell<u16>, 183);
    export!(take_ref_cell, RefCell<u8>, 184);
    export!(take_once_cell, OnceCell<u32>, 185);
    export!(take_atomic_u32, AtomicU32, 186);
    export!(take_atomic_bool, AtomicBool, 187);
    export!(take_atomic_pointer, AtomicPtr<u8>, 188);
    export!(take_ordering, Ordering, 189);
    export!(take_range, Range<u32>, 190);
    export!(take_range_inclusive, RangeInclusive<u16>, 191);
    export!(take_duration, Duration, 192);
    export!(take_non_zero, NonZeroI32, 193);
    export!(take_wrapping, Wrapping<u8>, 194);
    export!(take_pin, Pin<&mut u32>, 195);
    export!(take_arguments, core::fmt::Arguments<'static>, 196);
}

pub mod statics {
    #[no_mangle]
    pub static PLAIN: u32 = 200;

    #[no_mangle]
    pub static mut CHANGING: [u16; 3] = [201, 202, 203];

    #[no_mangle]
    pub static TABLE: [Option<&str>; 2] = [Some("a"), None];

    #[no_mangle]
    pub static ZEROED: core::sync::atomic::AtomicU64 = core::sync::atomic::AtomicU64::new(0);

    #[no_mangle]
    pub static CALLBACK: extern "C" fn(u32) -> ! = super::functions::never;
}

pub mod outer {
    pub mod middle {
        pub mod inner {
            pub struct Deep {
                pub(super) one: u8,
                pub(in crate::outer) two: u16,
                three: u32,
            }

            impl Deep {
                #[inline(never)]
                pub fn sum(&self, extra: u32) -> u32 {
                    self.one as u32 + self.two as u32 + self.three + extra
                }
            }

            export!(take_deep, Deep, 210);

            #[no_mangle]
            #[inline(never)]
            pub fn deep_sum(value: &Deep) -> u32 {
                value.sum(211)
            }
        }
    }
}

#[cfg(feature = "unstable")]
pub mod foreign {
    extern "C" {
        pub type Opaque;
    }

    export!(take_extern_type, *const Opaque, 220);
}
