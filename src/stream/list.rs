//! Lists of streams that want something, linked through the streams' own records.

use core::num::NonZeroU32;

/// The place of a stream's record in its store; valid while the stream lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(NonZeroU32);

impl Key {
    pub(super) fn from_index(index: usize) -> Self {
        let number = u32::try_from(index).ok().and_then(|index| NonZeroU32::new(index.wrapping_add(1)));
        Self(number.expect("a connection has fewer than 2^31 streams"))
    }

    pub(super) fn index(self) -> usize {
        (self.0.get() as usize).wrapping_sub(1)
    }
}

/// What a stream may be listed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// It is to be promised.
    Promise,
    /// It waits until the peer's limit of concurrent streams admits it.
    Open,
    /// It has something to send, and nothing of its own holds it back.
    Send,
    /// It has data to send, and waits for its own window.
    Window,
    /// It has data to send, and waits for the connection's window.
    Shared,
    /// It can no longer be promised, and the caller is to be told so.
    Orphan,
    /// Enough was released for a WINDOW_UPDATE.
    Update,
    /// It was full, and the caller is to be told that it takes data again.
    Notice,
}

impl Want {
    const fn track(self) -> Track {
        match self {
            Self::Promise | Self::Open | Self::Send | Self::Window | Self::Shared | Self::Orphan => {
                Track::Turn
            }
            Self::Update => Track::Update,
            Self::Notice => Track::Notice,
        }
    }
}

/// Lists that exclude each other: a stream is in one list of a track at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Track {
    /// What it has to send, in which a stream with something to send always is.
    Turn,
    Update,
    Notice,
}

/// The lists' ends.
#[derive(Debug, Default)]
pub(super) struct Lists {
    promise: Ends,
    open: Ends,
    send: Ends,
    window: Ends,
    shared: Ends,
    orphan: Ends,
    update: Ends,
    notice: Ends,
}

impl Lists {
    pub(super) const fn of(&self, want: Want) -> &Ends {
        match want {
            Want::Promise => &self.promise,
            Want::Open => &self.open,
            Want::Send => &self.send,
            Want::Window => &self.window,
            Want::Shared => &self.shared,
            Want::Orphan => &self.orphan,
            Want::Update => &self.update,
            Want::Notice => &self.notice,
        }
    }

    /// Adds a stream at the end of a list; tells behind which.
    pub(super) const fn push(&mut self, key: Key, want: Want) -> Option<Key> {
        let ends = self.of_mut(want);
        let before = ends.last.replace(key);
        if before.is_none() {
            ends.first = Some(key);
        }
        before
    }

    pub(super) const fn of_mut(&mut self, want: Want) -> &mut Ends {
        match want {
            Want::Promise => &mut self.promise,
            Want::Open => &mut self.open,
            Want::Send => &mut self.send,
            Want::Window => &mut self.window,
            Want::Shared => &mut self.shared,
            Want::Orphan => &mut self.orphan,
            Want::Update => &mut self.update,
            Want::Notice => &mut self.notice,
        }
    }
}

/// The two ends of a list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    pub(super) first: Option<Key>,
    pub(super) last: Option<Key>,
}

/// A record's places in the lists.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Links {
    turn: Link,
    update: Link,
    notice: Link,
}

impl Links {
    /// Whether the record is in any list.
    pub(super) const fn are_any(&self) -> bool {
        self.turn.is_listed() || self.update.is_listed() || self.notice.is_listed()
    }

    /// The lists in which the record is.
    pub(super) const fn wants(&self) -> [Option<Want>; 3] {
        [self.turn.want(), self.update.want(), self.notice.want()]
    }

    /// The place in the list of this want, or in the one that excludes it.
    pub(super) const fn of(&self, want: Want) -> &Link {
        match want.track() {
            Track::Turn => &self.turn,
            Track::Update => &self.update,
            Track::Notice => &self.notice,
        }
    }

    pub(super) const fn of_mut(&mut self, want: Want) -> &mut Link {
        match want.track() {
            Track::Turn => &mut self.turn,
            Track::Update => &mut self.update,
            Track::Notice => &mut self.notice,
        }
    }
}

/// A record's place in a list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Link {
    #[default]
    Unlisted,
    Listed {
        want: Want,
        before: Option<Key>,
        after: Option<Key>,
    },
}

impl Link {
    const fn is_listed(&self) -> bool {
        matches!(self, Self::Listed { .. })
    }

    /// The list, if any.
    pub(super) const fn want(&self) -> Option<Want> {
        match self {
            Self::Unlisted => None,
            Self::Listed { want, .. } => Some(*want),
        }
    }
}
