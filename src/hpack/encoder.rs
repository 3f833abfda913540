use alloc::vec::Vec;
use core::fmt;

use super::hash::{hash_field, hash_name};
use super::huffman::Bits;
use super::lookup::{Hashes, Lookup};
use super::table::{Inserted, Table};
use super::{DEFAULT_TABLE_LIMIT, huffman, integer};
use crate::fields::{Field, Fields, Huffman, Indexing, Literal, Record, STATIC_TABLE, StaticIndex, cookies};

/// Encodes field sections for one connection.
///
/// Its blocks depend on each other: they must reach the peer all and in order. What [`Indexing::Auto`] becomes is
/// chosen here: fields that tend to repeat go into the dynamic table, those that would only push others out do not
/// before they have repeated, and credentials are never indexed. The strings of a literal are coded as the field's
/// [`Huffman`] says.
///
/// ```
/// use sans_h2::Fields;
/// use sans_h2::hpack::{Decoder, Encoder};
///
/// let fields = Fields::request("GET", "https", "example.com", "/").with("accept", "text/html");
/// let mut encoder = Encoder::new(4096);
/// let (mut first, mut second) = (Vec::new(), Vec::new());
/// encoder.encode(&fields, &mut first);
/// encoder.encode(&fields, &mut second);
/// assert_eq!(second.len(), 5); // one octet a field
///
/// let mut decoder = Decoder::new(4096);
/// for block in [first, second] {
///     let mut decoded = Fields::new();
///     decoder.decode(&block, &mut decoded)?;
///     decoder.finish()?;
///     assert_eq!(decoded, fields);
/// }
/// # Ok::<(), sans_h2::Violation>(())
/// ```
#[derive(Clone)]
pub struct Encoder {
    table: Table,
    lookup: Lookup,
    repeats: Repeats,
    sizes: Sizes,
}

impl Encoder {
    /// An encoder whose dynamic table has at most `table_cap` octets, whatever the peer allows.
    ///
    /// The peer's limit is 4,096 octets until [`set_table_limit`](Self::set_table_limit). A smaller cap is told to the
    /// peer at the start of the first block. Nothing is allocated before the first field is indexed.
    pub fn new(table_cap: u32) -> Self {
        let sizes = Sizes::new(table_cap);
        let table = Table::new(sizes.wanted);
        Self { table, lookup: Lookup::default(), repeats: Repeats::default(), sizes }
    }

    /// Takes a new SETTINGS_HEADER_TABLE_SIZE of the peer, in octets, in force from the next block on.
    ///
    /// That block starts with the table size updates that RFC 7541 §4.2 asks for.
    pub fn set_table_limit(&mut self, octets: u32) {
        self.sizes.set_limit(octets);
        self.table.set_max(self.sizes.wanted);
    }

