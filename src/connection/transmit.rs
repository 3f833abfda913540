//! Makes the next batch of output: frames are made only when the writer asks (RFC 9113 §4, §6).

use super::Connection;
use crate::flow::Opening;
use crate::frame::{Data, Part, WindowUpdate};
use crate::id::{Role, StreamId};
use crate::output::{BATCH_OCTETS, Batch};
use crate::stream::{Fullness, Half, Key, NextData, Queues, StreamRecord, Want};

impl Connection {
    /// Fills the batch if it has been written: control frames, then credit, then new streams, then the streams
    /// that have something to send, by their priorities.
    pub(super) fn transmit(&mut self) {
        if !self.batch.is_empty() {
            return;
        }
        let is_idle = self.streams.is_empty();
        if is_idle {
            self.batch.release_memory();
            if self.streams.take_gave_back() {
                self.spare.release_memory();
            }
        }
        if !self.control.is_empty() {
            self.flush_control();
            if !self.control.is_empty() {
                return;
            }
        }
        if !self.closing.is_open() {
            return;
        }
        if let Some(increment) = self.flow.update() {
            self.batch.write(|out| WindowUpdate { stream: None, increment }.write(out));
        }
        if is_idle {
            return;
        }
        self.open_windows();
        if self.streams.has_ahead() {
            self.write_ahead();
        }
        while self.has_turn() && self.batch.has_room() && self.write_turn().is_some() {}
        self.streams.trim_queues();
    }

    /// What goes ahead of the streams that have something to send, or makes more of them.
    fn write_ahead(&mut self) {
        self.write_updates();
        while self.may_write(Want::Promise) && self.write_promise().is_some() {}
        while self.may_write(Want::Open) && self.write_opening().is_some() {}
    }

    /// Whether a stream is in a list, and there is room for a frame of it.
    fn may_write(&self, want: Want) -> bool {
        self.streams.first(want).is_some() && self.batch.has_room()
    }

    /// Whether it is the turn of any stream to send.
    fn has_turn(&self) -> bool {
        self.streams.has_turn(self.flow.is_open())
    }

    /// Whether the peer admits one more stream of ours.
    pub(super) fn may_open(&self) -> bool {
        let limit = self.peer.max_concurrent_streams() as usize;
        self.streams.local_active() < limit && !(self.role == Role::Client && self.closing.peer_is_leaving())
    }

    /// Lets the streams send whose windows have been opened. Only now: the peer may have moved its initial window size
    /// any number of times.
    fn open_windows(&mut self) {
        if self.streams.first(Want::Window).is_some() && self.flow.is_open() {
            self.streams.open_windows(|stream| match self.flow.opening(stream) {
                Opening::Shut => false,
                Opening::Sliver => self.guard.spend_sliver(),
                Opening::Useful => true,
            });
        }
    }

    fn write_updates(&mut self) {
        while self.may_write(Want::Update) {
            let Some(key) = self.streams.pop(Want::Update) else { return };
            let record = self.streams.record_mut(key);
            // RFC 9113 §5.1: nothing flow-controlled comes on a half that has ended.
            if record.recv.half == Half::Closed {
                continue;
            }
            let stream = Some(record.id);
            if let Some(increment) = self.flow.update_on(&mut record.flow) {
                self.batch.write(|out| WindowUpdate { stream, increment }.write(out));
            }
        }
    }

    /// Opens the next stream of ours that waits for the peer's limit, in the order in which they came to wait: for a
    /// client that of the identifiers (RFC 9113 §5.1.1).
    fn write_opening(&mut self) -> Option<()> {
        if !self.may_open() {
            return None;
        }
        let key = self.streams.pop(Want::Open)?;
        let id = self.write_section(key)?;
        self.streams.activate(key);
        self.guard.opened();
        if !self.streams.is_announced(id) {
            self.streams.announce(id);
            self.prioritized.opened(id);
        }
        self.write_due_priority(key);
        if self.streams.record(key).queue.is_empty() {
            self.settle(key);
        } else {
            self.streams.enlist(key, Want::Send);
        }
        Some(())
    }

