//! A whole HTTP/2 server on blocking sockets: a thread for each connection, a short text for each GET.

use std::io::{self, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};

use bytes::{Buf, Bytes};
use sans_h2::{Config, Connection, Event, Fields, Head, Part, Time};

fn serve(mut socket: TcpStream) -> io::Result<()> {
    let mut connection = Connection::server(Config::default());
    let mut buffer = [0; 16_384];
    let mut input = &buffer[..0];
    loop {
        while let Some(event) = connection.poll(&mut input, Time::ZERO) {
            answer(&mut connection, event);
        }
        let mut output = connection.output();
        if output.has_remaining() {
            let mut slices = [IoSlice::new(&[]); 16];
            let count = output.chunks_vectored(&mut slices);
            let written = socket.write_vectored(&slices[..count])?;
            output.advance(written);
        } else if connection.is_closed() {
            return Ok(());
        } else {
            let received = socket.read(&mut buffer)?;
            if received == 0 {
                connection.end_of_input();
            }
            input = &buffer[..received];
        }
    }
}

fn answer(connection: &mut Connection, event: Event<'_>) {
    match event {
        Event::Headers { stream, head: Head::Request, fields, .. } => {
            let Some(mut stream) = connection.stream(stream) else { return };
            // The stream is new, so it takes a header section and a body.
            let _ = match fields.get(":method") {
                Some(b"GET") => stream
                    .send_headers(Fields::response(200).with("content-type", "text/plain"), Part::More)
                    .and_then(|()| stream.send_data(Bytes::from_static(b"Hello over HTTP/2!\n"), Part::Last)),
                _ => stream.send_headers(Fields::response(405).with("allow", "GET"), Part::Last),
            };
        }
        // Nobody wants the body of a request here; the client may send more.
        Event::Data { stream, data, .. } => {
            if let Some(mut stream) = connection.stream(stream) {
                stream.release(data.len());
            }
        }
        _ => {}
    }
}

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".into());
    let listener = TcpListener::bind(address)?;
    println!("listening on http://{}", listener.local_addr()?);
    for socket in listener.incoming() {
        let socket = socket?;
        socket.set_nodelay(true)?;
        std::thread::spawn(move || serve(socket));
    }
    Ok(())
}
