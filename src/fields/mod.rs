//! A list of fields in one compact block.
//!
//! What is known of a field has one word for each step that a list takes it through:
//!
//! | word | says | of |
//! |---|---|---|
//! | [`NameKind`] | which rules ask for it | a name |
//! | [`ValueKind`](octets::ValueKind) | whether its octets may stand there | a value behind that name |
//! | [`Nature`] | both kinds, and which entry of the static table has the name | a field, for rules |
//! | [`Marks`] | the nature, and how the field came or is to be sent | a field, in a list or a dynamic table |
//! | [`Outline`] | how many fields there are, and which of those that rules ask for | a list |

pub(crate) mod cookies;
pub(crate) mod dictionary;
mod draft;
mod form;
mod names;
mod nature;
mod octets;
mod outline;
mod record;
pub(crate) mod rules;
mod statics;

use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::num::NonZeroUsize;

pub(crate) use draft::Draft;
pub use form::{Coding, Form, Huffman, Literal};
use names::NameKind;
pub(crate) use nature::Nature;
use outline::Outline;
pub(crate) use record::{Entry, Marks, Record, Records, SPELT_HEAD, entry_head, entry_octets, write_entry};
pub(crate) use statics::{StaticIndex, TABLE as STATIC_TABLE};

use crate::growth::reserve_steadily;

/// How HPACK may represent a field (RFC 7541 §6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Indexing {
    /// The encoder decides. A received field that was not never-indexed has this.
    #[default]
    Auto,
    /// A literal with incremental indexing where the field is in no table yet (§6.2.1).
    Incremental,
    /// A literal without indexing where the field is in no table yet (§6.2.2).
    Without,
    /// A literal never indexed, whatever the tables hold (§6.2.3): for secrets. Kept when a field is forwarded.
    Never,
}

/// One field of a [`Fields`] list, lent.
///
/// Fields are equal when name, value and indexing are. How the strings are to be coded, or how the peer represented
/// them, makes no other field.
///
/// ```
/// use sans_h2::{Field, Huffman};
///
/// let plain = Field::new(b"te", b"trailers");
/// let coded = Field { huffman: Huffman::Always, ..plain };
/// assert_eq!(plain, coded);
/// ```
#[derive(Clone, Copy)]
pub struct Field<'a> {
    /// The name: lower case, or a pseudo-header name that starts with a colon.
    pub name: &'a [u8],
    /// The value.
    pub value: &'a [u8],
    /// How HPACK is to represent it.
    pub indexing: Indexing,
    /// Whether its strings are to be sent in Huffman code.
    pub huffman: Huffman,
    /// How the peer represented it; `None` for a field that no peer sent, and for cookies joined into one. The encoder
    /// pays no heed to it.
    pub form: Option<Form>,
}

impl PartialEq for Field<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.compared() == other.compared()
    }
}

impl Eq for Field<'_> {}

impl Hash for Field<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.compared().hash(state);
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name.escape_ascii(), self.value.escape_ascii())
    }
}

impl<'a> Field<'a> {
    /// A field of which the encoder decides how to represent it.
    pub const fn new(name: &'a [u8], value: &'a [u8]) -> Self {
        Self { name, value, indexing: Indexing::Auto, huffman: Huffman::Shorter, form: None }
    }

    /// What equal fields have in common.
    const fn compared(&self) -> (&'a [u8], &'a [u8], Indexing) {
        (self.name, self.value, self.indexing)
    }

    /// What the field counts towards a list or a table: its octets and 32 more (RFC 7541 §4.1).
    #[inline]
    pub(crate) const fn accounted_octets(&self) -> usize {
        Self::accounted(self.name.len(), self.value.len())
    }

    /// The same of a field whose strings have so many octets.
    #[inline]
    pub(crate) const fn accounted(name: usize, value: usize) -> usize {
        name.saturating_add(value).saturating_add(FIELD_OVERHEAD)
    }
}

