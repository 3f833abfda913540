// An HTTP/2 server on Node: node server.mjs FOLDER, serving its files; prints the port.
import { createReadStream, statSync } from 'node:fs';
import http2 from 'node:http2';
import { basename, join } from 'node:path';

const folder = process.argv[2];
const server = http2.createServer();

server.on('stream', (stream, fields) => {
  if (fields[':method'] === 'POST') {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    return stream.pipe(stream);
  }
  try {
    const path = join(folder, basename(fields[':path']));
    const { size } = statSync(path);
    stream.additionalHeaders({ ':status': 103, link: '</style.css>' });
    stream.respond({ ':status': 200, 'content-length': size });
    createReadStream(path).pipe(stream);
  } catch {
    stream.respond({ ':status': 404 }, { endStream: true });
  }
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