    /// Appends one whole field block to `out`.
    ///
    /// ```
    /// use sans_h2::{Fields, hpack::Encoder};
    ///
    /// let mut block = Vec::new();
    /// Encoder::new(4096).encode(&Fields::response(204), &mut block);
    /// assert_eq!(block, [0x89]);
    /// ```
    pub fn encode<'a>(&mut self, fields: impl IntoIterator<Item = Field<'a>>, out: &mut Vec<u8>) {
        self.sizes.write(out);
        for field in fields {
            self.encode_next(&Record::to_encode(&field), out);
        }
    }

    /// The same with the fields of a list, each cookie split into its crumbs.
    pub(crate) fn encode_crumbs(&mut self, fields: &Fields, out: &mut Vec<u8>) {
        self.sizes.write(out);
        for field in fields.records().flat_map(cookies::split) {
            self.encode_next(&field.with_first_index(), out);
        }
    }

    /// The same with the fields of a list as they are. They lie like the entries of the table: most are where they were
    /// in the last list, and need no more than a comparison.
    pub(crate) fn encode_list(&mut self, fields: &Fields, out: &mut Vec<u8>) {
        self.sizes.write(out);
        let mut records = fields.records();
        while !records.is_empty() {
            if let Some(entry) = records.skip_whole() {
                write_static(entry, out);
                continue;
            }
            match self.lookup.guess(&self.table) {
                Some(guess) if records.skip_field(guess.entry) => {
                    write_dynamic(self.lookup.confirm(guess), out);
                }
                Some(_) | None => match records.next() {
                    Some(record) => self.encode_record(&record.with_first_index(), out),
                    None => return,
                },
            }
        }
    }

    /// The size of the dynamic table in octets, as RFC 7541 §4.1 counts it.
    pub const fn table_octets(&self) -> usize {
        self.table.size()
    }

    /// The entries of the dynamic table, from the newest to the oldest.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.table.iter()
    }

    /// The heap memory in use, in octets.
    pub fn memory_used(&self) -> usize {
        self.table.memory_used().saturating_add(self.lookup.memory_used())
    }

    /// The most that [`memory_used`](Self::memory_used) can be.
    pub(crate) const fn max_memory(table_cap: u32) -> usize {
        let cap = table_cap as usize;
        Table::max_memory(cap).saturating_add(Lookup::max_memory(cap))
    }

    /// A field of a list that is not where it was in the last one, or does not lie like the entry. Here and below, its
    /// index is the first of its name.
    #[inline(never)]
    fn encode_record(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        match entry_of(record) {
            Some(entry) => write_static(entry, out),
            None => self.encode_other(record, out),
        }
    }

    /// A field that may be where it was in the last list.
    #[inline(always)]
    fn encode_next(&mut self, field: &Record<'_>, out: &mut Vec<u8>) {
        if let Some(entry) = entry_of(field) {
            return write_static(entry, out);
        }
        // An entry that was asked for in the same way is no secret.
        match self.lookup.guess(&self.table) {
            Some(guess) if guess.entry.is(field) => write_dynamic(self.lookup.confirm(guess), out),
            Some(_) | None => self.encode_other(field, out),
        }
    }

    /// A field that is not in the static table, or a secret. Each [`encode`](Self::encode) has a copy, which keeps the
    /// field in registers; connections have one in all.
    #[inline(always)]
    fn encode_other(&mut self, field: &Record<'_>, out: &mut Vec<u8>) {
        let hashes = Hashes::of(field);
        let literal = if is_secret(field) {
            Literal::Never
        } else if let Some(nth) = self.lookup.find_field(&self.table, field, hashes.field) {
            return write_dynamic(nth, out);
        } else {
            self.choose_literal(Wish::of(field), field, hashes.field)
        };
        write_literal(literal, self.find_name(field, hashes.name), field, out);
        if literal == Literal::Incremental {
            self.insert(field, hashes);
        }
    }

    /// The least index of a field's name in the tables, if any has it.
    fn find_name(&self, field: &Record<'_>, hash: u64) -> Option<usize> {
        match field.index {
            Some(index) => Some(index.octet().into()),
            None => self.lookup.find_name(&self.table, field.name, hash).map(dynamic_index),
        }
    }

    fn choose_literal(&mut self, wish: Wish, field: &Record<'_>, hash: u64) -> Literal {
        let fits = || {
            Field::accounted(field.name.len(), field.value.len()) <= (self.table.max() / 4).saturating_mul(3)
        };
        match wish {
            Wish::Without => Literal::Without,
            Wish::Always => Literal::Incremental,
            Wish::IfFits if fits() => Literal::Incremental,
            Wish::IfRepeated if fits() && self.repeats.has_or_add(hash) => Literal::Incremental,
            Wish::IfFits | Wish::IfRepeated => Literal::Without,
        }
    }

    fn insert(&mut self, field: &Record<'_>, hashes: Hashes) {
        match self.table.insert_record(field) {
            Inserted::Newest => self.lookup.insert(&self.table, hashes),
            Inserted::TooLarge => {}
        }
    }
}

/// The entry of the static table that is the field, unless that is a secret.
#[inline(always)]
fn entry_of(field: &Record<'_>) -> Option<StaticIndex> {
    field.index?.or_next_with(field.value).filter(|_| !is_secret(field))
}

