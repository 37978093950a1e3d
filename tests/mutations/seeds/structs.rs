//! Structs: members, order, padding, alignment, nesting, and the ways in which a symbol reaches them.

#![cfg_attr(probe, feature(layout_for_ptr))]
#![cfg_attr(not(probe), no_std)]
#![allow(dead_code)]

use core::marker::PhantomData;
use core::ptr::NonNull;

/// Laid out by the compiler: `length` comes first in memory.
pub struct Frame {
    pub kind: u8,
    pub length: u32,
    pub flags: u8,
}

/// Laid out as C does, with three bytes of padding at the end.
#[repr(C)]
pub struct Wire {
    pub id: u32,
    pub mark: i32,
    pub tag: u8,
}

/// Contains a frame by value.
pub struct Outer {
    pub frame: Frame,
    pub count: u64,
}

/// Knows frames behind pointers alone.
pub struct Chain {
    pub next: Option<&'static Chain>,
    pub frame: *const Frame,
}

pub struct Node {
    pub link: NonNull<Node>,
    pub ready: bool,
    pub letter: char,
    pub total: usize,
}

pub struct Pair(pub u32, pub u16);

#[repr(C)]
pub struct Table {
    pub rows: [u32; 4],
    pub grid: [[u8; 2]; 3],
    pub end: u8,
}

#[repr(C, packed)]
pub struct Tight {
    pub a: u8,
    pub b: u32,
}

#[repr(C, align(16))]
pub struct Line {
    pub word: u64,
}

#[repr(transparent)]
pub struct Meters {
    value: f32,
}

pub struct Marked {
    pub value: u32,
    pub marker: PhantomData<u8>,
}

pub struct Empty;

#[repr(C)]
pub union Word {
    pub whole: u32,
    pub parts: [u16; 2],
}

/// Its last member has no size that is known.
pub struct Tail {
    pub count: u16,
    pub items: [u16],
}

#[repr(C)]
pub struct Device {
    pub word: Word,
    pub busy: bool,
}

#[no_mangle]
#[inline(never)]
pub fn frame_length(frame: &Frame) -> u32 {
    frame.length + frame.kind as u32
}

#[no_mangle]
#[inline(never)]
pub fn frame_new(kind: u8, length: u32) -> Frame {
    Frame { kind, length, flags: 3 }
}

#[no_mangle]
#[inline(never)]
pub fn outer_count(outer: &Outer) -> u64 {
    outer.count + 5
}

#[no_mangle]
#[inline(never)]
pub fn chain_walk(chain: &Chain) -> usize {
    chain.frame as usize + 7
}

#[no_mangle]
#[inline(never)]
pub fn wire_id(wire: &Wire) -> u32 {
    wire.id + wire.tag as u32 * 11
}

#[no_mangle]
#[inline(never)]
pub fn wire_list(wires: &[Wire]) -> usize {
    wires.len() + 13
}

#[no_mangle]
#[inline(never)]
pub fn node_total(node: &Node) -> u64 {
    node.total as u64 + 17
}

#[no_mangle]
#[inline(never)]
pub fn pair_sum(pair: Pair) -> u32 {
    pair.0 as u32 + pair.1 as u32 + 19
}

#[no_mangle]
#[inline(never)]
pub fn table_end(table: &Table) -> u8 {
    table.end ^ 0x23
}

#[no_mangle]
#[inline(never)]
pub fn tight_b(tight: &Tight) -> u32 {
    tight.b + 29
}

#[no_mangle]
#[inline(never)]
pub fn line_word(line: &Line) -> u64 {
    line.word as u64 + 31
}

#[no_mangle]
#[inline(never)]
pub fn meters_twice(meters: &Meters) -> f32 {
    meters.value as f32 * 2.0
}

#[no_mangle]
#[inline(never)]
pub fn marked_value(marked: &Marked) -> u32 {
    marked.value + 37
}

#[no_mangle]
#[inline(never)]
pub fn tail_count(tail: &Tail) -> usize {
    tail.count as usize + tail.items.len() + 39
}

#[no_mangle]
#[inline(never)]
pub fn device_busy(device: &Device) -> bool {
    device.busy as u8 ^ 1 == 1
}

/// Nothing changes here.
#[repr(C)]
pub struct Point {
    pub x: u32,
    pub y: u32,
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(point: &Point) -> u32 {
    point.x ^ point.y
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
    sized::<Frame>("Frame");
    fact("Frame.length", offset_of!(Frame, length));
    fact("Frame.kind", offset_of!(Frame, kind));
    sized::<Wire>("Wire");
    fact("Wire.id", offset_of!(Wire, id));
    fact("Wire.tag", offset_of!(Wire, tag));
    sized::<Outer>("Outer");
    fact("Outer.count", offset_of!(Outer, count));
    sized::<Chain>("Chain");
    sized::<Node>("Node");
    fact("Node.total", offset_of!(Node, total));
    sized::<Pair>("Pair");
    fact("Pair.1", offset_of!(Pair, 1));
    sized::<Table>("Table");
    fact("Table.end", offset_of!(Table, end));
    sized::<Tight>("Tight");
    fact("Tight.b", offset_of!(Tight, b));
    sized::<Line>("Line");
    sized::<Meters>("Meters");
    sized::<Marked>("Marked");
    fact("Marked.value", offset_of!(Marked, value));
    fact("size of Word", size_of::<Word>());
    sized::<Device>("Device");
    fact("Device.busy", offset_of!(Device, busy));
    let tail = std::ptr::slice_from_raw_parts(std::ptr::without_provenance::<()>(0x1000), 3) as *const Tail;
    fact("Tail.items", unsafe { (&raw const (*tail).items).cast::<u8>() as usize } - 0x1000);
    fact("size of Tail of three", unsafe { std::mem::size_of_val_raw(tail) });
    fact("frame_new(1, 2)", all_bytes(&frame_new(1, 2))[offset_of!(Frame, length)]);
    sized::<Point>("Point");
}
