//! All requests to one origin: over one connection, and over another one for those that a server sent back.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;

use sans_h2::{Config, Connection};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{sleep_until, timeout};

use super::client::{AT_ONCE, Client};
use super::target::Origin;
use super::tls::{Transport, connect};
use super::{Job, Push};
use crate::link::Link;

/// Fetches what `requests` name. Each of them has been ended in the job when this returns.
pub async fn fetch(job: Arc<Job>, origin: Origin, mut requests: VecDeque<usize>) {
    let mut attempts = 0;
    while !requests.is_empty() {
        attempts += 1;
        let transport = match timeout(job.timeout, connect(&origin, job.trust)).await {
            Ok(Ok(transport)) => transport,
            Ok(Err(error)) => return fail_all(&job, requests, &format!("{error:#}")),
            Err(_) => {
                let reason = format!("cannot connect within {} s", job.timeout.as_secs());
                return fail_all(&job, requests, &reason);
            }
        };
        let before = requests.len();
        requests = fetch_over(transport, &job, &origin, requests).await;
        if requests.len() < before {
            attempts = 0;
        } else if attempts == ATTEMPTS {
            return fail_all(&job, requests, "the server refused it on several connections in a row");
        }
    }
}

/// Uses one connection up; returns the requests that the server has certainly not worked on.
async fn fetch_over(
    transport: Box<dyn Transport>,
    job: &Arc<Job>,
    origin: &Origin,
    requests: VecDeque<usize>,
) -> VecDeque<usize> {
    let (sender, mut credits) = unbounded_channel();
    let mut link = Link::new(Connection::client(config(requests.len(), job.push)), transport);
    let mut client = Client::new(Arc::clone(job), origin, requests, sender);
    loop {
        link.deliver(&mut client);
        client.go_on(&mut link.connection);
        if link.connection.is_closed() {
            break;
        }
        let patience = client.patience();
        tokio::select! {
            biased;
            Some(credit) = credits.recv() => {
                client.on_credit(&mut link.connection, credit);
                while let Ok(credit) = credits.try_recv() {
                    client.on_credit(&mut link.connection, credit);
                }
            }
            moved = link.moved(&mut client) => if let Err(error) = moved {
                client.on_transport_error(error);
                link.connection.end_of_input();
            },
            () = async {
                match patience {
                    Some(end) => sleep_until(end).await,
                    None => pending().await,
                }
            } => client.on_patience_lost(&mut link.connection),
        }
    }
    link.finish(&mut client).await;
    client.into_unprocessed()
}

fn fail_all(job: &Job, requests: VecDeque<usize>, reason: &str) {
    for request in requests {
        job.fail(request, reason);
    }
}

/// The fewer requests, the wider the windows; all of them full are [`MEMORY`].
fn config(requests: usize, push: Push) -> Config {
    let at_once = u32::try_from(requests.clamp(1, AT_ONCE)).unwrap_or(u32::MAX);
    let window = (MEMORY / at_once).clamp(65_535, 1 << 20);
    Config::builder()
        .initial_window_size(window)
        // A body that waits for its turn keeps its credit: it must not use up that of the body that it waits for.
        .connection_window_size(window.saturating_mul(at_once))
        .max_open_streams(at_once)
        .enable_push(push == Push::Taken)
        // Above the server's limit, which its SETTINGS tell, requests would only be refused.
        .max_early_streams(1)
        .build()
        .expect("the values are within their ranges")
}

/// How many octets of bodies may wait for their turn, on one connection.
const MEMORY: u32 = 16 << 20;

/// How many connections in a row may bring nothing.
const ATTEMPTS: u32 = 3;