#[inline]
fn write_static(entry: StaticIndex, out: &mut Vec<u8>) {
    integer::write(INDEXED, INDEXED_MASK, entry.octet().into(), out);
}

/// Writes the index of an entry of the dynamic table.
#[inline]
fn write_dynamic(nth: usize, out: &mut Vec<u8>) {
    integer::write(INDEXED, INDEXED_MASK, dynamic_index(nth), out);
}

impl Hashes {
    #[inline]
    fn of(field: &Record<'_>) -> Self {
        let name = field.index.map_or_else(|| hash_name(field.name), |index| index.look_up(&STATIC_HASHES));
        Self { name, field: hash_field(name, field.value) }
    }
}

/// The hash of each name in the static table.
static STATIC_HASHES: [u64; STATIC_TABLE.len()] = static_hashes();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "runs at compile time only")]
const fn static_hashes() -> [u64; STATIC_TABLE.len()] {
    let mut hashes = [0; STATIC_TABLE.len()];
    let mut at = 0;
    while at < STATIC_TABLE.len() {
        hashes[at] = hash_name(STATIC_TABLE[at].0);
        at += 1;
    }
    hashes
}

impl fmt::Debug for Encoder {
    /// Tells sizes only: the table may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("table_octets", &self.table.size())
            .field("table_limit", &self.sizes.wanted)
            .finish_non_exhaustive()
    }
}

/// What is to become of a field that no table has, if it is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// Index it.
    Always,
    /// Index it if the table is large enough for others as well.
    IfFits,
    /// As before, but not when it comes for the first time.
    IfRepeated,
    /// Do not index it.
    Without,
}

impl Wish {
    fn of(field: &Record<'_>) -> Self {
        match field.indexing() {
            Indexing::Auto => Self::of_auto(field.index),
            Indexing::Incremental => Self::Always,
            Indexing::Without | Indexing::Never => Self::Without,
        }
    }

    fn of_auto(index: Option<StaticIndex>) -> Self {
        match index {
            Some(
                StaticIndex::PATH
                | StaticIndex::AGE
                | StaticIndex::CONTENT_LENGTH
                | StaticIndex::ETAG
                | StaticIndex::IF_MODIFIED_SINCE
                | StaticIndex::IF_NONE_MATCH
                | StaticIndex::LAST_MODIFIED
                | StaticIndex::LOCATION
                | StaticIndex::SET_COOKIE,
            ) => Self::IfRepeated,
            Some(_) | None => Self::IfFits,
        }
    }
}

/// Whether no index may have the field: short cookies and credentials can be guessed by what they compress to (RFC 7541
/// §7.1.3).
#[inline]
fn is_secret(field: &Record<'_>) -> bool {
    match (field.indexing(), field.index) {
        (Indexing::Never, _) => true,
        (Indexing::Auto, Some(StaticIndex::AUTHORIZATION | StaticIndex::PROXY_AUTHORIZATION)) => true,
        (Indexing::Auto, Some(StaticIndex::COOKIE)) => field.value.len() < SHORT_COOKIE,
        (Indexing::Auto | Indexing::Incremental | Indexing::Without, _) => false,
    }
}

impl Literal {
    /// The bits before the name's index, and the mask of the index.
    const fn pattern(self) -> (u8, u8) {
        match self {
            Self::Incremental => (0x40, 0x3f),
            Self::Without => (0x00, 0x0f),
            Self::Never => (0x10, 0x0f),
        }
    }
}

#[inline(always)]
fn write_literal(literal: Literal, name_index: Option<usize>, field: &Record<'_>, out: &mut Vec<u8>) {
    let (pattern, mask) = literal.pattern();
    // The index 0 says that the name follows.
    integer::write(pattern, mask, name_index.unwrap_or(0), out);
    if name_index.is_none() {
        write_string(field.name, field.huffman(), out);
    }
    write_string(field.value, field.huffman(), out);
}

/// Writes a string. Most are short, and are tried in Huffman code.
#[inline(never)]
fn write_string(text: &[u8], huffman: Huffman, out: &mut Vec<u8>) {
    let is_short = huffman == Huffman::Shorter && text.len() <= usize::from(STRING_MASK);
    let is_coded = if is_short { write_if_shorter(text, out) } else { write_counted(text, huffman, out) };
    if !is_coded {
        integer::write(0, STRING_MASK, text.len(), out);
        out.extend_from_slice(text);
    }
}

