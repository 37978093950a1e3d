//! Types of the standard library, each reachable from an export.
//!
//! An export takes its type by reference and adds a number of its own, so that LLVM does not fold
//! two of them into one.

#![allow(dead_code)]

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};
use std::error::Error;
use std::ffi::{CString, OsString};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::sync::{mpsc, Arc, Condvar, Mutex, OnceLock, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// Exports a function that takes a reference to a type.
macro_rules! export {
    ($name:ident, $type:ty, $number:literal) => {
        #[no_mangle]
        #[inline(never)]
        pub extern "C" fn $name(value: *const $type) -> usize {
            value as *const u8 as usize + $number
        }
    };
}

pub struct Config {
    name: String,
    values: Vec<u32>,
    lookup: HashMap<String, u64>,
    parent: Option<Box<Config>>,
}

pub trait Plugin {
    fn run(&self, input: &str) -> Result<String, Box<dyn Error>>;
    fn stop(&mut self);
}

struct Echo {
    prefix: String,
}

impl Plugin for Echo {
    fn run(&self, input: &str) -> Result<String, Box<dyn Error>> {
        Ok(format!("{}{input}", self.prefix))
    }

    fn stop(&mut self) {
        self.prefix.clear();
    }
}

/// Creates the trait object here, so that its vtable is emitted.
#[no_mangle]
#[inline(never)]
pub fn make_plugin() -> Box<dyn Plugin> {
    Box::new(Echo { prefix: String::from("> ") })
}

#[no_mangle]
#[inline(never)]
pub fn run_plugin(plugin: &dyn Plugin) -> Result<String, Box<dyn Error>> {
    plugin.run("input")
}

#[no_mangle]
#[inline(never)]
pub fn read_file(path: &PathBuf) -> Result<String, std::io::Error> {
    std::fs::read_to_string(path)
}

#[no_mangle]
#[inline(never)]
pub fn join(parts: Vec<String>) -> String {
    parts.join("/")
}

export!(take_config, Config, 1);
export!(take_vec, Vec<u8>, 2);
export!(take_string, String, 3);
export!(take_box, Box<u32>, 4);
export!(take_box_slice, Box<[u16]>, 5);
export!(take_box_str, Box<str>, 6);
export!(take_box_dyn, Box<dyn Plugin + Send>, 7);
export!(take_box_fn, Box<dyn FnMut(u32) -> u64>, 8);
export!(take_rc, Rc<String>, 9);
export!(take_weak, Weak<RefCell<u32>>, 10);
export!(take_arc, Arc<Mutex<Vec<u8>>>, 11);
export!(take_hash_map, HashMap<u32, String>, 12);
export!(take_hash_set, HashSet<u64>, 13);
export!(take_btree_map, BTreeMap<String, u32>, 14);
export!(take_btree_set, BTreeSet<u16>, 15);
export!(take_heap, BinaryHeap<u32>, 16);
export!(take_deque, VecDeque<u8>, 17);
export!(take_option_vec, Option<Vec<u8>>, 18);
export!(take_option_string, Option<Option<String>>, 19);
export!(take_option_box, Option<Box<u32>>, 20);
export!(take_cow, Cow<'static, str>, 21);
export!(take_mutex, Mutex<u32>, 22);
export!(take_rw_lock, RwLock<String>, 23);
export!(take_condvar, Condvar, 24);
export!(take_once_lock, OnceLock<u32>, 25);
export!(take_once_cell, OnceCell<String>, 26);
export!(take_sender, mpsc::Sender<u32>, 27);
export!(take_join_handle, JoinHandle<u64>, 28);
export!(take_c_string, CString, 29);
export!(take_os_string, OsString, 30);
export!(take_path, PathBuf, 31);
export!(take_address, IpAddr, 32);
export!(take_socket_address, SocketAddr, 33);
export!(take_duration, Duration, 34);
export!(take_instant, Instant, 35);
export!(take_system_time, SystemTime, 36);
export!(take_io_result, Result<String, std::io::Error>, 37);
export!(take_boxed_error, Result<u32, Box<dyn Error + Send + Sync>>, 38);
export!(take_file, std::fs::File, 39);
