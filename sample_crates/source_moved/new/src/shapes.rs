//! Was an inline module.

#[repr(C)]
pub struct Square {
    pub side: u32,
}