/// Writes a text in Huffman code if that is shorter: whether it is. Its length takes one octet in any case, hence is
/// filled in later.
#[inline(always)]
fn write_if_shorter(text: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    out.reserve(text.len());
    let end = start.saturating_add(text.len());
    let is_shorter = huffman::encode_behind(Bits::of_octet(HUFFMAN), text, end, out);
    match out.get_mut(start..) {
        Some([length, coded @ ..]) if is_shorter => *length |= coded.len() as u8,
        Some(_) | None => out.truncate(start),
    }
    is_shorter
}

/// Writes any other text in Huffman code, if it is to be coded: whether it is.
#[cold]
fn write_counted(text: &[u8], huffman: Huffman, out: &mut Vec<u8>) -> bool {
    let octets = huffman::encoded_octets(text);
    let is_coded = match huffman {
        Huffman::Shorter => octets < text.len(),
        Huffman::Always => true,
        Huffman::Never => false,
    };
    if is_coded {
        integer::write(HUFFMAN, STRING_MASK, octets, out);
        out.reserve(octets);
        let is_whole = huffman::encode(text, octets, out);
        debug_assert!(is_whole, "its octets have been counted");
    }
    is_coded
}

const fn dynamic_index(nth: usize) -> usize {
    nth.saturating_add(FIRST_DYNAMIC)
}

/// The index of the newest entry of the dynamic table (RFC 7541 §2.3.3).
const FIRST_DYNAMIC: usize = STATIC_TABLE.len().saturating_add(1);

/// The sizes of the table that the peer allows, knows and must be told.
#[derive(Clone)]
struct Sizes {
    cap: u32,
    /// The size that the peer knows of.
    told: u32,
    /// The smallest size since then.
    least: u32,
    /// The size in force from the next block on.
    wanted: u32,
}

impl Sizes {
    fn new(cap: u32) -> Self {
        let wanted = cap.min(DEFAULT_TABLE_LIMIT);
        Self { cap, told: DEFAULT_TABLE_LIMIT, least: wanted, wanted }
    }

    fn set_limit(&mut self, octets: u32) {
        self.wanted = octets.min(self.cap);
        self.least = self.least.min(self.wanted);
    }

    /// Writes the updates that are due, at the start of a block (RFC 7541 §4.2).
    #[inline]
    fn write(&mut self, out: &mut Vec<u8>) {
        if self.told != self.wanted || self.least != self.wanted {
            self.write_updates(out);
        }
    }

    #[cold]
    fn write_updates(&mut self, out: &mut Vec<u8>) {
        if self.least < self.told.min(self.wanted) {
            write_size(self.least, out);
        }
        write_size(self.wanted, out);
        (self.told, self.least) = (self.wanted, self.wanted);
    }
}

fn write_size(octets: u32, out: &mut Vec<u8>) {
    integer::write(SIZE_UPDATE, SIZE_MASK, octets as usize, out);
}

/// Remembers which fields came lately and were not indexed.
#[derive(Clone)]
struct Repeats([u16; REPEATS]);

impl Repeats {
    /// Whether a field of this hash is remembered; from now on it is.
    fn has_or_add(&mut self, hash: u64) -> bool {
        let (place, mark) = (hash >> REPEATS_SHIFT, hash as u16);
        self.0.get_mut(place as usize).is_some_and(|known| core::mem::replace(known, mark) == mark)
    }
}

impl Default for Repeats {
    fn default() -> Self {
        Self([0; REPEATS])
    }
}

const REPEATS: usize = 64;
const REPEATS_SHIFT: u32 = u64::BITS - REPEATS.ilog2();

/// A cookie of fewer octets is taken for a secret.
const SHORT_COOKIE: usize = 20;

