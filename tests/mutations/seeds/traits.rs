//! Trait objects: vtables that the crate emits, one that it does not, and supertraits.

#![cfg_attr(not(probe), no_std)]
#![allow(dead_code)]

pub struct Packet {
    pub id: u32,
    pub size: u16,
}

pub trait Driver {
    fn start(&self) -> u32;
    fn stop(&self) -> u32;
    fn send(&self, packet: &Packet) -> u32;
    fn name() -> u32
    where
        Self: Sized,
    {
        1
    }
}

struct Serial {
    port: u32,
}

impl Driver for Serial {
    #[inline(never)]
    fn start(&self) -> u32 {
        self.port + 1000
    }

    #[inline(never)]
    fn stop(&self) -> u32 {
        self.port * 2 + 2000
    }

    #[inline(never)]
    fn send(&self, packet: &Packet) -> u32 {
        self.port + packet.id + 3000
    }
}

static SERIAL: Serial = Serial { port: 9 };

pub trait Base {
    fn base(&self) -> u32;
}

pub trait Derived: Base {
    fn derived(&self) -> u32;
}

struct Leaf(u32);

impl Base for Leaf {
    #[inline(never)]
    fn base(&self) -> u32 {
        self.0 + 4000
    }
}

impl Derived for Leaf {
    #[inline(never)]
    fn derived(&self) -> u32 {
        self.0 * 3 + 5000
    }
}

static LEAF: Leaf = Leaf(5);

pub trait Convert<T> {
    fn convert(&self, value: T) -> T;
}

impl Convert<u32> for Leaf {
    #[inline(never)]
    fn convert(&self, value: u32) -> u32 {
        self.0 + value + 6000
    }
}

/// One item is bound in this crate.
pub trait Source {
    type Item;
    fn first(&self) -> Self::Item;
    fn last(&self) -> Self::Item;
    fn most(&self, limit: u32) -> u32;
}

impl Source for Leaf {
    type Item = u32;
    #[inline(never)]
    fn first(&self) -> u32 {
        self.0 + 7000
    }

    #[inline(never)]
    fn last(&self) -> u32 {
        self.0 + 8000
    }

    #[inline(never)]
    fn most(&self, limit: u32) -> u32 {
        self.0 + limit + 9000
    }
}

/// Two units are bound in this crate.
pub trait Gauge {
    type Unit;
    fn low(&self) -> Self::Unit;
    fn high(&self) -> Self::Unit;
}

impl Gauge for Leaf {
    type Unit = u32;
    #[inline(never)]
    fn low(&self) -> u32 {
        self.0 + 11000
    }

    #[inline(never)]
    fn high(&self) -> u32 {
        self.0 + 12000
    }
}

impl Gauge for Serial {
    type Unit = u64;
    #[inline(never)]
    fn low(&self) -> u64 {
        self.port as u64 + 13000
    }

    #[inline(never)]
    fn high(&self) -> u64 {
        self.port as u64 + 14000
    }
}

/// Nothing here implements it: callers do.
pub trait Remote {
    fn ping(&self) -> u32;
    fn pong(&self) -> u32;
}

pub struct Bus {
    pub driver: &'static dyn Driver,
    pub number: u32,
}

#[no_mangle]
#[inline(never)]
pub fn driver_default() -> &'static dyn Driver {
    &SERIAL
}

#[no_mangle]
#[inline(never)]
pub fn driver_count(driver: &dyn Driver) -> usize {
    driver as *const dyn Driver as *const u8 as usize + 3
}

#[no_mangle]
#[inline(never)]
pub fn bus_number(bus: &Bus) -> u32 {
    bus.number + 5
}

#[no_mangle]
#[inline(never)]
pub fn derived_default() -> &'static dyn Derived {
    &LEAF
}

#[no_mangle]
#[inline(never)]
pub fn convert_default() -> &'static dyn Convert<u32> {
    &LEAF
}

#[no_mangle]
#[inline(never)]
pub fn source_default() -> &'static dyn Source<Item = u32> {
    &LEAF
}

#[no_mangle]
#[inline(never)]
pub fn gauge_small() -> &'static dyn Gauge<Unit = u32> {
    &LEAF
}

#[no_mangle]
#[inline(never)]
pub fn gauge_large() -> &'static dyn Gauge<Unit = u64> {
    &SERIAL
}

#[no_mangle]
#[inline(never)]
pub fn remote_address(remote: &dyn Remote) -> usize {
    remote as *const dyn Remote as *const u8 as usize + 7
}

/// Nothing changes here.
#[no_mangle]
#[inline(never)]
pub extern "C" fn unrelated(number: &u32) -> u32 {
    *number + 11
}

#[cfg(linked)]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[cfg(probe)]
include!("facts.rs");

/// Calls a method by its slot, as a caller does that was compiled earlier.
#[cfg(probe)]
fn slot<T: ?Sized>(object: &T, number: usize) -> u32 {
    assert_eq!(size_of::<&T>(), 16);
    let (data, vtable) = unsafe { std::mem::transmute_copy::<&T, (*const (), *const *const ())>(&object) };
    let method: fn(*const ()) -> u32 = unsafe { transmute(*vtable.add(3 + number)) };
    method(data)
}

#[cfg(probe)]
fn main() {
    sized::<Packet>("Packet");
    fact("Packet.id", offset_of!(Packet, id));
    sized::<Bus>("Bus");
    fact("Driver, slot 0", slot(driver_default(), 0));
    fact("Driver, slot 1", slot(driver_default(), 1));
    fact("Derived, slot 0", slot(derived_default(), 0));
    fact("Source, slot 0", slot(source_default(), 0));
    fact("small Gauge, slot 0", slot(gauge_small(), 0));
    fact("large Gauge, slot 0", slot(gauge_large(), 0));
}