/// A header or trailer section: fields in the order of the wire, repeats included.
///
/// All names and values lie in one block of memory, so that a list costs one allocation, or none when it is
/// [recycled](crate::Connection::recycle). Lists are equal when their [fields](Field) are.
///
/// ```
/// use sans_h2::{Fields, Indexing};
///
/// let fields = Fields::request("GET", "https", "example.com", "/")
///     .with("accept", "text/html")
///     .with_indexing("authorization", "Basic c2Fucy1oMg==", Indexing::Never);
/// assert_eq!(fields.get(":path"), Some(&b"/"[..]));
/// assert_eq!(fields.len(), 6);
/// assert_eq!(fields.iter().last().unwrap().indexing, Indexing::Never);
/// ```
#[derive(Default)]
pub struct Fields {
    /// [Records](record::Record) one after the other.
    block: Vec<u8>,
    outline: Outline,
    accounted: u32,
}

impl Fields {
    /// An empty list, without an allocation.
    pub const fn new() -> Self {
        Self { block: Vec::new(), outline: Outline::EMPTY, accounted: 0 }
    }

    /// An empty list with room for fields that [count](Self::list_octets) so many octets.
    ///
    /// ```
    /// use sans_h2::Fields;
    ///
    /// let fields = Fields::with_capacity(1_024);
    /// let capacity = fields.capacity_octets();
    /// assert!(capacity >= 1_024);
    /// let fields = fields.with("content-type", "text/plain").with("content-length", "12");
    /// assert_eq!(fields.capacity_octets(), capacity);
    /// ```
    pub fn with_capacity(octets: usize) -> Self {
        Self { block: Vec::with_capacity(octets), ..Self::new() }
    }

    /// The pseudo-header fields of a request (RFC 9113 §8.3.1).
    pub fn request(method: &str, scheme: &str, authority: &str, path: &str) -> Self {
        Self::new()
            .with(":method", method)
            .with(":scheme", scheme)
            .with(":authority", authority)
            .with(":path", path)
    }

    /// The pseudo-header field of a response (RFC 9113 §8.3.2). A status below 100 or above 999 is written with zeros in
    /// front, with three digits or five; [`send_headers`](crate::Stream::send_headers) refuses it.
    pub fn response(status: u16) -> Self {
        let digits = [status / 10_000, status / 1_000, status / 100, status / 10, status]
            .map(|digits| b'0' | (digits % 10) as u8);
        let [_, _, three @ ..] = &digits;
        let value = if status < 1_000 { &three[..] } else { &digits };
        let mut fields = Self::new();
        fields.push_own(Field::new(b":status", value), Nature::of_name(Some(StaticIndex::STATUS)));
        fields
    }

    /// The list with one more field at its end; the encoder decides how to represent it.
    #[must_use]
    pub fn with(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.with_field(Field::new(name.as_ref(), value.as_ref()))
    }

    /// The list with one more field at its end, represented as told.
    #[must_use]
    pub fn with_indexing(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>, indexing: Indexing) -> Self {
        self.with_field(Field { indexing, ..Field::new(name.as_ref(), value.as_ref()) })
    }

    /// The list with this field at its end.
    ///
    /// ```
    /// use sans_h2::{Field, Fields, Huffman};
    ///
    /// let plain = Field { huffman: Huffman::Never, ..Field::new(b"server", b"sans-h2") };
    /// let fields = Fields::response(200).with_field(plain);
    /// assert_eq!(fields.get("server"), Some(&b"sans-h2"[..]));
    /// ```
    ///
    /// # Panics
    ///
    /// When the name or the value has 2^32 octets or more, or when the list would have 2^24 fields.
    #[must_use]
    pub fn with_field(mut self, field: Field<'_>) -> Self {
        self.push(field);
        self
    }

    /// Adds one field at the end.
    ///
    /// # Panics
    ///
    /// When the name or the value has 2^32 octets or more, or when the list would have 2^24 fields.
    pub fn push(&mut self, field: Field<'_>) {
        self.push_own(field, Nature::UNKNOWN.judged(field.name, field.value));
    }

