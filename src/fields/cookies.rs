//! Cookies in crumbs (RFC 9113 §8.2.3): a `cookie` field may be split, so that HPACK indexes each part.

use alloc::vec::Vec;

use super::{Field, Fields, Indexing, Nature, Record, StaticIndex};

/// Puts all `cookie` fields into one, at the place of the first, and leaves `fields` as it is if there is none to join.
/// One that was never indexed makes the whole a secret; the peer represented parts of it, hence it has no form. `spare`
/// lends its memory.
///
/// Empty crumbs at the end are left out: a value may not end with a space.
pub(crate) fn join(fields: Fields, mut spare: Fields) -> (Fields, Fields) {
    if crumbs(&fields).count() < 2 {
        return (fields, spare);
    }
    let value = whole_value(&fields);
    let secret = crumbs(&fields).any(|crumb| crumb.indexing == Indexing::Never);
    let indexing = if secret { Indexing::Never } else { Indexing::Auto };
    spare.clear();
    let most = fields.list_octets();
    let mut joined = false;
    for record in fields.records() {
        if !is_cookie(&record) {
            spare.push_within(record.field(), record.nature(), most);
        } else if !joined {
            let whole = Field { value: &value, indexing, form: None, ..record.field() };
            spare.push_within(whole, Nature::of_name(record.index), most);
            joined = true;
        }
    }
    (spare, fields)
}

/// The values of all crumbs in one, without a separator behind the last that is not empty.
fn whole_value(fields: &Fields) -> Vec<u8> {
    let octets = |crumb: Field<'_>| crumb.value.len().saturating_add(SEPARATOR.len());
    let mut value = Vec::with_capacity(crumbs(fields).map(octets).fold(0, usize::saturating_add));
    for crumb in crumbs(fields) {
        value.extend_from_slice(crumb.value);
        value.extend_from_slice(SEPARATOR);
    }
    while let Some(shorter) = value.strip_suffix(SEPARATOR).map(<[u8]>::len) {
        value.truncate(shorter);
    }
    value
}

/// The field itself, or its crumbs if it is a cookie, marked as it is.
pub(crate) fn split<'f>(record: Record<'f>) -> impl Iterator<Item = Record<'f>> {
    let is_cookie = is_cookie(&record);
    let mut rest = Some(record.value);
    core::iter::from_fn(move || {
        let value = rest?;
        let cut = if is_cookie { value.windows(2).position(|pair| pair == b"; ") } else { None };
        let (crumb, after) = match cut {
            Some(at) => (value.get(..at)?, value.get(at.saturating_add(2)..)),
            None => (value, None),
        };
        rest = after;
        Some(record.with_value(crumb))
    })
}

/// All `cookie` fields of a list.
fn crumbs(fields: &Fields) -> impl Iterator<Item = Field<'_>> {
    fields.records().filter(is_cookie).map(|record| record.field())
}

fn is_cookie(record: &Record<'_>) -> bool {
    record.index == Some(StaticIndex::COOKIE)
}

/// What stands between two crumbs. None ends with it: a value does not end with a space.
const SEPARATOR: &[u8] = b"; ";

#[cfg(test)]
mod tests {
    use super::super::{Form, Huffman};
    use super::*;

    #[test]
    fn what_is_split_is_joined_again() {
        let whole = Fields::new().with("a", "1; 2").with("cookie", "b=c; d=e; f").with("z", "");
        let mut crumbs = Fields::new();
        whole.records().flat_map(split).for_each(|record| crumbs.push(record.field()));
        assert_eq!(crumbs.len(), 5);
        assert_eq!(
            super::crumbs(&crumbs).map(|crumb| crumb.value).collect::<Vec<_>>(),
            [&b"b=c"[..], b"d=e", b"f"]
        );
        assert_eq!(join(crumbs, Fields::new()).0, whole);
        assert_eq!(join(whole.clone(), Fields::new()).0, whole);
    }

    #[test]
    fn crumbs_are_coded_like_the_whole() {
        let whole = Field { huffman: Huffman::Always, ..Field::new(b"cookie", b"a; b; c") };
        let whole = Fields::new().with_field(whole);
        let crumbs = whole.records().flat_map(split);
        assert_eq!(crumbs.filter(|crumb| crumb.field().huffman == Huffman::Always).count(), 3);
    }

    #[test]
    fn a_joined_cookie_has_no_form_and_others_keep_theirs() {
        let received = |name, value| Field { form: Some(Form::Indexed), ..Field::new(name, value) };
        let mut fields = Fields::new();
        fields.push(received(b"cookie", b"a"));
        fields.push(received(b"b", b"c"));
        let forms = |fields: &Fields| fields.iter().map(|field| field.form).collect::<Vec<_>>();
        let (alone, spare) = join(fields.clone(), Fields::new());
        assert_eq!(forms(&alone), [Some(Form::Indexed); 2]);
        let (joined, _) = join(alone.with("cookie", "d"), spare);
        assert_eq!(forms(&joined), [None, Some(Form::Indexed)]);
    }

    #[test]
    fn empty_crumbs_leave_no_space_at_the_end() {
        let joined = |crumbs: &[&str]| {
            let fields = crumbs.iter().map(|crumb| ("cookie", *crumb)).collect();
            join(fields, Fields::new()).0
        };
        assert_eq!(joined(&["", "a", "", "b", "", ""]), Fields::new().with("cookie", "; a; ; b"));
        assert_eq!(joined(&["", ""]), Fields::new().with("cookie", ""));
    }

    #[test]
    fn a_secret_crumb_makes_a_secret_cookie() {
        let crumbs =
            Fields::new().with("cookie", "a").with("b", "c").with_indexing("cookie", "d", Indexing::Never);
        let joined = Fields::new().with_indexing("cookie", "a; d", Indexing::Never).with("b", "c");
        assert_eq!(join(crumbs, Fields::response(200)).0, joined);
    }
}
