//! Says at run time where its fields are and what its values look like in memory, so that a test can
//! hold what DWARF says of the same program against it.
//!
//! Each line is a fact, its parts separated by tabs:
//!
//!     type     NAME SIZE ALIGNMENT
//!     field    NAME FIELD OFFSET                 of a struct or union; of a variant: VARIANT.FIELD
//!     tail     NAME OFFSET ALIGNMENT             where the last field of an unsized type starts
//!     value    NAME VARIANT BYTES                a value of that variant, in hexadecimal
//!     number   NAME VARIANT DISCRIMINANT         of a C-like enum, as `as` gives it

#![feature(offset_of_enum)]
#![allow(dead_code, internal_features)]

use std::any::type_name;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::mem::{align_of, align_of_val, offset_of, size_of};
use std::num::{NonZeroI8, NonZeroU32, NonZeroU64};
use std::rc::Rc;
use std::time::Duration;

struct Plain {
    a: i8,
    b: i64,
    c: i8,
}

#[repr(C)]
struct LikeC {
    a: i8,
    b: i64,
    c: i8,
}

struct Tuple(u8, u32, u16, u64);

#[repr(C, packed)]
struct Packed {
    a: u8,
    b: u32,
    c: u16,
}

#[repr(packed(2))]
struct PackedTwo {
    a: u8,
    b: u32,
    c: u8,
}

#[repr(align(64))]
struct CacheLine {
    a: u8,
    b: u32,
}

#[repr(transparent)]
struct Transparent {
    inner: u32,
    marker: PhantomData<u64>,
}

struct ZeroSized {
    before: u16,
    none: [u64; 0],
    phantom: PhantomData<u32>,
    after: u8,
}

struct Generic<T, const N: usize> {
    count: u8,
    items: [T; N],
    last: T,
}

struct Nested {
    flag: bool,
    plain: Plain,
    tuple: (u8, u64, u16),
    letter: Option<char>,
}

#[repr(C)]
union Bits {
    word: u32,
    bytes: [u8; 7],
    half: u16,
}

struct Unsized<T: ?Sized> {
    a: u32,
    b: u8,
    tail: T,
}

trait Named {
    fn name(&self) -> u32;
}

impl Named for u64 {
    fn name(&self) -> u32 {
        1
    }
}

#[derive(Clone, Copy)]
enum Default {
    A,
    B,
    C,
}

#[derive(Clone, Copy)]
enum Signed {
    Minus = -1,
    Zero = 0,
    Plus = 300,
}

#[derive(Clone, Copy)]
#[repr(i8)]
enum SignedByte {
    Low = -128,
    Minus = -1,
    High = 127,
}

#[derive(Clone, Copy)]
#[repr(i64)]
enum SignedLong {
    Low = i64::MIN,
    High = i64::MAX,
}

#[derive(Clone, Copy)]
#[repr(u64)]
enum Long {
    Low,
    High = u64::MAX,
}

#[derive(Clone, Copy)]
#[repr(u128)]
enum Wide {
    Small = 1,
    Large = 1 << 100,
}

#[derive(Clone, Copy)]
#[repr(i128)]
enum SignedWide {
    Low = i128::MIN,
    Minus = -2,
    High = i128::MAX,
}

enum Tagged {
    Unit,
    Tuple(u32, u8),
    Struct { a: u64, b: u16, c: u8 },
}

#[repr(C)]
enum TaggedC {
    A(u8, u32),
    B { x: u64 },
}

#[repr(u8)]
enum TaggedByte {
    A(u32) = 3,
    B(u8, u64) = 200,
}

#[repr(i16)]
enum TaggedSigned {
    Minus(u32) = -5,
    Plus(u8) = 5,
}

#[repr(u128)]
enum TaggedWide {
    Small(u8) = 1,
    Large(u64) = 1 << 100,
}

#[repr(i128)]
enum TaggedSignedWide {
    Minus(u8) = -3,
    Plus(u64) = 3,
}

enum Niche {
    Data(bool),
    First,
    Second,
    Third,
}

/// The niche is in the first variant's bool, and the second has data beside it.
enum NicheSeveral {
    Large(bool, [u8; 7]),
    Small([u8; 3]),
    Nothing,
}

enum NicheText {
    Number(u64),
    Text(String),
    Pair(u32, u8),
    Nothing,
}

/// The dataful variant stands between the others.
enum NicheMiddle {
    Before,
    Text(String),
    After,
    Last,
}

enum Inner {
    X(u32),
    Y(u8),
}

/// The niche is the tag of another enum.
enum Outer {
    In(Inner),
    A,
    B,
}

enum Single {
    Only(u8, u32),
}

enum Empty {}

enum PartlyEmpty {
    Real(u8, u32),
    Never(Empty, u64),
    Also(u16),
}

