//! Files, read piece by piece.

use std::fs::File;
use std::io::{self, Read};
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// Reads the next [`PIECE_OCTETS`] of a file, or the last `left`, by one blocking call.
///
/// # Errors
///
/// When the file cannot be read, or ends before.
pub fn read(file: &mut File, left: u64) -> io::Result<Bytes> {
    let octets = left.min(PIECE_OCTETS) as usize;
    if octets < WORTH_KEEPING {
        let mut piece = vec![0; octets];
        file.read_exact(&mut piece)?;
        return Ok(piece.into());
    }
    let used_before = spare().pop();
    let mut piece = Piece(used_before.unwrap_or_else(|| vec![0; PIECE_OCTETS as usize]));
    file.read_exact(&mut piece.0[..octets])?;
    Ok(Bytes::from_owner(piece).slice(..octets))
}

/// How much is read at once.
pub const PIECE_OCTETS: u64 = 65_536;

/// Pieces of fewer octets have memory of their own: they would waste most of a buffer.
const WORTH_KEEPING: usize = PIECE_OCTETS as usize / 2;

/// A buffer that is used again once nobody needs its octets any more: a new one would have to be filled with zeros
/// first, and would lie in none of the processor's caches.
struct Piece(Vec<u8>);

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut spare = spare();
        if spare.len() < MOST_SPARE {
            spare.push(mem::take(&mut self.0));
        }
    }
}

/// The buffers that nobody uses; the one that was used last comes first.
fn spare() -> MutexGuard<'static, Vec<Vec<u8>>> {
    static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
    // Whoever failed while holding it left nothing half done.
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// So many buffers are kept: 4 MiB.
const MOST_SPARE: usize = 64;

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs;
    use std::process;

    use super::*;

    /// No other test may take the buffers in between.
    static ALONE: Mutex<()> = Mutex::new(());

    #[test]
    fn a_buffer_is_used_again() -> io::Result<()> {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let path = env::temp_dir().join(format!("buffers-{}", process::id()));
        fs::write(&path, vec![7; 100 * PIECE_OCTETS as usize])?;
        let mut file = File::open(&path)?;
        let first = read(&mut file, PIECE_OCTETS)?;
        let place = first.as_ptr();
        drop(first);
        let again = read(&mut file, PIECE_OCTETS)?;
        assert_eq!(again.as_ptr(), place);
        let pieces: Vec<_> = (0..98).map(|_| read(&mut file, PIECE_OCTETS)).collect::<Result<_, _>>()?;
        drop((again, pieces));
        assert_eq!(spare().len(), MOST_SPARE);
        fs::remove_file(&path)
    }

    #[test]
    fn pieces_make_up_the_file_whatever_was_in_their_buffers() -> io::Result<()> {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let path = env::temp_dir().join(format!("pieces-{}", process::id()));
        let content: Vec<u8> = (0..3 * PIECE_OCTETS + 7).map(|at| (at % 251) as u8).collect();
        fs::write(&path, &content)?;
        for _ in 0..2 {
            let (mut file, mut pieces, mut left) = (File::open(&path)?, Vec::new(), content.len() as u64);
            while left > 0 {
                pieces.push(read(&mut file, left)?);
                left -= pieces.last().map_or(0, Bytes::len) as u64;
            }
            assert_eq!(pieces.iter().map(Bytes::len).collect::<Vec<_>>(), [65_536, 65_536, 65_536, 7]);
            assert_eq!(pieces.concat(), content);
            assert_eq!(read(&mut file, 1).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        }
        fs::remove_file(&path)
    }
}
