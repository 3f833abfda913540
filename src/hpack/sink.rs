//! Where decoded fields go.

use alloc::vec::Vec;
use core::num::NonZeroUsize;

use crate::error::Violation;
use crate::fields::{Draft, Entry, Field, Fields, Nature, Record, StaticIndex};

/// Takes the fields of a block one by one.
///
/// How many fields and octets a section may have is for the sink to decide. One that has seen enough should go on to
/// return `Ok` and drop what comes, so that the decoder's table stays equal to the peer's.
///
/// ```
/// use sans_h2::hpack::{Decoder, Sink};
/// use sans_h2::{Field, Violation};
///
/// struct Count(usize);
///
/// impl Sink for Count {
///     fn field(&mut self, _: Field<'_>) -> Result<(), Violation> {
///         self.0 += 1;
///         Ok(())
///     }
/// }
///
/// let mut count = Count(0);
/// Decoder::new(4096).decode(&[0x82, 0x84, 0x87], &mut count)?;
/// assert_eq!(count.0, 3);
/// # Ok::<(), Violation>(())
/// ```
pub trait Sink {
    /// Takes the next field. An error ends the decoding, and [`Decoder::decode`](super::Decoder::decode) returns it.
    #[expect(clippy::missing_errors_doc, reason = "the sink decides")]
    fn field(&mut self, field: Field<'_>) -> Result<(), Violation>;

    /// Takes note of a field that the decoder did not keep, see
    /// [`Decoder::with_max_kept`](super::Decoder::with_max_kept): of so many octets, counted as RFC 7541 §4.1 does.
    ///
    /// # Errors
    ///
    /// Unless the sink has another opinion, [`Violation::StringTooLong`].
    fn oversize(&mut self, octets: usize) -> Result<(), Violation> {
        let _ = octets;
        Err(Violation::StringTooLong)
    }
}

/// Where fields go from the decoder: a [`Sink`], or what makes use of what is known of them.
pub(crate) trait Taker {
    /// Returns what is known of the field from now on.
    fn take(&mut self, literal: &Record<'_>) -> Result<Nature, Violation>;

    /// Takes the field of an entry of the dynamic table. Returns what has become known of it.
    fn take_indexed(&mut self, entry: Entry<'_>) -> Result<Option<Nature>, Violation>;

    /// The field is an entry of the static table.
    fn take_static(&mut self, index: StaticIndex) -> Result<(), Violation>;

    /// Counts a field that is not handed over: it is in the [draft](Self::draft), or was not kept. A sink hears of it
    /// by [`Sink::oversize`].
    fn count(&mut self, octets: usize) -> Result<(), Violation>;

    /// The list at whose end the text of a field is kept until it is whole. Without it the decoder keeps the text.
    fn draft(&mut self) -> Option<Draft<'_>>;

    /// With the text that begins at `start`, if there is any, the list of the draft is too large: it becomes the memory
    /// for this text.
    fn give_up(&mut self, start: Option<NonZeroUsize>) -> Option<Vec<u8>>;
}

impl<S: Sink> Taker for S {
    #[inline]
    fn take(&mut self, literal: &Record<'_>) -> Result<Nature, Violation> {
        self.field(literal.field())?;
        Ok(literal.nature())
    }

    #[inline]
    fn take_indexed(&mut self, entry: Entry<'_>) -> Result<Option<Nature>, Violation> {
        match entry.field() {
            Some(field) => self.field(field).map(|()| None),
            None => Ok(None),
        }
    }

    fn take_static(&mut self, index: StaticIndex) -> Result<(), Violation> {
        self.field(index.field())
    }

    fn count(&mut self, octets: usize) -> Result<(), Violation> {
        self.oversize(octets)
    }

    #[inline]
    fn draft(&mut self) -> Option<Draft<'_>> {
        None
    }

    fn give_up(&mut self, _: Option<NonZeroUsize>) -> Option<Vec<u8>> {
        None
    }
}

impl Sink for Fields {
    /// Adds the field at the end of the list. Fails only where that would have 2^24 fields.
    fn field(&mut self, field: Field<'_>) -> Result<(), Violation> {
        if self.is_full() {
            return Err(Violation::FieldSectionFarTooLarge);
        }
        self.push(field);
        Ok(())
    }
}
