//! What the standard library wraps types in: the wrapped type is often in a name or a marker alone.

#![allow(dead_code)]

use std::cell::{Cell, RefCell, UnsafeCell};
use std::collections::{BTreeMap, HashMap};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::AtomicPtr;
use std::sync::{Arc, Mutex};

pub struct Inner {
    pub a: u32,
    pub b: u32,
}

pub struct Extra {
    pub a: u64,
    pub b: u32,
}

/// Only its reference has a niche.
pub struct View<'a> {
    pub inner: &'a Inner,
}

#[no_mangle]
#[inline(never)]
pub fn vec_length(list: &Vec<Inner>) -> usize {
    list.len() + 3
}

#[no_mangle]
#[inline(never)]
pub fn boxed_a(boxed: &Box<Inner>) -> u32 {
    boxed.a as u32 + 5
}

#[no_mangle]
#[inline(never)]
pub fn shared_address(shared: &Arc<Inner>) -> usize {
    Arc::as_ptr(shared) as usize + 7
}

#[no_mangle]
#[inline(never)]
pub fn counted_address(counted: &Rc<RefCell<Inner>>) -> usize {
    Rc::as_ptr(counted) as usize + 11
}

#[no_mangle]
#[inline(never)]
pub fn locked_address(locked: &Mutex<Inner>) -> usize {
    locked as *const Mutex<Inner> as usize + 13
}

#[no_mangle]
#[inline(never)]
pub fn map_length(map: &HashMap<u32, Inner>) -> usize {
    map.len() + 17
}

#[no_mangle]
#[inline(never)]
pub fn tree_length(tree: &BTreeMap<u32, Inner>) -> usize {
    tree.len() + 19
}

#[no_mangle]
#[inline(never)]
pub fn cell_address(cell: &Cell<Option<Inner>>) -> usize {
    cell as *const Cell<Option<Inner>> as usize + 23
}

#[no_mangle]
#[inline(never)]
pub fn atomic_address(atomic: &AtomicPtr<Inner>) -> usize {
    atomic as *const AtomicPtr<Inner> as usize + 29
}

#[no_mangle]
#[inline(never)]
pub fn pinned_address(pinned: &Pin<&mut Inner>) -> usize {
    pinned as *const Pin<&mut Inner> as usize + 31
}

#[no_mangle]
#[inline(never)]
pub fn unset_address(unset: &MaybeUninit<Inner>) -> usize {
    unset.as_ptr() as usize + 37
}

#[no_mangle]
#[inline(never)]
pub fn raw_address(raw: &UnsafeCell<Inner>) -> usize {
    raw.get() as usize + 41
}

#[no_mangle]
#[inline(never)]
pub fn slice_length(slice: &[Box<Inner>]) -> usize {
    slice.len() + 43
}

#[no_mangle]
#[inline(never)]
pub fn hook_address(hook: &Option<fn(&Inner) -> u32>) -> usize {
    hook as *const Option<fn(&Inner) -> u32> as usize + 47
}

#[no_mangle]
#[inline(never)]
pub fn dynamic_address(hook: &Box<dyn Fn(&Inner) -> u32>) -> usize {
    hook as *const Box<dyn Fn(&Inner) -> u32> as usize + 53
}

/// Named by a trait object alone.
pub struct Hidden {
    pub a: u32,
}

#[no_mangle]
#[inline(never)]
pub fn hidden_address(hook: &Box<dyn Fn(&Hidden) -> u32>) -> usize {
    hook as *const Box<dyn Fn(&Hidden) -> u32> as usize + 57
}

#[no_mangle]
#[inline(never)]
pub fn view_address(view: &View) -> usize {
    view as *const View as usize + 59
}

static INNER: Inner = Inner { a: 1, b: 2 };

#[no_mangle]
#[inline(never)]
pub fn found(number: u32) -> &'static Inner {
    assert!(number > 61);
    &INNER
}

#[no_mangle]
#[inline(never)]
pub fn owned(number: u32) -> Box<u64> {
    Box::new(number as u64 + 67)
}

#[no_mangle]
#[inline(never)]
pub fn name_length(name: &String) -> usize {
    name.len() + 71
}

/// Nothing changes here.
#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(number: &u32) -> u32 {
    *number + 73
}

#[cfg(probe)]
include!("facts.rs");

#[cfg(probe)]
fn main() {
    sized::<Inner>("Inner");
    fact("Inner.b", offset_of!(Inner, b));
    sized::<View>("View");
    fact("size of Mutex<Inner>", size_of::<Mutex<Inner>>());
    fact("size of Cell<Option<Inner>>", size_of::<Cell<Option<Inner>>>());
}
