// Node's HTTP/2 client against a server: node client.mjs ORIGIN
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import http2 from 'node:http2';

const session = http2.connect(process.argv[2], { rejectUnauthorized: false });
session.on('error', fail);

function fail(error) {
  console.error(error);
  process.exit(1);
}

/** Sends one request; resolves to its status, header fields, body and trailers. */
function request(fields, body, trailers) {
  return new Promise((resolve, reject) => {
    const stream = session.request(fields, { endStream: body === undefined, waitForTrailers: trailers !== undefined });
    const chunks = [];
    let head, end;
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('trailers', (fields) => (end = fields));
    stream.on('response', (fields) => (head = fields));
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => resolve({ status: head[':status'], head, end, body: Buffer.concat(chunks) }));
    if (body !== undefined) stream.end(body);
  });
}

const digest = (octets) => createHash('sha256').update(octets).digest('hex');

const page = await request({ ':path': '/' });
assert.equal(page.status, 200);
assert.equal(Number(page.head['content-length']), page.body.length);
assert.match(page.body.toString(), /html/);

const head = await request({ ':method': 'HEAD', ':path': '/' });
assert.equal(head.head['content-length'], page.head['content-length']);
assert.equal(head.body.length, 0);

assert.equal((await request({ ':path': '/nothing/here' })).status, 404);
assert.equal((await request({ ':method': 'DELETE', ':path': '/' })).status, 405);

const bodies = Array.from({ length: 20 }, (_, n) => randomBytes(1 + n * 50_000));
const echoes = await Promise.all(bodies.map((body) => request({ ':method': 'POST', ':path': '/echo' }, body)));
echoes.forEach((echo, n) => assert.equal(digest(echo.body), digest(bodies[n]), `echo ${n}`));

const sizes = [0, 1, 16_384, 65_535, 65_536, 10_000_000];
const streams = await Promise.all(sizes.map((size) => request({ ':path': `/bytes/${size}` })));
streams.forEach((stream, n) => assert.equal(stream.body.length, sizes[n]));

// A call as gRPC makes it: messages behind a mark and their length, and the status in the trailers.
const message = Buffer.concat([Buffer.from([0, 0, 1, 0x86, 0xa0]), randomBytes(100_000)]);
const grpc = { ':method': 'POST', ':path': '/echo', 'content-type': 'application/grpc', te: 'trailers' };
const call = await request(grpc, message, { 'x-end': 'yes' });
assert.equal(call.head['content-type'], 'application/grpc');
assert.equal(digest(call.body), digest(message));
assert.equal(call.end['grpc-status'], '0');

await new Promise((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())));
session.close(() => console.log('node client: ok'));
