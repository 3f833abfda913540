//! The tables of [`states`](crate::states): a row a state, a column a frame.

use sans_h2::frame::{Part, SettingId};
use sans_h2::{ErrorCode, Fields, State};

use crate::states::Cell::{self, Quiet, Refuses, Told};
use crate::states::Row;
use crate::states::What::{self, Data, Promise, Request, Reset, Response, Trailers};
use crate::support::{Talk, Wire, get, id, settings_of};

use State::{HalfClosedLocal, HalfClosedRemote, Open, ReservedLocal, ReservedRemote};

pub(crate) const ENDS: Cell = Cell::Ends(ErrorCode::PROTOCOL_ERROR);
const ENDS_CLOSED: Cell = Cell::Ends(ErrorCode::STREAM_CLOSED);
const RESETS: Cell = Cell::Resets(ErrorCode::PROTOCOL_ERROR);
const RESETS_CLOSED: Cell = Cell::Resets(ErrorCode::STREAM_CLOSED);
const GONE: Cell = Told(Reset, None);

const fn told(what: What, state: State) -> Cell {
    Told(what, Some(state))
}

const fn last(what: What) -> Cell {
    Told(what, None)
}

const IDLE: [Cell; 7] = [ENDS; 7];
const OVER: [Cell; 7] = [ENDS_CLOSED, ENDS_CLOSED, ENDS_CLOSED, ENDS_CLOSED, Quiet, ENDS, Quiet];
/// Closed by our RST_STREAM: anything may still be under way, but for what the peer could not send even before.
const RESET_BY_US: [Cell; 7] = [Quiet, Quiet, Quiet, Quiet, Quiet, ENDS, Quiet];
/// §5.1.1: closed by the use of a higher number. HEADERS would be a new stream with a number that is used up.
const SKIPPED: [Cell; 7] = [ENDS_CLOSED, ENDS_CLOSED, ENDS, ENDS, Quiet, ENDS, Quiet];
const HALF_CLOSED_REMOTE: [Cell; 7] =
    [RESETS_CLOSED, RESETS_CLOSED, RESETS_CLOSED, RESETS_CLOSED, GONE, ENDS, Quiet];

