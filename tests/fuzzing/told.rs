//! What a caller is told, in a form that is the same however the octets came.

use sans_h2::{Event, Part, StreamId};

use super::frames;

/// One thing that was told. Kept as values, since only those of a run that differs are ever shown.
#[derive(Debug, PartialEq)]
pub enum Told {
    /// Pieces of a body that follow each other.
    Body { stream: StreamId, octets: Vec<u8>, part: Part },
    /// Anything else.
    Event(Event<'static>),
}

/// Adds an event to what was told before.
pub fn tell(told: &mut Vec<Told>, event: &Event<'_>) {
    let &Event::Data { stream, data, part } = event else {
        return told.push(Told::Event(owned(event)));
    };
    match told.last_mut() {
        Some(Told::Body { stream: before, octets, part: end @ Part::More }) if *before == stream => {
            octets.extend_from_slice(data);
            *end = part;
        }
        _ => told.push(Told::Body { stream, octets: data.to_vec(), part }),
    }
}

/// The same event, of another lifetime: only octets of a body are lent.
fn owned(event: &Event<'_>) -> Event<'static> {
    match event {
        Event::Headers { stream, head, fields, part } => {
            Event::Headers { stream: *stream, head: *head, fields: fields.clone(), part: *part }
        }
        Event::Reset { stream, code, cause, verdict } => {
            Event::Reset { stream: *stream, code: *code, cause: *cause, verdict: *verdict }
        }
        Event::Writable { stream } => Event::Writable { stream: *stream },
        Event::PushPromise { stream, promised, fields } => {
            Event::PushPromise { stream: *stream, promised: *promised, fields: fields.clone() }
        }
        Event::Settings(settings) => Event::Settings(settings.clone()),
        Event::SettingsAcknowledged => Event::SettingsAcknowledged,
        Event::Pong { payload } => Event::Pong { payload: *payload },
        Event::AltSvc(altsvc) => Event::AltSvc(altsvc.clone()),
        Event::Origins(origins) => Event::Origins(origins.clone()),
        Event::PriorityUpdate(update) => Event::PriorityUpdate(update.clone()),
        Event::Frame { head, frame } => Event::Frame { head: *head, frame: frames::owned(frame.clone()) },
        Event::Extension(extension) => Event::Extension(extension.clone()),
        Event::OverBudget { violation } => Event::OverBudget { violation: *violation },
        Event::GoAway { last, code, debug } => {
            Event::GoAway { last: *last, code: *code, debug: debug.clone() }
        }
        Event::Closed { error } => Event::Closed { error: *error },
        other => panic!("{other:?} is not kept"),
    }
}
