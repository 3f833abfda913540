//! RFC 9113, section by section, through the public API: octets in, octets and events out.

#[path = "../support/mod.rs"]
mod support;

mod announced;
mod browser;
mod budgets;
mod connect;
mod content;
mod control_data;
mod errors;
mod extensions;
mod field_blocks;
mod field_rules;
mod flow_control;
mod frames;
mod goaway;
mod image;
mod messages;
mod openings;
mod options;
mod oracle;
mod ping;
mod preface;
mod priorities;
mod progress;
mod push;
mod relaxed;
mod sending;
mod settings;
mod start;
mod states;
mod streams;
mod traced;
mod verdicts;
