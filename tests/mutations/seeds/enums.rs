//! Enums: tags, niches, discriminants of every width, and enums in enums.

#![cfg_attr(not(probe), no_std)]
#![allow(dead_code)]

use core::num::NonZeroU32;

#[derive(Clone, Copy)]
pub enum Level {
    Low = 1,
    Middle = 4,
    High = 9,
}

#[repr(i16)]
#[derive(Clone, Copy)]
pub enum Signed {
    Below = -2,
    Zero = 0,
    Above = 300,
}

#[repr(u128)]
#[derive(Clone, Copy)]
pub enum Wide {
    Small = 1,
    Large = 0x1_0000_0000_0000_0002,
}

/// A tag of its own.
pub enum Shape {
    Dot,
    Circle(u32),
    Rectangle { width: u32, height: u32 },
}

/// The tag is declared, and its values are signed.
#[repr(i32)]
pub enum Event {
    Lost(u8) = -2,
    Found(u64) = 7,
}

#[repr(u128)]
pub enum Huge {
    One(u8) = 2,
    Two(u32) = 0x5_0000_0000_0000_0000,
}

/// The unused values of a bool tell the variants.
pub enum Switch {
    Set(bool),
    Unknown,
}

/// An enum in an enum: the niche of the inner one serves the outer one.
pub enum Answer {
    Known(Level),
    Asked(Level),
    Never,
}

pub struct Job {
    pub shape: Shape,
    pub last: Option<NonZeroU32>,
    pub level: Option<Level>,
    pub deep: Result<Option<Switch>, Signed>,
}

pub enum Nothing {}

pub struct Request<'a> {
    pub job: &'a Job,
    pub outcome: Result<u32, Nothing>,
}

#[no_mangle]
#[inline(never)]
pub fn level_number(level: Level) -> u32 {
    level as u32 + 3
}

#[no_mangle]
#[inline(never)]
pub fn signed_number(signed: &Signed) -> i32 {
    *signed as i32 - 5
}

#[no_mangle]
#[inline(never)]
pub fn wide_number(wide: &Wide) -> u128 {
    *wide as u128 ^ 7
}

#[no_mangle]
#[inline(never)]
pub fn shape_address(shape: &Shape) -> usize {
    shape as *const Shape as usize + 11
}

#[no_mangle]
#[inline(never)]
pub fn event_address(event: &Event) -> usize {
    event as *const Event as usize + 13
}

#[no_mangle]
#[inline(never)]
pub fn huge_address(huge: &Huge) -> usize {
    huge as *const Huge as usize + 17
}

#[no_mangle]
#[inline(never)]
pub fn switch_address(switch: &Switch) -> usize {
    switch as *const Switch as usize + 19
}

#[no_mangle]
#[inline(never)]
pub fn answer_address(answer: &[Answer]) -> usize {
    answer.len() + 23
}

#[no_mangle]
#[inline(never)]
pub fn job_address(job: &mut Job) -> usize {
    job as *mut Job as usize + 29
}

#[no_mangle]
#[inline(never)]
pub fn request_address(request: Option<&Request>) -> bool {
    request.is_none()
}

#[no_mangle]
#[inline(never)]
pub fn letter_or_zero(letter: &Option<char>) -> usize {
    letter as *const Option<char> as usize + 31
}

/// Nothing changes here.
#[repr(u8)]
pub enum Fixed {
    Off = 0,
    On = 1,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(fixed: &Fixed) -> usize {
    fixed as *const Fixed as usize + 37
}

#[cfg(linked)]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[cfg(probe)]
include!("facts.rs");

#[cfg(probe)]
fn main() {
    sized::<Level>("Level");
    fact("Level::Low", Level::Low as i64);
    fact("Level::High", Level::High as i64);
    fact("bytes of Level::High", all_bytes(&Level::High));
    fact("bytes of None of Option<Level>", all_bytes(&None::<Level>)[0]);
    sized::<Signed>("Signed");
    fact("bytes of Signed::Below", all_bytes(&Signed::Below));
    fact("bytes of Signed::Above", all_bytes(&Signed::Above));
    sized::<Wide>("Wide");
    fact("bytes of Wide::Small", all_bytes(&Wide::Small));
    fact("bytes of Wide::Large", all_bytes(&Wide::Large));
    sized::<Shape>("Shape");
    fact("tag of Shape::Circle", bytes(&Shape::Circle(258), 0..1));
    fact("tag of Shape::Rectangle", bytes(&Shape::Rectangle { width: 1, height: 2 }, 0..1));
    fact("width in Shape::Rectangle", bytes(&Shape::Rectangle { width: 1, height: 2 }, 4..8));
    sized::<Event>("Event");
    fact("tag of Event::Lost", bytes(&Event::Lost(1), 0..4));
    sized::<Huge>("Huge");
    fact("tag of Huge::One", bytes(&Huge::One(1), 0..16));
    fact("tag of Huge::Two", bytes(&Huge::Two(1), 0..16));
    sized::<Switch>("Switch");
    fact("bytes of Switch::Unknown", bytes(&Switch::Unknown, 0..1));
    sized::<Answer>("Answer");
    fact("size, alignment of Job", (size_of::<Job>(), align_of::<Job>()));
    sized::<Result<Option<Switch>, Signed>>("Job.deep");
    sized::<Result<u32, Nothing>>("Request.outcome");
    fact("None of Option<char>", all_bytes(&None::<char>));
    sized::<Fixed>("Fixed");
}