/// The bytes of a value, padding included: this is compiled without optimisations.
fn bytes<T>(value: &T) -> String {
    let start = value as *const T as *const u8;
    (0..size_of::<T>())
        .map(|index| format!("{:02x}", unsafe { start.add(index).read_volatile() }))
        .collect()
}

fn shape<T>() {
    println!(
        "type\t{}\t{}\t{}",
        type_name::<T>(),
        size_of::<T>(),
        align_of::<T>()
    );
}

fn value<T>(variant: &str, value: T) {
    println!(
        "value\t{}\t{}\t{}",
        type_name::<T>(),
        variant,
        bytes(&value)
    );
}

fn tail<T: ?Sized, U: ?Sized>(whole: &T, last: &U) {
    let offset = last as *const U as *const u8 as usize - whole as *const T as *const u8 as usize;
    println!(
        "tail\t{}\t{}\t{}",
        type_name::<T>(),
        offset,
        align_of_val(whole)
    );
}

macro_rules! fields {
    ($type:ty: $($field:tt)|+) => {
        shape::<$type>();
        $(println!(
            "field\t{}\t{}\t{}",
            type_name::<$type>(),
            stringify!($field),
            offset_of!($type, $field)
        );)+
    };
}

macro_rules! variant_fields {
    ($type:ty: $($variant:ident . $field:tt)|+) => {
        shape::<$type>();
        $(println!(
            "field\t{}\t{}.{}\t{}",
            type_name::<$type>(),
            stringify!($variant),
            stringify!($field),
            offset_of!($type, $variant.$field)
        );)+
    };
}

macro_rules! values {
    ($type:ty: $($variant:literal = $value:expr),+ $(,)?) => {
        shape::<$type>();
        $(value::<$type>($variant, $value);)+
    };
}

macro_rules! numbers {
    ($type:ident: $($variant:ident)|+) => {
        $(println!(
            "number\t{}\t{}\t{}",
            type_name::<$type>(),
            stringify!($variant),
            $type::$variant as i128
        );)+
        shape::<$type>();
        $(value(stringify!($variant), $type::$variant);)+
    };
}

macro_rules! option {
    ($type:ty, $some:expr) => {
        values!(Option<$type>: "None" = None, "Some" = Some($some));
    };
}

fn structs() {
    fields!(Plain: a | b | c);
    fields!(LikeC: a | b | c);
    fields!(Tuple: 0 | 1 | 2 | 3);
    fields!(Packed: a | b | c);
    fields!(PackedTwo: a | b | c);
    fields!(CacheLine: a | b);
    fields!(Transparent: inner | marker);
    fields!(ZeroSized: before | none | phantom | after);
    fields!(Generic<u16, 3>: count | items | last);
    fields!(Generic<Plain, 2>: count | items | last);
    fields!(Nested: flag | plain | tuple | letter);
    fields!(Bits: word | bytes | half);
    fields!((u8, u64, u16): 0 | 1 | 2);
    fields!(core::ops::Range<u16>: start | end);
    shape::<RefCell<u8>>();
    shape::<Cell<u32>>();
    shape::<Duration>();
    shape::<Empty>();
    shape::<Rc<u8>>();
}

fn tails() {
    let numbers: &Unsized<[u16]> = &Unsized {
        a: 1,
        b: 2,
        tail: [3u16, 4, 5],
    };
    tail(numbers, &numbers.tail);
    let words: &Unsized<[u64]> = &Unsized {
        a: 1,
        b: 2,
        tail: [3u64],
    };
    tail(words, &words.tail);
    let nested: &Unsized<Unsized<[u8]>> = &Unsized {
        a: 1,
        b: 2,
        tail: Unsized {
            a: 3,
            b: 4,
            tail: [5u8; 9],
        },
    };
    tail(nested, &nested.tail);
    // where a trait object starts depends on the alignment of what is behind it: here, 1
    struct Byte(u8);
    impl Named for Byte {
        fn name(&self) -> u32 {
            self.0 as u32
        }
    }
    let object: &Unsized<dyn Named> = &Unsized {
        a: 1,
        b: 2,
        tail: Byte(6),
    };
    tail(object, &object.tail);
}

fn c_like() {
    numbers!(Default: A | B | C);
    numbers!(Signed: Minus | Zero | Plus);
    numbers!(SignedByte: Low | Minus | High);
    numbers!(SignedLong: Low | High);
    numbers!(Long: Low | High);
    numbers!(Wide: Small | Large);
    numbers!(SignedWide: Low | Minus | High);
    numbers!(Ordering: Less | Equal | Greater);
}

