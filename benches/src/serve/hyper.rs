//! A server of the crate `hyper`, as quick as it can be without being another program: what is short is in memory, and
//! what is long is read piece by piece, by the same code as in `serve`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use anyhow::Result;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;

use super::piece::{self, PIECE_OCTETS};
use super::servers::ANNOUNCEMENT;

/// Serves the files of a directory until it is ended.
pub(crate) fn run(root: &Path) -> Result<()> {
    let files = Arc::new(Files::of(root)?);
    runtime::Builder::new_multi_thread().enable_io().build()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        writeln!(io::stdout(), "{ANNOUNCEMENT}http://{}", listener.local_addr()?)?;
        loop {
            let (socket, _) = listener.accept().await?;
            socket.set_nodelay(true)?;
            tokio::spawn(serve(socket, Arc::clone(&files)));
        }
    })
}

async fn serve(socket: TcpStream, files: Arc<Files>) {
    let answer = service_fn(|request: Request<Incoming>| {
        let response = files.answer(request.uri().path());
        async { Ok::<_, Infallible>(response) }
    });
    // The date is a field that `serve` does not send.
    let mut builder = http2::Builder::new(TokioExecutor::new());
    let connection = builder.auto_date_header(false).serve_connection(TokioIo::new(socket), answer);
    // The client leaves when it has all.
    let _ = connection.await;
}

/// Whatever there is to be asked for, found once.
struct Files(HashMap<String, Content>);

#[derive(Clone)]
enum Content {
    Short(Bytes),
    Long(PathBuf, u64),
}

impl Files {
    fn of(root: &Path) -> Result<Self> {
        let mut files = HashMap::new();
        for entry in fs::read_dir(root)? {
            let entry = entry?;
            let octets = entry.metadata()?.len();
            let content = match octets {
                0..=PIECE_OCTETS => Content::Short(fs::read(entry.path())?.into()),
                _ => Content::Long(entry.path(), octets),
            };
            files.insert(format!("/{}", entry.file_name().to_string_lossy()), content);
        }
        Ok(Self(files))
    }

    fn answer(&self, path: &str) -> Response<Piecewise> {
        let body = self.0.get(path).and_then(|content| Piecewise::of(content).ok());
        let status = if body.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
        let mut response = Response::new(body.unwrap_or(Piecewise::Whole(Bytes::new())));
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response
    }
}

/// A body on its way out. `hyper` tells its length by itself.
enum Piecewise {
    Whole(Bytes),
    File(File, u64),
}

impl Piecewise {
    fn of(content: &Content) -> io::Result<Self> {
        Ok(match content {
            Content::Short(octets) => Self::Whole(octets.clone()),
            Content::Long(path, octets) => Self::File(File::open(path)?, *octets),
        })
    }

    fn left(&self) -> u64 {
        match self {
            Self::Whole(whole) => whole.len() as u64,
            Self::File(_, left) => *left,
        }
    }

    fn next(&mut self) -> io::Result<Bytes> {
        match self {
            Self::Whole(whole) => Ok(std::mem::take(whole)),
            Self::File(file, left) => {
                let piece = piece::read(file, *left)?;
                *left -= piece.len() as u64;
                Ok(piece)
            }
        }
    }
}

impl Body for Piecewise {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let body = self.get_mut();
        Poll::Ready((body.left() > 0).then(|| body.next().map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left())
    }
}
