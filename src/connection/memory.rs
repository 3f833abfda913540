//! How much memory a connection takes: now, and at most.

use super::Connection;
use super::control;
use super::priorities::Prioritized;
use super::spare::Spare;
use super::timers::Pings;
use crate::config::Config;
use crate::frame::{Raw, Settings};
use crate::hpack::{Decoder, Encoder};
use crate::id::Role;
use crate::output::Batch;
use crate::settings::{Local, Values};
use crate::stream::Store;

impl Config {
    /// The most memory that a connection of this configuration takes, whatever its peer does: its own size and all that
    /// it holds on the heap, in octets.
    ///
    /// On top comes what is the caller's own doing:
    ///
    /// * what it queues: bodies and field lists, 48 octets for each item beyond one a stream, or twice that since the
    ///   memory for items doubles as it grows, and a field list of more than 200 octets once more while it is written;
    /// * its own frames of SETTINGS, priorities and extensions until they are written;
    /// * what settings of its own allow the peer beyond this configuration, those of
    ///   [`client_with_settings`](Connection::client_with_settings) and
    ///   [`update_settings`](Connection::update_settings): a larger table, more streams, or pushes where
    ///   [`enable_push`](Self::enable_push) is `false`. A client allows these by leaving SETTINGS_ENABLE_PUSH out: up to
    ///   [`max_reserved_streams`](Self::max_reserved_streams) and
    ///   [`max_concurrent_streams`](Self::max_concurrent_streams) more.
    ///
    /// Events are the caller's once they are told; a field list in one never holds more memory than
    /// [`Fields::list_octets`](crate::Fields::list_octets) says.
    ///
    /// Buffers grow up to their most, and a list is cut to its size when it is told. An allocator that has to move
    /// a buffer for that holds it twice for a moment; that is counted for lists where they may have more than 2,048
    /// octets, and for nothing else.
    ///
    /// The terms, with S for [`max_concurrent_streams`](Self::max_concurrent_streams) and
    /// [`max_pushes`](Self::max_pushes), or [`max_open_streams`](Self::max_open_streams) and what may be pushed, in the
    /// role that takes more:
    ///
    /// * the [`Connection`] itself: its size;
    /// * decoder: [`header_table_size`](Self::header_table_size), or the 4,096 that the peer may use until it has
    ///   acknowledged our SETTINGS, if that is more;
    /// * a field list under way, with a field at its end that is not whole:
    ///   [`max_header_list_size`](Self::max_header_list_size), or half of the decoder's table if that is more, for a
    ///   field that goes there though the list is too large; and [`max_header_list_size`](Self::max_header_list_size)
    ///   once more, if that is more than 2,048, while a list is moved;
    /// * encoder: [`encoder_table_size`](Self::encoder_table_size), and 10 octets for look-ups for each 32
    ///   of them, their number as a power of two, from 16 to 2,048;
    /// * lists in which cookies are joined: twice [`max_header_list_size`](Self::max_header_list_size), if they are;
    /// * lists given back by [`recycle`](Connection::recycle), and those of which the caller got a copy: 5/32 of one;
    /// * a frame that is not whole, and what is told of it: each 6 times
    ///   [`max_settings_entries`](Self::max_settings_entries), [`max_debug_octets`](Self::max_debug_octets) and 8, or
    ///   [`max_extension_octets`](Self::max_extension_octets), whichever is most;
    /// * control frames that wait: [`max_reply_octets`](Self::max_reply_octets), 13 for each of
    ///   [`max_concurrent_streams`](Self::max_concurrent_streams) and each stream of our own, and 270;
    /// * output: 5/4 [`write_buffer_size`](Self::write_buffer_size);
    /// * streams: about 256 S, and 4 for each of [`remembered_streams`](Self::remembered_streams);
    /// * PINGs and SETTINGS under way: 168.
    ///
    /// ```
    /// use sans_h2::Config;
    ///
    /// assert!(Config::default().max_memory() <= 88 * 1024);
    /// assert!(Config::embedded().max_memory() <= 12 * 1024);
    /// ```
    pub const fn max_memory(&self) -> usize {
        let list = self.max_header_list_size() as usize;
        let joined = if self.join_cookies() { list.saturating_mul(2) } else { 0 };
        let (server, client) = (self.max_role_memory(Role::Server), self.max_role_memory(Role::Client));
        let moved = if list > UNCOUNTED_MOVE { list } else { 0 };
        size_of::<Connection>()
            .saturating_add(Decoder::max_memory(self.most_table_size(), list))
            .saturating_add(Encoder::max_memory(self.encoder_table_size()))
            .saturating_add(moved)
            .saturating_add(joined)
            .saturating_add(Spare::max_memory(self))
            .saturating_add(self.max_frame_octets().saturating_mul(2))
            .saturating_add(Batch::max_memory(self.write_buffer_size() as usize))
            .saturating_add(if server > client { server } else { client })
            .saturating_add(Pings::MAX_MEMORY)
            .saturating_add(Local::MAX_MEMORY)
    }

    /// The terms that depend on how many streams there are of which end.
    const fn max_role_memory(&self, role: Role) -> usize {
        let (own, peer) = (self.max_own_streams(role) as usize, self.max_peer_streams(role) as usize);
        let streams = self.max_streams(role);
        let held = if self.hold_reset_streams() { Store::max_held_memory(streams) } else { 0 };
        control::max_memory(self, role)
            .saturating_add(Store::max_memory(own, peer, self.remembered_streams() as usize))
            .saturating_add(held)
            .saturating_add(Prioritized::max_memory(streams))
    }

    /// The most that the peer's table can have: the protocol's own size until the peer has acknowledged ours
    /// (RFC 9113 §6.5.3).
    const fn most_table_size(&self) -> u32 {
        let initial = Values::INITIAL.header_table_size;
        if self.header_table_size() > initial { self.header_table_size() } else { initial }
    }

    /// The longest payload that is kept until it is whole.
    const fn max_frame_octets(&self) -> usize {
        let settings = (self.max_settings_entries() as usize).saturating_mul(Settings::ENTRY_OCTETS);
        let debug = (self.max_debug_octets() as usize).saturating_add(8);
        let extension = self.max_extension_octets() as usize;
        let most = if settings > debug { settings } else { debug };
        if most > extension { most } else { extension }
    }
}

impl Connection {
    /// The heap memory that the connection holds, in octets, without the bodies and field lists that the caller queued.
    ///
    /// ```
    /// use sans_h2::{Config, Connection};
    ///
    /// let server = Connection::server(Config::default());
    /// assert!(size_of::<Connection>() + server.memory_used() <= 4 * 1024);
    /// ```
    pub fn memory_used(&self) -> usize {
        [
            self.reader.memory_used(),
            self.held.as_ref().map_or(0, Raw::memory_used),
            self.decoder.memory_used(),
            self.encoder.memory_used(),
            self.spare.memory_used(),
            self.local.memory_used(),
            self.streams.memory_used(),
            self.prioritized.memory_used(),
            self.control.capacity(),
            self.batch.memory_used(),
            self.pings.memory_used(),
            self.incoming.memory_used(),
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }
}

/// Most field sections are smaller, and what they take twice for a moment is not worth stating.
const UNCOUNTED_MOVE: usize = 2_048;
