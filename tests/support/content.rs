//! Messages whose content comes in all kinds of frames.

use bytes::Bytes;
use sans_h2::frame::{Kind, Part};
use sans_h2::{Fields, Role};

use super::{Seen, Talk, Wire, heads, post};

/// Which message a content belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Request,
    Response,
}

impl Of {
    pub const BOTH: [Self; 2] = [Self::Request, Self::Response];

    pub const fn sender(self) -> Role {
        match self {
            Self::Request => Role::Client,
            Self::Response => Role::Server,
        }
    }

    pub fn fields(self, length: Option<usize>) -> Fields {
        let fields = match self {
            Self::Request => post(),
            Self::Response => Fields::response(200),
        };
        match length {
            Some(length) => fields.with("content-length", length.to_string()),
            None => fields,
        }
    }

    /// The other message, as far as it must be there before, on stream 1.
    pub fn prepare(self, talk: &mut Talk) {
        match (self, talk.connection.role()) {
            (Self::Request, _) => {}
            (Self::Response, Role::Client) => assert_eq!(talk.opened(Part::Last), 1),
            (Self::Response, Role::Server) => assert_eq!(talk.hear(|wire| wire.get(1)), [Seen::get(1)]),
        }
    }

    /// Sends the header section on stream 1.
    pub fn begin(self, talk: &mut Talk, fields: Fields) {
        self.prepare(talk);
        match self {
            Self::Request => assert_eq!(talk.connection.open(fields, Part::More).unwrap().number(), 1),
            Self::Response => talk.stream(1).send_headers(fields, Part::More).unwrap(),
        }
        assert_eq!(heads(&talk.frames()), [(Kind::HEADERS, 1)]);
    }
}

/// What carries END_STREAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Data,
    Trailers,
}

/// A message with a content in so many frames of these lengths.
#[derive(Clone, Debug)]
pub struct Content {
    pub length: Option<usize>,
    pub frames: Vec<usize>,
    pub end: End,
}

impl Content {
    pub fn all() -> Vec<Self> {
        let longer = |shorter: &[Vec<usize>]| -> Vec<Vec<usize>> {
            let grow = |frames: &Vec<usize>| [0, 1, 3].map(|more| [&frames[..], &[more]].concat());
            shorter.iter().flat_map(grow).collect()
        };
        let one = longer(&[vec![]]);
        let two = longer(&one);
        let splits = [longer(&two), one, two].concat();
        let lengths = [None, Some(0), Some(1), Some(2), Some(4), Some(9), Some(usize::MAX)];
        let case = |length, frames: &Vec<usize>, end| Self { length, frames: frames.clone(), end };
        let both = |length, frames| [End::Data, End::Trailers].map(|end| case(length, frames, end));
        let of = |length| splits.iter().flat_map(move |frames| both(length, frames)).collect::<Vec<_>>();
        lengths.into_iter().flat_map(of).collect()
    }

    pub fn sum(&self) -> usize {
        self.frames.iter().sum()
    }

    pub fn agrees(&self) -> bool {
        self.length.is_none_or(|length| length == self.sum())
    }

    /// Every frame, and what it carries of the end.
    pub fn parts(&self) -> impl Iterator<Item = (Bytes, Part)> {
        let last = self.frames.len() - 1;
        let part = move |nth| if nth == last && self.end == End::Data { Part::Last } else { Part::More };
        let data =
            move |(nth, &octets): (usize, &usize)| (Bytes::from_static(&b"abcdefgh"[..octets]), part(nth));
        self.frames.iter().enumerate().map(data)
    }

    pub fn write(&self, wire: Wire) -> Wire {
        let wire = self.parts().fold(wire, |wire, (data, part)| wire.data(1, &data, part));
        if self.end == End::Trailers { wire.trailers(1) } else { wire }
    }
}