const INDEXED: u8 = 0x80;
const INDEXED_MASK: u8 = 0x7f;
const SIZE_UPDATE: u8 = 0x20;
const SIZE_MASK: u8 = 0x1f;
const HUFFMAN: u8 = 0x80;
const STRING_MASK: u8 = 0x7f;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    use crate::fields::Nature;

    #[test]
    fn a_fresh_encoder_holds_no_memory() {
        assert_eq!(Encoder::new(u32::MAX).memory_used(), 0);
    }

    #[test]
    fn the_names_of_the_static_table_are_hashed_beforehand() {
        let hashes = static_hashes();
        for (at, (name, value)) in STATIC_TABLE.iter().enumerate() {
            let field = Record::to_encode(&Field::new(name, value));
            let known = Hashes::of(&field);
            assert_eq!([hashes[at], known.name], [hash_name(name); 2]);
            assert_eq!(known.field, hash_field(hash_name(name), value));
        }
    }

    #[test]
    fn a_repeat_is_noticed_until_another_takes_its_place() {
        let mut repeats = Repeats::default();
        let (first, second) = (0x0400_0000_0000_0001, 0x0400_0000_0000_0002);
        let noticed = [first, first, second, first, u64::MAX, u64::MAX].map(|hash| repeats.has_or_add(hash));
        assert_eq!(noticed, [false, true, false, false, false, true]);
    }

    #[test]
    fn a_string_is_huffman_coded_only_when_that_is_shorter() {
        for text in ["", "0", "00", "\0", "{}"] {
            assert_eq!(written(text, Huffman::Shorter), written(text, Huffman::Never));
        }
        assert_eq!(written("000", Huffman::Shorter), [0x82, 0b0000_0000, 0b0000_0001]);
    }

    /// Around the lengths that take an octet, and around those of the text itself.
    #[test]
    fn the_shorter_form_is_chosen_whatever_the_length() {
        for plain in ["a", "X", "~", "<", "\\"] {
            for (octets, others) in
                (0..140).flat_map(|octets| (0..=octets.min(9)).map(move |others| (octets, others)))
            {
                let text = "a".repeat(octets - others) + &plain.repeat(others);
                let (coded, uncoded) = (written(&text, Huffman::Always), written(&text, Huffman::Never));
                let is_shorter = huffman::encoded_octets(text.as_bytes()) < text.len();
                assert_eq!(
                    written(&text, Huffman::Shorter),
                    if is_shorter { coded } else { uncoded },
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_string_is_huffman_coded_always_or_never_as_asked() {
        for text in ["", "0", "000", "{}", "\0\r\n"] {
            let plain = written(text, Huffman::Never);
            assert_eq!(plain.split_first(), Some((&(text.len() as u8), text.as_bytes())));
        }
        assert_eq!(written("", Huffman::Always), [0x80]);
        assert_eq!(written("0", Huffman::Always), [0x81, 0b0000_0111]);
        assert_eq!(written("{}", Huffman::Always), [0x84, 0xff, 0xfd, 0xff, 0xef]);
    }

    /// What is a secret now may have gone into the table before, when that was asked for.
    #[test]
    fn what_lies_where_it_was_is_a_secret_all_the_same() {
        let names = ["authorization", "proxy-authorization", "cookie"];
        let list = |indexing| {
            let marked = |fields: Fields, name: &&str| fields.with_indexing(name, "secret", indexing);
            names.iter().fold(Fields::new(), marked)
        };
        for by_list in [false, true] {
            let mut encoder = Encoder::new(4_096);
            let mut block = |fields: &Fields| {
                let mut out = Vec::new();
                if by_list {
                    encoder.encode_list(fields, &mut out)
                } else {
                    encoder.encode(fields, &mut out)
                }
                out
            };
            let incremental = list(Indexing::Incremental);
            assert!(block(&incremental).len() > 3);
            assert_eq!(block(&incremental), [0xc0, 0xbf, 0xbe]);
            assert_eq!(block(&list(Indexing::Without)), [0xc0, 0xbf, 0xbe]);
            let never = block(&list(Indexing::Never));
            assert_eq!((never[0], never.len()), (0x1f, 3 * 7));
            assert_eq!(block(&list(Indexing::Auto)), never);
            assert_eq!(block(&incremental), [0xc0, 0xbf, 0xbe]);
        }
    }

    #[test]
    fn an_entry_of_the_static_table_is_a_literal_if_that_is_asked_for() {
        let list = |indexing| Fields::new().with_indexing(":method", "GET", indexing);
        for (indexing, expected) in [
            (Indexing::Auto, &[0x82][..]),
            (Indexing::Incremental, &[0x82]),
            (Indexing::Without, &[0x82]),
            (Indexing::Never, &[0x12, 3, b'G', b'E', b'T']),
        ] {
            let mut out = Vec::new();
            Encoder::new(4_096).encode_list(&list(indexing), &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn only_cookies_are_split_and_only_if_that_is_asked_for() {
        let cookie = "first=0123456789abcdef; second=0123456789abcdef";
        let fields = Fields::new().with("cookie", cookie).with("a", "b; c").with("cookie", "d");
        let crumbs = cookie.split("; ").fold(Fields::new(), |fields, crumb| fields.with("cookie", crumb));
        let (mut whole, mut split) = (Encoder::new(4_096), Encoder::new(4_096));
        for _ in 0..3 {
            let (mut whole_block, mut split_block, mut expected) = (Vec::new(), Vec::new(), Vec::new());
            split.clone().encode(&crumbs.clone().with("a", "b; c").with("cookie", "d"), &mut expected);
            split.encode_crumbs(&fields, &mut split_block);
            assert_eq!(split_block, expected);
            expected.clear();
            whole.clone().encode(&fields, &mut expected);
            whole.encode_list(&fields, &mut whole_block);
            assert_eq!(whole_block, expected);
            assert!(whole.entries().any(|(_, value)| value == cookie.as_bytes()));
        }
        assert!(split.entries().all(|(name, value)| name == b"a" || !value.contains(&b';')));
        let (mut split_block, mut expected) = (Vec::new(), Vec::new());
        whole.clone().encode(&crumbs.with("a", "b; c").with("cookie", "d"), &mut expected);
        whole.encode_crumbs(&fields, &mut split_block);
        assert_eq!(split_block, expected, "though an entry is the whole cookie");
    }

    proptest! {
        /// It makes no difference how the fields come, nor how they lie in their list.
        #[test]
        fn a_list_is_encoded_like_its_fields(lists in prop::collection::vec(any_list(), 1..20), limit in 0_u32..400) {
            let (mut by_field, mut by_list) = (Encoder::new(4_096), Encoder::new(4_096));
            for (nth, fields) in lists.iter().enumerate() {
                if nth == 5 {
                    by_field.set_table_limit(limit);
                    by_list.set_table_limit(limit);
                }
                let mut spelt = Fields::new();
                fields.iter().for_each(|field| _ = spelt.push_within(field, Nature::UNKNOWN, usize::MAX));
                let (mut expected, mut block) = (Vec::new(), Vec::new());
                by_field.encode(fields, &mut expected);
                by_list.encode_list(if nth % 2 == 0 { fields } else { &spelt }, &mut block);
                prop_assert_eq!(block, expected);
            }
        }
    }

    fn any_list() -> impl Strategy<Value = Fields> {
        let names = prop::sample::select(vec![
            ":method",
            ":path",
            "cookie",
            "authorization",
            "etag",
            "accept",
            "a",
            "b",
        ]);
        let values = prop::sample::select(vec!["", "GET", "/", "x", "0123456789012345678901234567890", "y"]);
        let indexings = prop::sample::select(vec![
            Indexing::Auto,
            Indexing::Auto,
            Indexing::Incremental,
            Indexing::Without,
            Indexing::Never,
        ]);
        let fields = prop::collection::vec((names, values, indexings), 0..8);
        fields.prop_map(|fields| {
            fields.into_iter().fold(Fields::new(), |list, (name, value, indexing)| {
                list.with_indexing(name, value, indexing)
            })
        })
    }

    fn written(text: &str, huffman: Huffman) -> Vec<u8> {
        let mut out = Vec::new();
        write_string(text.as_bytes(), huffman, &mut out);
        out
    }
}