fn tagged() {
    variant_fields!(Tagged: Tuple.0 | Tuple.1 | Struct.a | Struct.b | Struct.c);
    values!(Tagged:
        "Unit" = Tagged::Unit,
        "Tuple" = Tagged::Tuple(1, 2),
        "Struct" = Tagged::Struct { a: 1, b: 2, c: 3 });
    variant_fields!(TaggedC: A.0 | A.1 | B.x);
    values!(TaggedC: "A" = TaggedC::A(1, 2), "B" = TaggedC::B { x: 3 });
    variant_fields!(TaggedByte: A.0 | B.0 | B.1);
    values!(TaggedByte: "A" = TaggedByte::A(1), "B" = TaggedByte::B(2, 3));
    variant_fields!(TaggedSigned: Minus.0 | Plus.0);
    values!(TaggedSigned: "Minus" = TaggedSigned::Minus(1), "Plus" = TaggedSigned::Plus(2));
    variant_fields!(TaggedWide: Small.0 | Large.0);
    values!(TaggedWide: "Small" = TaggedWide::Small(1), "Large" = TaggedWide::Large(2));
    variant_fields!(TaggedSignedWide: Minus.0 | Plus.0);
    values!(TaggedSignedWide:
        "Minus" = TaggedSignedWide::Minus(1), "Plus" = TaggedSignedWide::Plus(2));
    values!(Result<u32, u8>: "Ok" = Ok(1), "Err" = Err(2));
    values!(Option<u64>: "None" = None, "Some" = Some(1));
    values!(PartlyEmpty: "Real" = PartlyEmpty::Real(1, 2), "Also" = PartlyEmpty::Also(3));
    variant_fields!(PartlyEmpty: Real.0 | Real.1 | Never.1 | Also.0);
}

fn niches() {
    variant_fields!(Niche: Data.0);
    values!(Niche:
        "Data" = Niche::Data(true),
        "First" = Niche::First,
        "Second" = Niche::Second,
        "Third" = Niche::Third);
    variant_fields!(NicheSeveral: Large.0 | Large.1 | Small.0);
    values!(NicheSeveral:
        "Large" = NicheSeveral::Large(true, [1; 7]),
        "Small" = NicheSeveral::Small([2; 3]),
        "Nothing" = NicheSeveral::Nothing);
    variant_fields!(NicheText: Number.0 | Text.0 | Pair.0 | Pair.1);
    values!(NicheText:
        "Number" = NicheText::Number(1),
        "Text" = NicheText::Text(String::from("x")),
        "Pair" = NicheText::Pair(2, 3),
        "Nothing" = NicheText::Nothing);
    variant_fields!(NicheMiddle: Text.0);
    values!(NicheMiddle:
        "Before" = NicheMiddle::Before,
        "Text" = NicheMiddle::Text(String::from("x")),
        "After" = NicheMiddle::After,
        "Last" = NicheMiddle::Last);
    variant_fields!(Outer: In.0);
    values!(Outer:
        "In" = Outer::In(Inner::X(1)),
        "In" = Outer::In(Inner::Y(2)),
        "A" = Outer::A,
        "B" = Outer::B);
    variant_fields!(Single: Only.0 | Only.1);
    values!(Single: "Only" = Single::Only(1, 2));
}

fn library() {
    option!(bool, true);
    option!(Option<bool>, Some(false));
    option!(Option<Option<bool>>, None);
    option!(char, '\u{10ffff}');
    option!(Option<char>, None);
    option!(&'static u8, &7);
    option!(&'static str, "text");
    option!(Ordering, Ordering::Less);
    option!(NonZeroU32, NonZeroU32::MAX);
    option!(NonZeroU64, NonZeroU64::MIN);
    option!(NonZeroI8, NonZeroI8::MIN);
    option!(Vec<u8>, vec![1]);
    option!(Option<Vec<u8>>, None);
    option!(String, String::new());
    option!(Box<u32>, Box::new(1));
    option!(Rc<u32>, Rc::new(1));
    option!(fn(u32) -> u32, |number| number);
    option!(Duration, Duration::MAX);
    option!(Option<Duration>, None);
    option!(Tagged, Tagged::Unit);
    option!(Niche, Niche::Third);
    option!(NicheMiddle, NicheMiddle::After);
    option!(Inner, Inner::Y(1));
    option!(Default, Default::C);
    option!(Signed, Signed::Plus);
    option!(SignedByte, SignedByte::Low);
    option!(RefCell<u8>, RefCell::new(1));
    values!(Result<NonZeroU32, ()>: "Ok" = Ok(NonZeroU32::MIN), "Err" = Err(()));
    values!(Result<u32, Infallible>: "Ok" = Ok(1));
    values!(Cow<'static, str>: "Borrowed" = Cow::Borrowed("a"), "Owned" = Cow::Owned("b".into()));
    values!(Result<Vec<u8>, char>: "Ok" = Ok(vec![]), "Err" = Err('a'));
    values!(Option<Empty>: "None" = None);
}

fn main() {
    structs();
    tails();
    c_like();
    tagged();
    niches();
    library();
}