    /// Lets the next stream send: its sections, and at most one DATA frame, so that bodies share the connection. Where
    /// no other stream waits, it would be the turn of this one again, and it goes on: with more frames, and with a
    /// section behind them.
    #[inline(never)]
    fn write_turn(&mut self) -> Option<()> {
        let key = self.streams.pop_turn(self.flow.is_open())?;
        loop {
            let mut has_room = true;
            if self.write_sections(key) {
                if self.streams.record(key).is_sent() {
                    self.settle(key);
                    return Some(());
                }
                // Behind long sections there may be none left for data.
                has_room = self.batch.has_room();
            }
            let blocked = if has_room { self.write_data(key) } else { None };
            self.notice_room(key);
            if self.streams.record(key).queue.is_empty() {
                self.settle(key);
                return Some(());
            }
            let is_next = blocked.is_none() && !self.has_turn() && self.batch.has_room();
            let blocked = if is_next { self.used_up(key) } else { blocked };
            if !is_next || blocked.is_some() {
                self.streams.enlist(key, blocked.unwrap_or(Want::Send));
                return Some(());
            }
        }
    }

    /// Writes the sections that a stream's queue begins with; tells whether there are any.
    fn write_sections(&mut self, key: Key) -> bool {
        let mut are_any = false;
        while self.begins_with_section(key) && self.write_section(key).is_some() {
            are_any = true;
        }
        are_any
    }

    /// Whether a stream's queue begins with a header or trailer section.
    #[inline]
    fn begins_with_section(&self, key: Key) -> bool {
        let (record, queues) = self.streams.record_and_queues(key);
        queues.begins_with_section(&record.queue)
    }

    /// The window that is used up, if the stream's queue begins with data that waits for it.
    fn used_up(&self, key: Key) -> Option<Want> {
        let (record, queues) = self.streams.record_and_queues(key);
        let want = match (self.flow.sendable_on(&record.flow), self.flow.sendable()) {
            (0, _) => Want::Window,
            (_, 0) => Want::Shared,
            (_, _) => return None,
        };
        queues.begins_with_octets(&record.queue).then_some(want)
    }

    /// Encodes the section that a stream's queue begins with straight into the batch; its memory serves for one that is
    /// received.
    fn write_section(&mut self, key: Key) -> Option<StreamId> {
        let (record, queues) = self.streams.record_and_queues_mut(key);
        let (fields, part) = queues.pop_headers(&mut record.queue)?;
        record.progress.step(self.config.stall_floor());
        let head = self.headers_head(key, part);
        let (encoder, max_frame_size) = (&mut self.encoder, self.peer.values().max_frame_size);
        let splits_cookies = self.config.split_cookies();
        self.batch.write_block(fields.list_octets(), |out| {
            let start = head.start_block(out);
            if splits_cookies {
                encoder.encode_crumbs(&fields, out);
            } else {
                encoder.encode_list(&fields, out);
            }
            head.finish_block(start, max_frame_size, out);
        });
        self.recycle(fields);
        Some(head.stream)
    }

    /// Writes one DATA frame, if the stream's queue begins with data, or as many as there are where no other stream
    /// waits; tells which window holds the first one back.
    fn write_data(&mut self, key: Key) -> Option<Want> {
        let is_alone = !self.has_turn();
        // However long a frame the peer takes: what is in a batch cannot be overtaken.
        let longest = BATCH_OCTETS.min(self.peer.values().max_frame_size as usize);
        let (record, queues) = self.streams.record_and_queues_mut(key);
        let longest = longest.saturating_sub(Data::padded_octets(record.padding) as usize);
        let (own, shared) = (self.flow.sendable_on(&record.flow), self.flow.sendable());
        let window = own.min(shared);
        let mut bodies =
            Bodies { batch: &mut self.batch, queues, longest, stall_floor: self.config.stall_floor() };
        let (mut frames, mut sent): (u32, u32) = (0, 0);
        // Asked here, as well: most bodies are short.
        if is_alone && window as usize >= longest && record.queue.octets() > longest {
            (frames, sent) = bodies.write_long(record, window);
        }
        while frames == 0 || is_alone && sent < window && !record.queue.is_empty() && bodies.batch.has_room()
        {
            let Some(octets) = bodies.write_next(record, window.saturating_sub(sent)) else { break };
            sent = sent.saturating_add(octets);
            frames = frames.saturating_add(1);
        }
        self.flow.send_on(&mut record.flow, sent);
        self.guard.sent(frames, sent);
        self.streams.use_turns(frames);
        match (frames, own) {
            (0, 0) => Some(Want::Window),
            (0, _) => Some(Want::Shared),
            (_, _) => None,
        }
    }

