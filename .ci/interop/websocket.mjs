// A WebSocket of Node's HTTP/2 client and the package ws against a server: node websocket.mjs ORIGIN MODULES
//
// MODULES is the folder that npm has installed ws into. Of ws only the framing is used: the rest cannot be had without
// a handshake of HTTP/1.1.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http2 from 'node:http2';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [origin, modules] = process.argv.slice(2);
const { Receiver, Sender } = createRequire(resolve(modules, 'node_modules', 'any'))('ws');
const session = http2.connect(origin, { rejectUnauthorized: false });
session.on('error', fail);

function fail(error) {
  console.error(error);
  process.exit(1);
}

/** Asks for a tunnel; resolves to it and to the header fields that answer. */
async function tunnel(version) {
  const fields = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/echo', 'sec-websocket-version': version };
  const stream = session.request(fields, { endStream: false });
  stream.on('error', fail);
  const [head] = await once(stream, 'response');
  return { stream, head };
}

/** Opens a WebSocket: what to send with, and the events of what comes. */
async function open() {
  const { stream, head } = await tunnel('13');
  assert.equal(head[':status'], 200);
  const receiver = new Receiver({ isServer: false });
  receiver.on('error', fail);
  stream.pipe(receiver);
  return { stream, receiver, sender: new Sender(stream) };
}

const whole = { fin: true, mask: true };
const next = (socket) => once(socket.receiver, 'message');

/** The goodbye of the other end, and the end of the tunnel after it. */
async function goodbye(socket) {
  const ended = once(socket.stream, 'end');
  const [code, reason] = await once(socket.receiver, 'conclude');
  await ended;
  socket.stream.end();
  return [code, reason.toString()];
}

await once(session, 'remoteSettings');
assert.equal(session.remoteSettings.enableConnectProtocol, true);

// Messages of both kinds and of any length.
const socket = await open();
for (const text of ['one', '', 'zwölf Boxkämpfer', 'x'.repeat(70_000)]) {
  socket.sender.send(text, whole);
  const [echo, binary] = await next(socket);
  assert.deepEqual([echo.toString(), binary], [text, false]);
}
const large = randomBytes(1_000_000);
socket.sender.send(large, { ...whole, binary: true });
const [back, binary] = await next(socket);
assert.ok(binary && large.equals(back));

// A message in fragments, cut within a character, with a ping between them; nobody answers a pong.
const [first, second] = [Buffer.from('fünf').subarray(0, 2), Buffer.from('fünf').subarray(2)];
const order = [];
socket.receiver.once('pong', (payload) => order.push(`pong ${payload}`));
socket.sender.send(first, { mask: true });
socket.sender.ping(Buffer.from('still there?'), true);
socket.sender.pong(Buffer.from('yes'), true);
socket.sender.send(Buffer.alloc(0), { mask: true });
socket.sender.send(second, whole);
order.push((await next(socket))[0].toString());
assert.deepEqual(order, ['pong still there?', 'fünf']);

// Many messages at once, in two tunnels of one connection, more than any window lets through.
const other = await open();
const messages = Array.from({ length: 100 }, (_, n) => randomBytes(n * 1_000));
const echoes = [socket, other].map(async ({ receiver, sender }) => {
  const received = [];
  const all = new Promise((done) => {
    receiver.on('message', (message) => received.push(message) === messages.length && done());
  });
  for (const message of messages) sender.send(message, { ...whole, binary: true });
  await all;
  assert.deepEqual(received, messages);
});
await Promise.all(echoes);

// Goodbyes: ours with a code and a reason, ours without them, and the server's to a message that is too long for it.
const answered = goodbye(socket);
socket.sender.close(4321, 'enough', true);
assert.deepEqual(await answered, [4321, 'enough']);
const silent = goodbye(other);
other.sender.close(undefined, undefined, true);
assert.deepEqual(await silent, [1005, '']);
const greedy = await open();
const refused = goodbye(greedy);
greedy.sender.send(Buffer.alloc(2_000_000), { ...whole, binary: true });
assert.deepEqual(await refused, [1009, '']);

const { stream, head } = await tunnel('8');
assert.deepEqual([head[':status'], head['sec-websocket-version']], [400, '13']);
stream.resume().end();

session.close(() => console.log('node WebSocket: ok'));
