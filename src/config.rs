//! Every knob of a connection: what it means, its unit, its default and why.

use crate::error::ConfigError;
use crate::id::Role;

macro_rules! knobs {
    ($($(#[$doc:meta])+ $name:ident: $type:ty = $default:literal $(in $least:literal..=$most:literal)?;)+) => {
        /// The settings and limits of one connection, checked when it was built.
        ///
        /// ```
        /// use sans_h2::Config;
        ///
        /// let config = Config::builder().max_concurrent_streams(250).initial_window_size(1 << 20).build()?;
        /// assert_eq!(config.max_concurrent_streams(), 250);
        /// assert_eq!(config.max_frame_size(), 16_384);
        ///
        /// let error = Config::builder().max_frame_size(100).build().unwrap_err();
        /// assert_eq!(error.to_string(), "max_frame_size is 100, which is not within 16384 to 16777215");
        /// # Ok::<(), sans_h2::ConfigError>(())
        /// ```
        ///
        /// # What is fixed
        ///
        /// Some limits are no fields, since no other value of theirs would serve anyone better. Beside
        /// [`max_noise`](Self::max_noise), counted in frames:
        ///
        /// * 256 octets of DATA that somebody wanted, in either direction, earn one frame back, and an exchange that
        ///   ends regularly 64: useful work pays for the control frames that go with it, so no honest peer runs out.
        /// * A second earns 330: thirty seconds of silence pay for all of the default.
        /// * WINDOW_UPDATE costs nothing up to 5, and 2 for each stream and 20 for each DATA frame sent: a peer that
        ///   gives credit for each frame, on the stream and on the connection, is far within. What comes beyond is a
        ///   WINDOW_UPDATE flood.
        ///
        /// Beside [`max_resets`](Self::max_resets), counted in streams:
        ///
        /// * An exchange that ends regularly earns two back: a peer may cancel two of three requests for ever.
        /// * A second earns 33: Rapid Reset gets no further than that, a page that is left with all that it was
        ///   loading is paid for in seconds.
        ///
        /// Beside [`max_header_list_size`](Self::max_header_list_size), [`max_header_fields`](Self::max_header_fields)
        /// and [`max_field_block_size`](Self::max_field_block_size):
        ///
        /// * 4 times the octets, and 10 times the fields, end the connection: up to there a section is decoded, to keep
        ///   the tables in step, and thrown away; beyond, that is work for an HPACK bomb and nothing else. No name and
        ///   no value is longer than the former.
        /// * 5 octets for an integer of HPACK, which hold all of 32 bits: more are padding without end, or overflow.
        /// * 2 changes of the table's size in one block, the smallest and the last (RFC 7541 §4.2): more are work for
        ///   nothing.
        ///
        /// Beside [`send_buffer_size`](Self::send_buffer_size), against windows that are opened by an octet each, again
        /// and again, by SETTINGS, which cost the peer one frame for all streams (data dribble):
        ///
        /// * 1,024 octets of a window are useful: a stream whose window SETTINGS have opened by less waits for more.
        /// * 100 DATA frames that carry less may go out nevertheless, which one SETTINGS frame for 100 streams can
        ///   call for. 1,024 octets of DATA sent earn one back, a second 33.
        ///
        /// Beside [`update_settings`](crate::Connection::update_settings) and [`ping`](crate::Connection::ping):
        ///
        /// * 4 SETTINGS frames of ours may wait for their acknowledgement, and 4 PINGs of the caller's for their
        ///   answer: a peer that never answers must not make what is remembered of them grow. One more is refused
        ///   ([`TooManyPending`](crate::ControlError::TooManyPending)).
        ///
        /// Beside [`max_concurrent_streams`](Self::max_concurrent_streams):
        ///
        /// * 13 octets of replies for each stream, on top of [`max_reply_octets`](Self::max_reply_octets): one
        ///   RST_STREAM each, which the peer's own limit accounts for.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct Config {
            $($name: $type,)+
        }

        impl Default for Config {
            fn default() -> Self {
                Self::DEFAULT_BUILDER.config
            }
        }

        impl Config {
            const DEFAULT_BUILDER: ConfigBuilder = ConfigBuilder { config: Self { $($name: $default,)+ } };

            /// Starts from the defaults.
            pub const fn builder() -> ConfigBuilder {
                Self::DEFAULT_BUILDER
            }

            /// Starts from this configuration.
            pub const fn to_builder(&self) -> ConfigBuilder {
                ConfigBuilder { config: Self { $($name: self.$name,)+ } }
            }

            $($(#[$doc])+ pub const fn $name(&self) -> $type {
                self.$name
            })+
        }

        /// Always one that [`build`](ConfigBuilder::build) would take; about half of its values are the defaults.
        #[cfg(feature = "arbitrary")]
        impl<'a> ::arbitrary::Arbitrary<'a> for Config {
            fn arbitrary(u: &mut ::arbitrary::Unstructured<'a>) -> ::arbitrary::Result<Self> {
                Ok(Self { $($name: knobs!(@arbitrary u, $default $(, $least, $most)?),)+ })
            }
        }

        /// Collects the values of a [`Config`] and checks their ranges at the end.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
        pub struct ConfigBuilder {
            config: Config,
        }

        impl ConfigBuilder {
            $($(#[$doc])+ #[must_use] pub const fn $name(mut self, value: $type) -> Self {
                self.config.$name = value;
                self
            })+

            /// The finished configuration.
            ///
            /// # Errors
            ///
            /// The first value that is outside its range.
            pub fn build(self) -> Result<Config, ConfigError> {
                $($(within(stringify!($name), self.config.$name, $least, $most)?;)?)+
                Ok(self.config)
            }
        }

        /// Name, setter, default, least and most of each that has a range.
        #[cfg(test)]
        const RANGES: &[(&str, fn(ConfigBuilder, u32) -> ConfigBuilder, u32, u32, u32)] =
            &[$($((stringify!($name), ConfigBuilder::$name, $default, $least, $most),)?)+];

        /// Each knob, changed alone.
        #[cfg(test)]
        fn each_changed_alone() -> alloc::vec::Vec<tests::Knob> {
            use alloc::string::ToString;

            alloc::vec![$({
                let other = knobs!(@other $default $(, $least, $most)?);
                let changed = Config::builder().$name(other).build().expect("it is within its range");
                let [default, other] = [$default.to_string(), other.to_string()];
                tests::Knob { name: stringify!($name), default, other, changed }
            },)+]
        }
    };
    // What follows is one knob, by its default, and its range if it has one.
    (@arbitrary $u:ident, $default:literal, $least:literal, $most:literal) => {
        arbitrary_within($u, $default, $least, $most)?
    };
    (@arbitrary $u:ident, $default:literal) => {
        arbitrary_within($u, u32::from($default), 0, 1)? == 1
    };
    (@other $default:literal, $least:literal, $most:literal) => {
        if $default == $least { $most } else { $least }
    };
    (@other $default:literal) => {
        !$default
    };
}

knobs! {
    /// Octets of the dynamic table that the peer's field blocks may use; SETTINGS_HEADER_TABLE_SIZE
    /// (RFC 9113 §6.5.2). Default 4,096, the protocol's own: a larger table saves few octets, costs memory, and holds
    /// fatter entries for an HPACK bomb to repeat by an octet each.
    header_table_size: u32 = 4_096 in 0..=1_048_576;

    /// The most octets of dynamic table that our own field blocks use, however much the peer allows. Default 4,096:
    /// a peer's SETTINGS_HEADER_TABLE_SIZE, of 4 GiB say, must not size our memory.
    encoder_table_size: u32 = 4_096 in 0..=1_048_576;

    /// How many streams the peer may have open at once; SETTINGS_MAX_CONCURRENT_STREAMS. Enforced from the first octet:
    /// a stream above it is refused, which is safe to retry. Default 100, the least that RFC 9113 §6.5.2 recommends:
    /// most of a connection's memory grows with it. Against floods of requests, and against peers that never
    /// acknowledge our SETTINGS so that no limit should hold yet.
    max_concurrent_streams: u32 = 100 in 0..=1_000_000;

    /// How many requests a client may have open or waiting at once. Those that the server's limit does not admit yet
    /// wait for their turn. Default 100, what most servers take: against servers that answer late or never, behind
    /// which requests would pile up.
    max_open_streams: u32 = 100 in 1..=1_000_000;

    /// How many responses a server may have promised or be pushing at once. Default 8: a page has few that are worth
    /// it, and each is pinned by a client that does not read (slow read).
    max_pushes: u32 = 8 in 0..=1_000_000;

    /// How many streams this end opens before the peer's first SETTINGS say how many it takes at once; the others wait.
    /// Default 100, which most servers take (RFC 9113 §6.5.2). With 1, none is ever refused for want of knowing.
    max_early_streams: u32 = 100 in 0..=1_000_000;

    /// Whether requests may carry `:protocol`; SETTINGS_ENABLE_CONNECT_PROTOCOL, which only a server sends (RFC 8441
    /// §3). Default `false`: the caller must know what to do with a tunnel.
    enable_connect_protocol: bool = false;

    /// Whether the server may push; SETTINGS_ENABLE_PUSH, which only a client sends (RFC 9113 §8.4). Default `false`:
    /// few callers want responses that nobody asked for, and without them a PUSH_PROMISE flood is over at its first
    /// frame.
    enable_push: bool = false;

    /// How many streams the server may have promised and not begun to answer. More are refused. Default 100, as many as
    /// may be open: a promise costs a server nothing and reserves a stream here (PUSH_PROMISE flood).
    max_reserved_streams: u32 = 100 in 0..=1_000_000;

    /// The longest payload of an extension frame that is looked at, in octets; longer ones are skipped unread. Default
    /// 256, which every PRIORITY_UPDATE fits; ALTSVC and ORIGIN frames can need more. Against giant frames of these
    /// types, and sets of origins without end (RFC 8336 §4).
    max_extension_octets: u32 = 256 in 0..=65_536;

    /// Whether the transport is clear text: a client ignores ORIGIN frames there (RFC 8336 §2.2). Default `false`.
    clear_text: bool = false;

    /// Whether frames of types that the engine does not know are told as [`Event::Extension`](crate::Event::Extension).
    /// Default `false`: they are ignored (RFC 9113 §5.5).
    report_unknown_frames: bool = false;

    /// Whether every frame is told as [`Event::Frame`](crate::Event::Frame): for traces, and for callers that want to
    /// know of padding, old priorities or where frames begin. Default `false`: few do.
    report_frames: bool = false;

    /// Whether a malformed request is answered with status 400 before its stream is reset (RFC 9113 §8.2.1). Default
    /// `false`: a client that breaks the protocol costs no more than a reset.
    answer_malformed: bool = false;

    /// Whether the names and values of fields are held to the least alone that RFC 9113 §8.2.1 demands of everyone, in
    /// both directions: names are of visible ASCII without upper case and colon, and not empty; values have no NUL, CR
    /// and LF, and no space or tab at an end. Default `false`, the grammar of RFC 9110 §5.1 and §5.5, as §8.2.1
    /// recommends: names are tokens, values have no control character but tabs. For an intermediary between peers that
    /// use such octets, if it checks again what it hands to HTTP/1.1 or to a program. The values of pseudo-header
    /// fields keep their own rules.
    minimal_field_checks: bool = false;

    /// Whether `host` may name another server than `:authority`, in both directions. Default `false`: such a request is
    /// malformed, as RFC 9113 §8.3.1 recommends, lest two ends route it differently. For a server that compares them in
    /// its own way, and for an intermediary that writes `host` anew or passes it on as it came, which §8.3.1 allows.
    /// More than one `host` is refused in any case.
    allow_differing_host: bool = false;

    /// Whether `:authority` may be anything that ends where an authority does, in both directions: visible octets but
    /// `/`, `?` and `#`. Default `false`: it is a host, perhaps with a port, in the grammar of RFC 3986 §3.2. For those
    /// whose names are in another grammar, such as IPv6 addresses with zones or names in UTF-8, and that read them
    /// themselves; RFC 9113 §8.3.1 demands of it no more than what holds in any case: with `http` and `https` it has a
    /// host and no user name. CONNECT without `:protocol` names a host and a port in any case (§8.5).
    allow_any_authority: bool = false;

    /// Whether the `cookie` fields of a received section are put together into one (RFC 9113 §8.2.3). Default `false`:
    /// fields are told as they came.
    join_cookies: bool = false;

    /// Whether `cookie` fields are split on sending, so that each part is indexed by itself (RFC 9113 §8.2.3). Default
    /// `false`.
    split_cookies: bool = false;

    /// Whether the priority signals of RFC 7540 mean nothing to this end; SETTINGS_NO_RFC7540_PRIORITIES (RFC 9218
    /// §2.1). The engine ignores them in any case. Default `false`: the setting is left out.
    no_rfc7540_priorities: bool = false;

    /// Octets that a stream may receive before the caller releases some; SETTINGS_INITIAL_WINDOW_SIZE. Default
    /// 65,535, the protocol's own. With 0 nothing is received until the setting is changed. The engine keeps none of
    /// them: against uploads faster than the caller can store them.
    initial_window_size: u32 = 65_535 in 0..=2_147_483_647;

    /// Octets that all streams together may receive before the caller releases some (RFC 9113 §6.9.2). Default 1 MiB,
    /// so that a few slow streams do not stop the others. Below 65,535 the engine holds credit back until the peer has
    /// used up the protocol's initial window. Against uploads on all streams at once: it is the most that a caller has
    /// to store.
    connection_window_size: u32 = 1_048_576 in 1..=2_147_483_647;

    /// The longest frame payload that is accepted, in octets; SETTINGS_MAX_FRAME_SIZE. Default 16,384, the
    /// protocol's own. DATA is lent in pieces, so a larger value costs no memory here. Against giant frames: those who
    /// wait for whole frames have to store them, and other streams wait behind them.
    max_frame_size: u32 = 16_384 in 16_384..=16_777_215;

    /// The largest field section that is accepted, in octets, counted as RFC 9113 §6.5.2 does (32 for each field beside
    /// its own); SETTINGS_MAX_HEADER_LIST_SIZE. A larger one is decoded and thrown away, and its stream reset; one over
    /// four times as large ends the connection. Default 16 KiB, several times what browsers send: against the HPACK
    /// bomb, whose single octets repeat an entry of kilobytes.
    max_header_list_size: u32 = 16_384 in 256..=16_777_216;

    /// The most fields that a section may have, each cookie crumb counted. More reset the stream; ten times as many
    /// end the connection. Default 100, several times what browsers send: against the HTTP/2 bomb, thousands of small
    /// fields repeated by one octet each, and cookies cut into crumbs.
    max_header_fields: u32 = 100 in 8..=100_000;

    /// The most octets of one encoded field block, over all of its frames. More end the connection. Default 64 KiB, as
    /// large as a list that ends the connection: against the CONTINUATION flood, whose block never ends and must be
    /// decoded to the end.
    max_field_block_size: u32 = 65_536 in 1_024..=67_108_864;

    /// The most CONTINUATION frames of one field block, empty ones included. More end the connection. Default 8: three
    /// frames of 16 KiB complete the largest block. Against the CONTINUATION flood of small and empty frames, which no
    /// count of octets notices.
    max_continuations: u32 = 8 in 0..=1_000_000;

    /// The most interim responses (100 to 199) that a stream may get before the final one. More reset the stream.
    /// Default 16: servers send one or two. Against servers that send 1xx responses for ever.
    max_interim_responses: u32 = 16 in 0..=255;

    /// The most entries of one SETTINGS frame. More end the connection. Default 32, several times what is registered:
    /// against SETTINGS floods by large frames, of which each entry is work (CVE-2020-11080).
    max_settings_entries: u32 = 32 in 8..=2_730;

    /// The octets of a GOAWAY frame's debug data that are kept for the caller; the rest is skipped. Default 256, enough
    /// for a line in a log: against GOAWAY frames full of debug data.
    max_debug_octets: u32 = 256 in 0..=16_376;

    /// How many octets of frames the engine writes at once, bodies by reference aside: the room for frame heads, field
    /// blocks, control frames and tiny bodies behind which [`output`](crate::Connection::output) lends the bodies.
    /// Default 4 KiB; servers of small responses gain by more. Nothing is written ahead of it: against slow readers.
    write_buffer_size: u32 = 4_096 in 1_024..=1_048_576;

    /// How many octets of automatic replies (acknowledgements, PONGs, resets) may wait for
    /// [`output`](crate::Connection::output), beyond one reset for each stream that the peer may have open. A peer that
    /// causes more ends the connection. Default 4 KiB, the answers to 240 PINGs: against PING and SETTINGS floods by
    /// peers that never read the answers (CVE-2019-9512, CVE-2019-9515).
    max_reply_octets: u32 = 4_096 in 64..=1_048_576;

    /// How many frames without use the peer may send: PING, SETTINGS, PRIORITY and PRIORITY_UPDATE, GOAWAY, frames of
    /// unknown types, empty DATA, frames on streams that are over, and WINDOW_UPDATE beyond what the traffic calls for.
    /// Not DATA with content on a stream that we have reset: an honest peer sends all that its windows allow before it
    /// hears of that. One more ends the connection. 256 octets of DATA in either direction earn one back, a finished
    /// exchange 64, a second 330, if [`poll`](crate::Connection::poll) is told the time. Default 10,000: an attack is
    /// over in a moment, an honest peer never comes near. Against floods of all these frames: PING flood
    /// (CVE-2019-9512), SETTINGS flood (CVE-2019-9515), priority churn (CVE-2019-9513), empty frames (CVE-2019-9518).
    max_noise: u32 = 10_000 in 1..=1_000_000_000;

    /// How many streams may end before their time: reset by the peer before our message was over, reset for what the
    /// peer did wrong, or refused. One more ends the connection. A finished exchange earns two back, a second 33.
    /// Default 1,000: a peer that cancels two of three requests can go on for ever, one that opens streams only to
    /// reset them cannot (Rapid Reset), nor one that makes us reset or refuse them (MadeYouReset).
    max_resets: u32 = 1_000 in 1..=1_000_000_000;

    /// Whether overdrawing [`max_noise`](Self::max_noise) or [`max_resets`](Self::max_resets) ends the connection.
    /// Default `true`. With `false`, [`Event::OverBudget`](crate::Event::OverBudget) tells that it would have, and the
    /// budget is filled again: to find out what is right for honest peers.
    enforce_budgets: bool = true;

    /// Whether a stream of the peer's that was reset counts as open until the caller
    /// [acknowledges](crate::Connection::acknowledge_reset) that. Default `false`: most callers drop the work at once.
    /// With `true`, a caller whose work is slow to cancel never has more of it in hand than
    /// [`max_concurrent_streams`](Self::max_concurrent_streams), however fast a Rapid Reset or MadeYouReset comes.
    hold_reset_streams: bool = false;

    /// How many octets of DATA, in both directions together, bring a stream forward as seen by
    /// [`Connection::progress`](crate::Connection::progress). Default 16 KiB, against peers that hold streams open by
    /// windows that stay shut (slow read, window stall), and by octets that come one at a time (data dribble): 10,000
    /// of them are no progress. A host that looks every five seconds gives up streams that are slower than 3 KiB a
    /// second.
    stall_floor: u32 = 16_384 in 1..=2_147_483_647;

    /// How many octets of body a stream takes from the caller before it is full. One chunk may overshoot it; the
    /// chunks are kept by reference. Default 64 KiB, a window's worth: against peers that open huge windows and do not
    /// read, for whom responses would pile up (internal data buffering, CVE-2019-9517).
    send_buffer_size: u32 = 65_536 in 1..=2_147_483_647;

    /// How many ended streams are remembered one by one, so that late frames on them are told from errors
    /// (RFC 9113 §5.1). Default 100, a round trip's worth at the stream limit: against resets whose streams would be
    /// remembered for ever (CVE-2023-45802), and against answers to frames that answer ours.
    remembered_streams: u32 = 100 in 0..=1_024;
}

impl Config {
    /// The least that still works with the servers and clients at large: a few streams, short field sections, small
    /// tables. A connection takes 12 KiB at most, of which 4 are a table that its peer may use until it knows the
    /// settings.
    ///
    /// Tables of 512 and 320 octets still spare most of what requests repeat. Bodies flow in windows of 8 KiB, of which
    /// the engine keeps nothing.
    pub const fn embedded() -> Self {
        Self::DEFAULT_BUILDER
            .header_table_size(512)
            .encoder_table_size(320)
            .max_concurrent_streams(4)
            .max_open_streams(4)
            .max_early_streams(4)
            .max_pushes(0)
            .max_reserved_streams(0)
            .initial_window_size(8_192)
            .connection_window_size(32_768)
            .max_header_list_size(2_048)
            .max_header_fields(32)
            .max_field_block_size(4_096)
            .max_settings_entries(12)
            .max_extension_octets(64)
            .max_debug_octets(32)
            .max_reply_octets(192)
            .write_buffer_size(1_024)
            .send_buffer_size(4_096)
            .remembered_streams(16)
            .config
    }

    /// For one connection that carries the traffic of many users: thousands of streams, wide windows, large tables,
    /// and budgets to match.
    pub const fn proxy() -> Self {
        Self::DEFAULT_BUILDER
            .header_table_size(16_384)
            .encoder_table_size(16_384)
            .max_concurrent_streams(4_000)
            .max_open_streams(4_000)
            .initial_window_size(262_144)
            .connection_window_size(16_777_216)
            .max_header_list_size(65_536)
            .max_header_fields(200)
            .max_field_block_size(262_144)
            .max_reply_octets(65_536)
            .write_buffer_size(65_536)
            .send_buffer_size(262_144)
            .remembered_streams(1_024)
            .max_noise(100_000)
            .max_resets(10_000)
            .config
    }

    /// The size of a field section that ends the connection.
    pub(crate) const fn hard_header_list_size(&self) -> u32 {
        self.max_header_list_size.saturating_mul(4)
    }

    /// What field lists that wait to be used again may hold, in octets.
    pub(crate) const fn max_spare_octets(&self) -> usize {
        self.max_header_list_size as usize / 8
    }

    /// How many streams there can be at once, of both ends.
    pub(crate) const fn max_streams(&self, role: Role) -> usize {
        self.max_own_streams(role).saturating_add(self.max_peer_streams(role)) as usize
    }

    /// How many of the peer's streams there can be at once.
    pub(crate) const fn max_peer_streams(&self, role: Role) -> u32 {
        match role {
            Role::Server => self.max_concurrent_streams,
            Role::Client if self.enable_push => {
                self.max_reserved_streams.saturating_add(self.max_concurrent_streams)
            }
            Role::Client => 0,
        }
    }

    /// How many of our own streams there can be at once.
    pub(crate) const fn max_own_streams(&self, role: Role) -> u32 {
        match role {
            Role::Server => self.max_pushes,
            Role::Client => self.max_open_streams,
        }
    }

    /// The number of fields that ends the connection.
    pub(crate) const fn hard_header_fields(&self) -> u32 {
        self.max_header_fields.saturating_mul(10)
    }
}

/// Checks one value against its range.
pub(crate) const fn within(name: &'static str, value: u32, least: u32, most: u32) -> Result<(), ConfigError> {
    if least <= value && value <= most { Ok(()) } else { Err(ConfigError { name, value, least, most }) }
}

/// The default, an end of the range, or a value between them, of any order of magnitude.
#[cfg(feature = "arbitrary")]
fn arbitrary_within(
    u: &mut ::arbitrary::Unstructured<'_>,
    default: u32,
    least: u32,
    most: u32,
) -> ::arbitrary::Result<u32> {
    match u.arbitrary::<u8>()? {
        0..=127 => Ok(default),
        128..=159 => Ok(least),
        160..=175 => Ok(most),
        choice => {
            let above = u.arbitrary::<u32>()? >> (choice % 32);
            Ok(least.saturating_add(above).min(most))
        }
    }
}

/// Sizes of 32 bits are cast to `usize` all over the crate.
const _: () = assert!(usize::BITS >= u32::BITS, "targets with addresses of 16 bits are not supported");

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    /// A knob that is set to another value than its default.
    pub(super) struct Knob {
        pub(super) name: &'static str,
        pub(super) default: String,
        pub(super) other: String,
        pub(super) changed: Config,
    }

    #[test]
    fn the_defaults_are_within_their_ranges() {
        assert_eq!(Config::builder().build(), Ok(Config::default()));
        for preset in [Config::embedded(), Config::proxy()] {
            assert_eq!(preset.to_builder().build(), Ok(preset));
        }
    }

    #[test]
    fn every_value_out_of_range_is_refused_by_name() {
        for &(name, set, default, least, most) in RANGES {
            let build = |value| set(Config::builder(), value).build();
            assert_eq!(build(default), Ok(Config::default()), "{name}");
            for value in [least, most] {
                assert!(build(value).is_ok(), "{name} of {value}");
            }
            for value in [least.checked_sub(1), most.checked_add(1), Some(u32::MAX)].into_iter().flatten() {
                assert_eq!(build(value), Err(ConfigError { name, value, least, most }));
            }
        }
    }

    #[cfg(feature = "arbitrary")]
    #[test]
    fn arbitrary_values_are_the_defaults_or_within_their_ranges() {
        use ::arbitrary::{Arbitrary, Unstructured};

        let config = |octet: u8| Config::arbitrary(&mut Unstructured::new(&[octet; 64])).unwrap();
        assert_eq!(config(0), Config::default());
        let (least, most) = (config(0x80), config(0xa0));
        let switches = |config: &Config| [config.enable_push(), config.enforce_budgets()];
        assert_eq!((switches(&least), switches(&most)), ([false; 2], [true; 2]));
        assert_eq!((least.max_frame_size(), most.max_frame_size()), (16_384, 16_777_215));
    }

    /// A setter that changed another value would pass the test of ranges.
    #[test]
    fn each_value_is_its_own() {
        let defaults = format!("{:?}", Config::default());
        for Knob { name, default, other, changed } in each_changed_alone() {
            let expected = defaults.replacen(&format!(" {name}: {default}"), &format!(" {name}: {other}"), 1);
            assert_ne!(expected, defaults);
            assert_eq!(format!("{changed:?}"), expected);
        }
    }
}