    /// The same with a field of whose nature something is known.
    fn push_own(&mut self, field: Field<'_>, known: Nature) {
        match known.index().and_then(|index| index.with_value(field.value)) {
            Some(entry) => self.push_whole(entry, &field),
            None => _ = self.push_within(field, known, usize::MAX),
        }
    }

    /// The same with a field that is an entry of the static table.
    fn push_whole(&mut self, index: StaticIndex, field: &Field<'_>) {
        let nature = Nature::of_entry(index);
        record::write_whole(&mut self.block, index, Marks::of(field, nature), usize::MAX);
        self.count(index.accounted_octets(), nature);
    }

    /// Adds one field at the end, of a list whose memory never needs more than `most` octets. Returns all that there is
    /// to know of it.
    #[inline]
    pub(crate) fn push_within(&mut self, field: Field<'_>, known: Nature, most: usize) -> Nature {
        self.push_record(&Record::of_field(&field, known), most)
    }

    /// The same with a record, whose name is not written if it is known beforehand to be an entry's.
    #[inline]
    pub(crate) fn push_record(&mut self, record: &Record<'_>, most: usize) -> Nature {
        let &Record { name, value, index, marks } = record;
        let nature = record.nature().judged(name, value);
        let marks = marks.with(nature);
        match index {
            Some(index) => record::write_named(&mut self.block, index, value, marks, most),
            None => record::write_spelt(&mut self.block, name, value, marks, nature.index(), most),
        }
        self.count(record.accounted_octets(), nature);
        nature
    }

    /// The same with the field of an entry of a dynamic table. Returns what has become known of it.
    #[inline(always)]
    pub(crate) fn push_entry(&mut self, entry: Entry<'_>, most: usize) -> Option<Nature> {
        let nature = entry.nature();
        if nature.is_judged() {
            self.count(entry.accounted, nature);
            reserve_steadily(&mut self.block, entry.octets.len(), most);
            self.block.extend_from_slice(entry.octets);
            return None;
        }
        self.push_unjudged(entry.octets, most)
    }

    #[cold]
    fn push_unjudged(&mut self, entry: &[u8], most: usize) -> Option<Nature> {
        Entry::new(entry, 0).record().map(|record| self.push_record(&record, most))
    }

    /// Adds an entry of the static table that came as its index.
    #[inline(always)]
    pub(crate) fn push_static(&mut self, index: StaticIndex, most: usize) {
        record::write_static(&mut self.block, index, most);
        self.count(index.accounted_octets(), Record::of_entry(index).nature());
    }

    /// Whether one more field of so many octets leaves the list within these limits.
    #[inline(always)]
    pub(crate) const fn has_room(&self, octets: usize, most_octets: u32, most_fields: u32) -> bool {
        self.list_octets().saturating_add(octets) <= most_octets as usize && self.len() < most_fields as usize
    }

    #[inline]
    fn count(&mut self, octets: usize, nature: Nature) {
        self.outline.add(nature);
        self.accounted = u32::try_from(self.list_octets().saturating_add(octets)).unwrap_or(u32::MAX);
    }

    /// How many fields there are.
    pub const fn len(&self) -> usize {
        self.outline.fields()
    }

    /// Whether there can be no more fields.
    pub(crate) const fn is_full(&self) -> bool {
        self.outline.is_full()
    }

    /// Whether there is no field.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of the list as RFC 9113 §6.5.2 counts it: all names and values, and 32 octets a field.
    pub const fn list_octets(&self) -> usize {
        self.accounted as usize
    }

    /// The text behind the fields, see [`Draft`], if there is any, in the list's memory.
    pub(crate) fn into_text(self, start: Option<NonZeroUsize>) -> Vec<u8> {
        let mut block = self.block;
        block.drain(..start.map_or(block.len(), |start| block.len().min(start.get())));
        block
    }

    /// The heap memory that the list holds, in octets.
    pub fn capacity_octets(&self) -> usize {
        self.block.capacity()
    }

