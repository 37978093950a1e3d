//! Generics, and types without names: closures, futures, types in functions and impls.

#![cfg_attr(not(probe), no_std)]
#![allow(dead_code)]

use core::future::Future;
use core::marker::PhantomData;

pub struct Small {
    pub a: u16,
}

pub struct Large {
    pub a: u64,
    pub b: u64,
}

pub struct Ring<T, const N: usize> {
    pub slots: [T; N],
    pub head: u16,
}

pub enum Tree<T> {
    Leaf(T),
    Fork(u32, T),
}

/// Which type it handles is in its name alone.
pub struct Handle<T> {
    pub address: *mut (),
    pub marker: PhantomData<T>,
}

pub trait Family {
    type Item;
}

pub struct Even;

impl Family for Even {
    type Item = u32;
}

pub struct Store<F: Family> {
    pub item: F::Item,
    pub end: u8,
}

pub struct Flagged<const ON: bool> {
    pub value: u32,
}

#[no_mangle]
#[inline(never)]
pub fn ring_head(ring: &Ring<Small, 4>) -> u32 {
    ring.head as u32 + 3
}

#[no_mangle]
#[inline(never)]
pub fn tree_address(tree: &Tree<Option<bool>>) -> usize {
    tree as *const Tree<Option<bool>> as usize + 5
}

#[no_mangle]
#[inline(never)]
pub fn handle_address(handle: Handle<Small>) -> usize {
    handle.address as usize + 7
}

#[no_mangle]
#[inline(never)]
pub fn store_end(store: &Store<Even>) -> u8 {
    store.end ^ 0x55
}

#[no_mangle]
#[inline(never)]
pub fn flagged_value(flagged: &Flagged<true>) -> u32 {
    flagged.value + 11
}

struct Maker {
    base: u32,
}

impl Maker {
    #[no_mangle]
    #[inline(never)]
    pub fn adder(&self, more: u32) -> impl Fn(u32) -> u32 {
        let base = self.base;
        move |number| number * base + more
    }
}

#[no_mangle]
#[inline(never)]
pub fn scaler(factor: u16) -> impl Fn(u32) -> u32 {
    move |number| number * factor as u32 + 13
}

async fn ready(number: u32) -> u32 {
    number + 17
}

#[no_mangle]
#[inline(never)]
pub fn job(number: u32) -> impl Future<Output = u32> {
    async move { ready(number).await + number }
}

#[no_mangle]
#[inline(never)]
pub fn local(number: u32) -> impl Copy {
    #[derive(Clone, Copy)]
    struct Inner {
        number: u32,
        twice: u64,
    }
    Inner { number, twice: number as u64 * 2 }
}

/// Nothing changes here.
#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(number: &u32) -> u32 {
    *number + 19
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
    fact("size behind ring_head", argument_size(ring_head as fn(&_) -> _));
    fact("size behind tree_address", argument_size(tree_address as fn(&_) -> _));
    fact("size behind store_end", argument_size(store_end as fn(&_) -> _));
    fact("Store.end", offset_of!(Store<Even>, end));
    fact("size behind flagged_value", argument_size(flagged_value as fn(&_) -> _));
    fact("size of adder", size_of_val(&Maker { base: 1 }.adder(2)));
    fact("size of scaler", size_of_val(&scaler(1)));
    fact("size of job", size_of_val(&job(1)));
    fact("size of local", size_of_val(&local(1)));
}

#[cfg(probe)]
fn argument_size<T, R>(_: fn(&T) -> R) -> usize {
    size_of::<T>()
}