/// §8.4: no client pushes, so PUSH_PROMISE always ends the connection.
pub(crate) const SERVER: [Row; 20] = [
    Row {
        name: "idle",
        reach: |_| {},
        stream: 1,
        state: None,
        section: Request,
        cells: [ENDS, ENDS, told(Request, Open), told(Request, HalfClosedRemote), ENDS, ENDS, ENDS],
    },
    Row {
        name: "idle above others",
        reach: |talk| heard(talk, |wire| wire.post(1).get(3)),
        stream: 7,
        state: None,
        section: Request,
        cells: [ENDS, ENDS, told(Request, Open), told(Request, HalfClosedRemote), ENDS, ENDS, ENDS],
    },
    Row { name: "idle, ours", reach: |_| {}, stream: 2, state: None, section: Request, cells: IDLE },
    Row {
        name: "open",
        reach: |talk| heard(talk, |wire| wire.post(1)),
        stream: 1,
        state: Some(Open),
        section: Trailers,
        cells: [
            told(Data, Open),
            told(Data, HalfClosedRemote),
            RESETS,
            told(Trailers, HalfClosedRemote),
            GONE,
            ENDS,
            Quiet,
        ],
    },
    Row {
        name: "open, after data, and the response has begun",
        reach: |talk| {
            heard(talk, |wire| wire.post(1).data(1, b"form", Part::More));
            talk.respond(1, 200, Part::More);
        },
        stream: 1,
        state: Some(Open),
        section: Trailers,
        cells: [
            told(Data, Open),
            told(Data, HalfClosedRemote),
            RESETS,
            told(Trailers, HalfClosedRemote),
            GONE,
            ENDS,
            Quiet,
        ],
    },
    Row {
        name: "half-closed (local)",
        reach: |talk| {
            heard(talk, |wire| wire.post(1));
            talk.respond(1, 200, Part::Last);
        },
        stream: 1,
        state: Some(HalfClosedLocal),
        section: Trailers,
        cells: [told(Data, HalfClosedLocal), last(Data), RESETS, last(Trailers), GONE, ENDS, Quiet],
    },
    Row {
        name: "half-closed (remote)",
        reach: |talk| heard(talk, |wire| wire.get(1)),
        stream: 1,
        state: Some(HalfClosedRemote),
        section: Trailers,
        cells: HALF_CLOSED_REMOTE,
    },
    Row {
        name: "half-closed (remote) by data, and the response has begun",
        reach: |talk| {
            heard(talk, |wire| wire.post(1).data(1, b"form", Part::Last));
            talk.respond(1, 200, Part::More);
        },
        stream: 1,
        state: Some(HalfClosedRemote),
        section: Trailers,
        cells: HALF_CLOSED_REMOTE,
    },
    Row {
        name: "reserved (local)",
        reach: push,
        stream: 2,
        state: Some(ReservedLocal),
        section: Request,
        cells: [ENDS, ENDS, ENDS, ENDS, GONE, ENDS, Quiet],
    },
    Row {
        name: "half-closed (remote), promised before",
        reach: |talk| {
            push(talk);
            talk.respond(2, 200, Part::More);
        },
        stream: 2,
        state: Some(HalfClosedRemote),
        section: Request,
        cells: HALF_CLOSED_REMOTE,
    },
    Row {
        name: "closed by END_STREAM of the client, then ours",
        reach: |talk| {
            heard(talk, |wire| wire.get(1));
            talk.respond(1, 200, Part::Last);
        },
        stream: 1,
        state: None,
        section: Trailers,
        cells: OVER,
    },
    Row {
        name: "closed by END_STREAM of ours, then the client's",
        reach: |talk| {
            heard(talk, |wire| wire.post(1));
            talk.respond(1, 200, Part::Last);
            talk.frames();
            heard(talk, |wire| wire.data(1, b"", Part::Last));
        },
        stream: 1,
        state: None,
        section: Request,
        cells: OVER,
    },
    Row {
        name: "closed by a response to a promise",
        reach: |talk| {
            push(talk);
            talk.respond(2, 200, Part::Last);
        },
        stream: 2,
        state: None,
        section: Request,
        cells: OVER,
    },
    Row {
        name: "closed by RST_STREAM of the client",
        reach: |talk| heard(talk, |wire| wire.post(1).reset(1, ErrorCode::CANCEL)),
        stream: 1,
        state: None,
        section: Trailers,
        cells: OVER,
    },
    Row {
        name: "closed by RST_STREAM of the client, promised before",
        reach: |talk| {
            push(talk);
            talk.frames();
            heard(talk, |wire| wire.reset(2, ErrorCode::REFUSED_STREAM));
        },
        stream: 2,
        state: None,
        section: Request,
        cells: OVER,
    },
    Row {
        name: "closed by RST_STREAM of ours",
        reach: |talk| {
            heard(talk, |wire| wire.post(1));
            talk.stream(1).reset(ErrorCode::CANCEL);
        },
        stream: 1,
        state: None,
        section: Trailers,
        cells: RESET_BY_US,
    },
    Row {
        name: "closed by RST_STREAM of ours, promised before",
        reach: |talk| {
            push(talk);
            talk.frames();
            talk.stream(2).reset(ErrorCode::CANCEL);
        },
        stream: 2,
        state: None,
        section: Request,
        cells: RESET_BY_US,
    },
    Row {
        name: "closed by an error of the stream",
        reach: |talk| heard(talk, |wire| wire.post(1).window_update(1, 0)),
        stream: 1,
        state: None,
        section: Trailers,
        cells: RESET_BY_US,
    },
    Row {
        name: "closed because there are too many",
        reach: |talk| {
            let none = settings_of(&[(SettingId::MAX_CONCURRENT_STREAMS, 0)]);
            talk.connection.update_settings(&none).expect("a setting");
            heard(talk, |wire| wire.post(1));
        },
        stream: 1,
        state: None,
        section: Trailers,
        cells: RESET_BY_US,
    },
    Row {
        name: "closed by a higher number",
        reach: |talk| heard(talk, |wire| wire.get(3)),
        stream: 1,
        state: None,
        section: Request,
        cells: SKIPPED,
    },
];