    /// The fields in their order.
    pub fn iter(&self) -> Iter<'_> {
        Iter { records: self.records() }
    }

    /// The fields with what is known of them, in their order.
    #[inline]
    pub(crate) fn records(&self) -> Records<'_> {
        // Behind the fields there may be text of one more, see `Draft`.
        Records::new(&self.block, self.len())
    }

    /// The value of the first field whose name is of this kind.
    fn value_of(&self, kind: NameKind) -> Option<&[u8]> {
        for record in self.records() {
            if record.nature().is_named(kind) {
                return Some(record.value);
            }
        }
        None
    }

    /// The value of the first field of this name. Names are compared octet by octet: ask in lower case.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        let name = name.as_ref();
        self.iter().find(|field| field.name == name).map(|field| field.value)
    }

    /// Gives memory back that the list is not accounted with: a small list must not hold a large one's.
    pub(crate) fn trim(&mut self) {
        let most = self.list_octets();
        if self.block.capacity() > most {
            self.block.shrink_to(most);
        }
    }

    /// Removes all fields and keeps the memory.
    pub fn clear(&mut self) {
        self.block.clear();
        (self.outline, self.accounted) = (Outline::EMPTY, 0);
    }
}

impl Clone for Fields {
    fn clone(&self) -> Self {
        Self { block: self.block.clone(), ..*self }
    }

    /// Makes the list equal to another, in the memory that it has if that is enough: a list that was received becomes
    /// the next message that was prepared, without an allocation.
    ///
    /// ```
    /// use sans_h2::Fields;
    ///
    /// let prepared = Fields::response(200).with("server", "sans-h2");
    /// let mut fields = Fields::with_capacity(256).with("accept", "*/*");
    /// let capacity = fields.capacity_octets();
    /// fields.clone_from(&prepared);
    /// assert_eq!((&fields, fields.capacity_octets()), (&prepared, capacity));
    /// ```
    fn clone_from(&mut self, source: &Self) {
        self.block.clone_from(&source.block);
        (self.outline, self.accounted) = (source.outline, source.accounted);
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut fields = Self::new();
        fields.extend(pairs);
        fields
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Extend<(N, V)> for Fields {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, pairs: I) {
        for (name, value) in pairs {
            self.push(Field::new(name.as_ref(), value.as_ref()));
        }
    }
}

/// Each field stays as it is, with what was chosen or received for its representation.
///
/// ```
/// use sans_h2::{Fields, Indexing};
///
/// let request = Fields::request("GET", "https", "example.com", "/")
///     .with("connection", "close")
///     .with_indexing("cookie", "a=b", Indexing::Never);
/// let passed_on: Fields = request.iter().filter(|field| field.name != b"connection").collect();
/// assert_eq!(passed_on.len(), 5);
/// assert_eq!(passed_on.iter().last().unwrap().indexing, Indexing::Never);
/// ```
impl<'a> FromIterator<Field<'a>> for Fields {
    fn from_iter<I: IntoIterator<Item = Field<'a>>>(list: I) -> Self {
        let mut fields = Self::new();
        fields.extend(list);
        fields
    }
}

impl<'a> Extend<Field<'a>> for Fields {
    fn extend<I: IntoIterator<Item = Field<'a>>>(&mut self, list: I) {
        list.into_iter().for_each(|field| self.push(field));
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = Field<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.accounted == other.accounted && self.iter().eq(other)
    }
}

impl Eq for Fields {}

