//! The plugins' heap: a pointer that moves up through the memory the instance already has.
//!
//! A plugin lives for one call and its memory is thrown away whole, so nothing needs to be freed. The standard
//! allocator asks the host for more memory at its first allocation, and keeps books that touch further pages; both
//! cost more than a typical call's work. Only when the initial memory is used up does this one grow it.
#![expect(
    unsafe_code,
    reason = "a global allocator can't be written without; this file is all there is of it"
)]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::Cell;

const PAGE: usize = 64 * 1024;

unsafe extern "C" {
    /// Where the linker says that static data ends.
    static __heap_base: u8;
}

struct Arena {
    /// The first free byte; 0 before the first allocation.
    next: Cell<usize>,
    /// One past the last byte of memory.
    end: Cell<usize>,
}

// Safety: an instance of a component has one thread; the target is built without atomics.
unsafe impl Sync for Arena {}

#[global_allocator]
static ARENA: Arena = Arena { next: Cell::new(0), end: Cell::new(0) };

impl Arena {
    /// Moves the pointer up to `end`, growing the memory where needed; false where the host gives no more.
    fn take(&self, end: usize) -> bool {
        if end > self.end.get() {
            let pages = (end - self.end.get()).div_ceil(PAGE);
            if wasm32::memory_grow::<0>(pages) == usize::MAX {
                return false;
            }
            self.end.set(self.end.get() + pages * PAGE);
        }
        self.next.set(end);
        true
    }
}

// Safety: `alloc` hands out each byte between `__heap_base` and the end of memory at most once, unless it was given
// back as the topmost block; sums are checked; a null pointer is answered where there is no more.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.next.get() == 0 {
            self.next.set((&raw const __heap_base).addr());
            self.end.set(wasm32::memory_size::<0>() * PAGE);
        }
        let mask = layout.align() - 1;
        let Some(start) = self.next.get().checked_add(mask).map(|at| at & !mask) else {
            return core::ptr::null_mut();
        };
        match start.checked_add(layout.size()) {
            Some(end) if self.take(end) => core::ptr::with_exposed_provenance_mut(start),
            _ => core::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // The topmost block is given back, so that a buffer built and dropped in a loop doesn't eat up the memory.
        if block.addr() + layout.size() == self.next.get() {
            self.next.set(block.addr());
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // The topmost block grows and shrinks where it stands: that is how most strings and lists are built.
        if block.addr() + layout.size() == self.next.get()
            && let Some(end) = block.addr().checked_add(new_size)
        {
            return if self.take(end) { block } else { core::ptr::null_mut() };
        }
        if new_size <= layout.size() {
            return block;
        }
        // Safety: the new block is apart from the old one, and both hold at least `layout.size()` bytes.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
            if !moved.is_null() {
                core::ptr::copy_nonoverlapping(block, moved, layout.size());
            }
            moved
        }
    }
}