/// Push is enabled. §6.6: promises come on streams of the client's that are open or half-closed (local), and may come
/// late on those that it has reset (§5.1).
pub(crate) const CLIENT: [Row; 20] = [
    Row { name: "idle, ours", reach: |_| {}, stream: 1, state: None, section: Response, cells: IDLE },
    Row { name: "idle", reach: |_| {}, stream: 2, state: None, section: Response, cells: IDLE },
    Row {
        name: "idle on the wire, waiting for the server's limit",
        reach: |talk| {
            heard(talk, |wire| wire.settings(&[(SettingId::MAX_CONCURRENT_STREAMS, 0)]));
            talk.open(Part::Last);
        },
        stream: 1,
        state: Some(HalfClosedLocal),
        section: Response,
        cells: IDLE,
    },
    Row {
        name: "open, before the response",
        reach: |talk| opened(talk, Part::More),
        stream: 1,
        state: Some(Open),
        section: Response,
        cells: [
            RESETS,
            RESETS,
            told(Response, Open),
            told(Response, HalfClosedRemote),
            GONE,
            told(Promise, Open),
            Quiet,
        ],
    },
    Row {
        name: "open, after an interim response",
        reach: |talk| {
            talk.opened(Part::More);
            heard(talk, |wire| wire.headers(1, &Fields::response(103), Part::More));
        },
        stream: 1,
        state: Some(Open),
        section: Response,
        cells: [
            RESETS,
            RESETS,
            told(Response, Open),
            told(Response, HalfClosedRemote),
            GONE,
            told(Promise, Open),
            Quiet,
        ],
    },
    Row {
        name: "open",
        reach: |talk| responded(talk, Part::More),
        stream: 1,
        state: Some(Open),
        section: Trailers,
        cells: [
            told(Data, Open),
            told(Data, HalfClosedRemote),
            RESETS,
            told(Trailers, HalfClosedRemote),
            GONE,
            told(Promise, Open),
            Quiet,
        ],
    },
    Row {
        name: "half-closed (local), before the response",
        reach: |talk| opened(talk, Part::Last),
        stream: 1,
        state: Some(HalfClosedLocal),
        section: Response,
        cells: [
            RESETS,
            RESETS,
            told(Response, HalfClosedLocal),
            last(Response),
            GONE,
            told(Promise, HalfClosedLocal),
            Quiet,
        ],
    },
    Row {
        name: "half-closed (local)",
        reach: |talk| responded(talk, Part::Last),
        stream: 1,
        state: Some(HalfClosedLocal),
        section: Trailers,
        cells: [
            told(Data, HalfClosedLocal),
            last(Data),
            RESETS,
            last(Trailers),
            GONE,
            told(Promise, HalfClosedLocal),
            Quiet,
        ],
    },
    Row {
        name: "half-closed (remote)",
        reach: |talk| {
            talk.opened(Part::More);
            heard(talk, |wire| wire.response(1, 200, Part::Last));
        },
        stream: 1,
        state: Some(HalfClosedRemote),
        section: Trailers,
        cells: HALF_CLOSED_REMOTE,
    },
    Row {
        name: "reserved (remote)",
        reach: |talk| promised(talk, 2),
        stream: 2,
        state: Some(ReservedRemote),
        section: Response,
        cells: [ENDS, ENDS, told(Response, HalfClosedLocal), last(Response), GONE, ENDS, ENDS],
    },
    Row {
        name: "half-closed (local), promised before",
        reach: |talk| {
            promised(talk, 2);
            heard(talk, |wire| wire.response(2, 200, Part::More));
        },
        stream: 2,
        state: Some(HalfClosedLocal),
        section: Trailers,
        cells: [told(Data, HalfClosedLocal), last(Data), RESETS, last(Trailers), GONE, ENDS, Quiet],
    },
    Row {
        name: "closed by END_STREAM of ours, then the server's",
        reach: |talk| {
            talk.opened(Part::Last);
            heard(talk, |wire| wire.response(1, 200, Part::Last));
        },
        stream: 1,
        state: None,
        section: Trailers,
        cells: OVER,
    },
    Row {
        name: "closed by END_STREAM of the server, then ours",
        reach: |talk| {
            talk.opened(Part::More);
            heard(talk, |wire| wire.response(1, 200, Part::Last));
            talk.send(1, b"x", Part::Last);
        },
        stream: 1,
        state: None,
        section: Trailers,
        cells: OVER,
    },
    Row {
        name: "closed by a promise's response",
        reach: |talk| {
            promised(talk, 2);
            heard(talk, |wire| wire.response(2, 200, Part::Last));
        },
        stream: 2,
        state: None,
        section: Trailers,
        cells: OVER,
    },
    Row {
        name: "closed by RST_STREAM of the server",
        reach: |talk| {
            talk.opened(Part::More);
            heard(talk, |wire| wire.reset(1, ErrorCode::CANCEL));
        },
        stream: 1,
        state: None,
        section: Response,
        cells: OVER,
    },
    Row {
        name: "closed by RST_STREAM of the server, promised before",
        reach: |talk| {
            promised(talk, 2);
            heard(talk, |wire| wire.reset(2, ErrorCode::CANCEL));
        },
        stream: 2,
        state: None,
        section: Response,
        cells: OVER,
    },
    Row {
        name: "closed by RST_STREAM of ours",
        reach: |talk| {
            talk.opened(Part::More);
            talk.stream(1).reset(ErrorCode::CANCEL);
        },
        stream: 1,
        state: None,
        section: Response,
        cells: [Quiet, Quiet, Quiet, Quiet, Quiet, Refuses, Quiet],
    },
    Row {
        name: "closed by RST_STREAM of ours, promised before",
        reach: |talk| {
            promised(talk, 2);
            talk.stream(2).reset(ErrorCode::CANCEL);
        },
        stream: 2,
        state: None,
        section: Response,
        cells: RESET_BY_US,
    },
    Row {
        name: "closed by an error of the stream",
        reach: |talk| {
            talk.opened(Part::More);
            heard(talk, |wire| wire.data(1, b"early", Part::More));
        },
        stream: 1,
        state: None,
        section: Response,
        cells: [Quiet, Quiet, Quiet, Quiet, Quiet, Refuses, Quiet],
    },
    Row {
        name: "closed by a higher promise",
        reach: |talk| promised(talk, 4),
        stream: 2,
        state: None,
        section: Response,
        cells: SKIPPED,
    },
];

fn heard(talk: &mut Talk, say: impl FnOnce(Wire) -> Wire) {
    talk.hear(say);
}

fn opened(talk: &mut Talk, part: Part) {
    talk.opened(part);
}

fn push(talk: &mut Talk) {
    heard(talk, |wire| wire.get(1));
    let pushed = talk.connection.push(id(1), Fields::request("GET", "http", "localhost", "/style"));
    assert_eq!(pushed, Ok(id(2)));
}

fn responded(talk: &mut Talk, request: Part) {
    talk.opened(request);
    heard(talk, |wire| wire.response(1, 200, Part::More));
}

fn promised(talk: &mut Talk, stream: u32) {
    talk.opened(Part::Last);
    heard(talk, |wire| wire.promise(1, stream, &get()));
}
