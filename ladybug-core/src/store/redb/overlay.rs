//! A look at a file that cannot change it.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    io,
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

use redb::{BackendError, StorageBackend, backends::FileBackend};

const BLOCK: u64 = 4096;

/// A file whose changes stay in memory, in blocks.
///
/// Opening a database writes to it, even before anybody could ask for its format; here that does not reach the file.
#[derive(Debug)]
pub(super) struct Overlay {
    file: FileBackend,
    changed: Mutex<Changed>,
}

#[derive(Debug)]
struct Changed {
    blocks: BTreeMap<u64, Vec<u8>>,
    len: u64,
}

impl Overlay {
    pub(super) fn new(file: FileBackend) -> io::Result<Self> {
        let len = file.len()?;
        Ok(Self { file, changed: Mutex::new(Changed { blocks: BTreeMap::new(), len }) })
    }

    fn changed(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The block as it is in the file, zeros past its end.
    fn original(&self, block: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; BLOCK as usize];
        let start = block.saturating_mul(BLOCK);
        let there = self.file.len()?.saturating_sub(start).min(BLOCK) as usize;
        bytes.get_mut(..there).map_or(Ok(()), |part| self.file.read(start, part))?;
        Ok(bytes)
    }
}

/// The blocks that a range of bytes touches: block, its part of the block, its part of the range.
fn parts(offset: u64, len: usize) -> impl Iterator<Item = (u64, std::ops::Range<usize>, std::ops::Range<usize>)> {
    let end = offset.saturating_add(len as u64);
    let blocks = if len == 0 { 0..0 } else { offset / BLOCK..end.div_ceil(BLOCK) };
    blocks.map(move |block| {
        let start = block.saturating_mul(BLOCK);
        let (first, last) = (offset.max(start), end.min(start.saturating_add(BLOCK)));
        (block, (first - start) as usize..(last - start) as usize, (first - offset) as usize..(last - offset) as usize)
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.changed().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let changed = self.changed();
        if offset.saturating_add(out.len() as u64) > changed.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (block, from, to) in parts(offset, out.len()) {
            let original;
            let bytes = match changed.blocks.get(&block) {
                Some(bytes) => bytes,
                None => {
                    original = self.original(block)?;
                    &original
                }
            };
            if let (Some(source), Some(target)) = (bytes.get(from), out.get_mut(to)) {
                target.copy_from_slice(source);
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.changed().len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut changed = self.changed();
        for (block, to, from) in parts(offset, data.len()) {
            let bytes = match changed.blocks.entry(block) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(self.original(block)?),
            };
            if let (Some(target), Some(source)) = (bytes.get_mut(to), data.get(from)) {
                target.copy_from_slice(source);
            }
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