impl Hash for Fields {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|field| field.hash(state));
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// The fields of a list in their order.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    records: Records<'a>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Field<'a>;

    // Few callers pass over a list more than once: a call would cost as much as a step.
    #[inline(always)]
    fn next(&mut self) -> Option<Field<'a>> {
        self.records.next().map(|record| record.field())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.records.left();
        (left, Some(left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// What RFC 7541 §4.1 adds to the octets of a field.
const FIELD_OVERHEAD: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_order_repeats_and_marks() {
        let fields = Fields::new().with("a", "1").with_indexing("", "", Indexing::Never).with("a", "2");
        let seen: Vec<_> = fields.iter().map(|f| (f.name.to_vec(), f.value.to_vec(), f.indexing)).collect();
        assert_eq!(
            seen,
            [
                (b"a".to_vec(), b"1".to_vec(), Indexing::Auto),
                (Vec::new(), Vec::new(), Indexing::Never),
                (b"a".to_vec(), b"2".to_vec(), Indexing::Auto),
            ]
        );
        assert_eq!(fields.get("a"), Some(&b"1"[..]));
        assert_eq!(fields.get("b"), None);
        assert_eq!(fields.list_octets(), 3 * 32 + 4);
        assert_eq!(fields.iter().len(), 3);
    }

    #[test]
    fn lists_are_equal_that_have_the_same_fields_in_the_same_order() {
        let list = Fields::new().with("a", "1").with("b", "2");
        assert_eq!(list, Fields::new().with("a", "1").with("b", "2"));
        for other in [("b", "1"), ("b", "22"), ("", "2"), ("c", "")] {
            assert_ne!(list, Fields::new().with("a", "1").with(other.0, other.1), "{other:?}");
        }
        assert_ne!(list, Fields::new().with("b", "2").with("a", "1"));
        assert_ne!(list, Fields::new().with("a", "1"));
    }

    #[test]
    fn every_combination_of_marks_is_kept() {
        let codings = [Coding::Plain, Coding::Huffman];
        let names = [None, Some(Coding::Plain), Some(Coding::Huffman)];
        let mut forms = alloc::vec![None, Some(Form::Indexed)];
        for kind in [Literal::Incremental, Literal::Without, Literal::Never] {
            for name in names {
                forms.extend(codings.map(|value| Some(Form::Literal { kind, name, value })));
            }
        }
        let mut fields = Fields::new();
        let mut pushed = Vec::new();
        for indexing in [Indexing::Auto, Indexing::Incremental, Indexing::Without, Indexing::Never] {
            for huffman in [Huffman::Shorter, Huffman::Always, Huffman::Never] {
                for form in &forms {
                    fields.push(Field { name: b"a", value: b"bc", indexing, huffman, form: *form });
                    pushed.push((indexing, huffman, *form));
                }
            }
        }
        assert_eq!(pushed.len(), 4 * 3 * 20);
        let collected = fields.iter().collect::<Fields>();
        for fields in [fields, collected] {
            assert!(
                fields.iter().map(|field| (field.indexing, field.huffman, field.form)).eq(pushed.clone())
            );
            assert!(fields.iter().all(|field| (field.name, field.value) == (b"a", b"bc")));
        }
    }

    fn hash(value: impl Hash) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        value.hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn equal_is_what_has_equal_names_values_and_indexing() {
        let field = Field::new(b"a", b"b");
        let coded = Field { huffman: Huffman::Always, ..field };
        let received = Field { form: Some(Form::Indexed), ..field };
        for same in [coded, received] {
            assert_eq!((same, hash(same)), (field, hash(field)));
            let [one, other] = [same, field].map(|field| Fields::new().with_field(field));
            assert_eq!((&one, hash(&one)), (&other, hash(&other)));
        }
        let marked = Field { indexing: Indexing::Without, ..field };
        for other in [Field::new(b"a", b"c"), Field::new(b"c", b"b"), Field::new(b"ab", b""), marked] {
            assert_ne!(other, field);
            assert_ne!(Fields::new().with_field(other), Fields::new().with_field(field));
        }
        assert_ne!(Fields::new(), Fields::new().with_field(field));
    }

    #[test]
    fn a_cleared_list_keeps_its_memory() {
        let mut fields = Fields::response(404);
        assert_eq!(fields.get(":status"), Some(&b"404"[..]));
        let capacity = fields.capacity_octets();
        fields.clear();
        assert!(fields.is_empty());
        assert_eq!((fields.list_octets(), fields.capacity_octets()), (0, capacity));
    }
}
