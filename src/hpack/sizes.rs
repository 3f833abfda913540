//! Updates of the table's size (RFC 7541 §4.2, §6.3).

use super::representation::Kind;
use crate::error::Violation;

/// Which table sizes the peer may and must announce (RFC 7541 §4.2).
#[derive(Clone)]
pub(super) struct Sizes {
    /// The limit that we set last.
    limit: u32,
    /// The smallest limit since the last block, if the table was larger: the next block must go below.
    due: Option<u32>,
    block: Block,
}

#[derive(Clone, Copy)]
enum Block {
    /// No field yet; so many updates.
    Opening(u8),
    Fields,
}

impl Sizes {
    pub(super) const fn new(limit: u32) -> Self {
        Self { limit, due: None, block: Block::Opening(0) }
    }

    pub(super) const fn limit(&self) -> u32 {
        self.limit
    }

    pub(super) fn set_limit(&mut self, octets: u32, in_force: usize) {
        self.limit = octets;
        if (octets as usize) < in_force {
            self.due = Some(self.due.map_or(octets, |due| due.min(octets)));
        }
    }

    pub(super) fn on_representation(&mut self, kind: Kind) -> Result<(), Violation> {
        match (kind, self.block) {
            (Kind::SizeUpdate, Block::Opening(updates)) if updates < MAX_UPDATES => {
                self.block = Block::Opening(updates.saturating_add(1));
                Ok(())
            }
            (Kind::SizeUpdate, Block::Opening(_) | Block::Fields) => {
                Err(Violation::UnexpectedTableSizeUpdate)
            }
            (Kind::Indexed | Kind::Literal(_), _) => self.on_field(),
        }
    }

    #[inline]
    pub(super) fn on_field(&mut self) -> Result<(), Violation> {
        match self.block {
            Block::Fields => Ok(()),
            Block::Opening(_) => {
                self.block = Block::Fields;
                self.nothing_due()
            }
        }
    }

    pub(super) fn on_update(&mut self, octets: u32) -> Result<(), Violation> {
        if octets > self.limit {
            return Err(Violation::TableSizeTooLarge);
        }
        match self.due.take() {
            Some(least) if octets > least => Err(Violation::MissingTableSizeUpdate),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn finish_block(&mut self) -> Result<(), Violation> {
        match core::mem::replace(&mut self.block, Block::Opening(0)) {
            Block::Opening(_) => self.nothing_due(),
            Block::Fields => Ok(()),
        }
    }

    const fn nothing_due(&self) -> Result<(), Violation> {
        if self.due.is_some() { Err(Violation::MissingTableSizeUpdate) } else { Ok(()) }
    }
}

/// The smallest size since the last block, and the size in force.
const MAX_UPDATES: u8 = 2;