    /// Half of the buffer free is room enough to tell the caller of; less would tell too often.
    fn notice_room(&mut self, key: Key) {
        let enough = self.send_buffer_size() / 2;
        let record = self.streams.record_mut(key);
        if record.send.half != Half::Closed
            && record.fullness == Fullness::Full
            && record.queue.octets() <= enough
        {
            record.fullness = Fullness::Room;
            self.enlist_for_caller(key, Want::Notice);
        }
    }

    /// Puts a stream in a list of those of which the caller is told before the next frame counts.
    pub(super) fn enlist_for_caller(&mut self, key: Key, want: Want) {
        self.streams.enlist(key, want);
        self.reader.pause();
    }
}

/// Writes bodies of streams.
struct Bodies<'c> {
    batch: &'c mut Batch,
    queues: &'c mut Queues,
    /// Octets of body that a frame has at most.
    longest: usize,
    stall_floor: u32,
}

impl Bodies<'_> {
    /// Writes as many of the longest frames as the first chunk has more than, without padding; tells how many, and how
    /// many octets count.
    #[inline(always)]
    fn write_long(&mut self, record: &mut StreamRecord, window: u32) -> (u32, u32) {
        let octets = u32::try_from(self.longest).expect("no more than a batch");
        let (None, Some(most)) = (record.padding, window.checked_div(octets)) else { return (0, 0) };
        let head = Data::head(record.id, octets, None, Part::More).to_octets();
        let cut = self.queues.cut_first(&mut record.queue, |chunk| {
            self.batch.write_alike(&head, chunk, self.longest, most as usize);
        });
        record.progress.octets(cut);
        let sent = u32::try_from(cut).expect("no more than the window");
        (sent.checked_div(octets).unwrap_or(0), sent)
    }

    /// Writes the next frame, where the windows have so many octets left; tells how many of these count.
    #[inline(always)]
    fn write_next(&mut self, record: &mut StreamRecord, left: u32) -> Option<u32> {
        let Self { batch, queues, .. } = self;
        let limit = self.longest.min(left as usize);
        // A chunk fits, as the batch has room.
        let (piece, next) = match queues.take_piece(&mut record.queue, limit) {
            Some((piece, part)) => {
                let next = NextData { octets: piece.len(), part };
                (Some(piece), next)
            }
            None => (None, queues.next_data(&record.queue, limit, batch.room())?),
        };
        let padding = pad(record.padding, (left as usize).saturating_sub(next.octets));
        let octets = u32::try_from(next.octets).expect("no more than the limit");
        batch.write(|out| Data::write_head(record.id, octets, padding, next.part, out));
        match piece {
            Some(piece) => batch.push_body(piece),
            None => queues.take_data(&mut record.queue, next, |chunk| batch.push_body(chunk)),
        }
        if padding.is_some() {
            batch.write(|out| Data::write_padding(padding, out));
        }
        record.progress.octets(next.octets);
        if next.part.is_last() {
            record.progress.step(self.stall_floor);
        }
        Some(octets.saturating_add(Data::padded_octets(padding)))
    }
}

/// The padding that fits where the windows leave so many octets to it and its length.
fn pad(padding: Option<u8>, room: usize) -> Option<u8> {
    let most = u8::try_from(room.checked_sub(1)?).unwrap_or(u8::MAX);
    padding.map(|octets| octets.min(most))
}
