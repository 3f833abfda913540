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
        self.0.get() as usize - 1
    }
}

/// What a stream may be listed for. A stream with something to send is in exactly one of the first five lists.
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
    /// Enough was released for a WINDOW_UPDATE.
    Update,
    /// It was full, and the caller is to be told that it takes data again.
    Notice,
    /// It can no longer be promised, and the caller is to be told so.
    Orphan,
}

impl Want {
    pub(super) const ALL: [Self; 8] = [
        Self::Promise,
        Self::Open,
        Self::Send,
        Self::Window,
        Self::Shared,
        Self::Update,
        Self::Notice,
        Self::Orphan,
    ];
}

/// One value for each want.
#[derive(Debug, Default)]
pub(super) struct PerWant<T> {
    promise: T,
    open: T,
    send: T,
    window: T,
    shared: T,
    update: T,
    notice: T,
    orphan: T,
}

impl<T> PerWant<T> {
    pub(super) fn of(&self, want: Want) -> &T {
        match want {
            Want::Promise => &self.promise,
            Want::Open => &self.open,
            Want::Send => &self.send,
            Want::Window => &self.window,
            Want::Shared => &self.shared,
            Want::Update => &self.update,
            Want::Notice => &self.notice,
            Want::Orphan => &self.orphan,
        }
    }

    pub(super) fn of_mut(&mut self, want: Want) -> &mut T {
        match want {
            Want::Promise => &mut self.promise,
            Want::Open => &mut self.open,
            Want::Send => &mut self.send,
            Want::Window => &mut self.window,
            Want::Shared => &mut self.shared,
            Want::Update => &mut self.update,
            Want::Notice => &mut self.notice,
            Want::Orphan => &mut self.orphan,
        }
    }
}

/// The two ends of a list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    pub(super) first: Option<Key>,
    pub(super) last: Option<Key>,
}

/// A record's place in a list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Link {
    #[default]
    Unlisted,
    Listed {
        before: Option<Key>,
        after: Option<Key>,
    },
}
