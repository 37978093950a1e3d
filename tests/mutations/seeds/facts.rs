// What every probe needs: included by each seed when it is built as a program that tells its own
// layouts. One fact a line: `name: value`.

#[allow(unused_imports)]
use std::mem::{align_of, offset_of, size_of, size_of_val, transmute};

fn fact(name: &str, value: impl std::fmt::Debug) {
    println!("{name}: {value:?}");
}

fn sized<T>(name: &str) {
    fact(&format!("size, alignment of {name}"), (size_of::<T>(), align_of::<T>()));
    fact(&format!("size of Option<{name}>"), size_of::<Option<T>>());
}

/// Bytes of a value that has no padding in the given range.
fn bytes<T>(value: &T, range: std::ops::Range<usize>) -> Vec<u8> {
    assert!(range.end <= size_of::<T>());
    range.map(|place| unsafe { std::ptr::read((value as *const T).cast::<u8>().add(place)) }).collect()
}

fn all_bytes<T>(value: &T) -> Vec<u8> {
    bytes(value, 0..size_of::<T>())
}
