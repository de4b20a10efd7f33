'use strict';
// The least tracer of a raw http server: what a SERVER span of a request costs when nothing else is asked for. A context, ids,
// two times, the attributes of the semantic conventions, protobuf, and a thread that POSTs batches of 512. No configuration,
// sampler, limits, propagation, errors, redaction, other libraries, retries, nor the last batch of a process.
const { isMainThread, Worker, workerData, parentPort } = require('node:worker_threads');
const { webcrypto } = require('node:crypto');

const BATCH = 512;
const CHUNK_BYTES = 256 * 1024;
const IDS_BYTES = 24;
const IDS_AT_ONCE = 256;

function varint(value) {
  const bytes = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

const nested = (tag, length) => Buffer.concat([Buffer.from([tag]), varint(length)]);

/** The thread: a chunk is the content of ScopeSpans. */
function send(agent, url, { chunk, length }) {
  const { request } = require('node:http');
  const scope = nested(0x12, length);
  const head = Buffer.concat([nested(0x0a, scope.length + length), scope]);
  const headers = { 'Content-Type': 'application/x-protobuf', 'Content-Length': head.length + length };
  const post = request(url, { method: 'POST', agent, headers }, (response) => {
    response.resume().on('end', () => parentPort.postMessage(chunk));
  });
  post.write(head);
  post.end(Buffer.from(chunk, 0, length));
}

const key = (name) => Buffer.concat([Buffer.from([0x0a, name.length]), Buffer.from(name)]);
const KEYS = {
  method: key('http.request.method'),
  path: key('url.path'),
  query: key('url.query'),
  scheme: key('url.scheme'),
  address: key('server.address'),
  port: key('server.port'),
  client: key('client.address'),
  peer: key('network.peer.address'),
  peerPort: key('network.peer.port'),
  version: key('network.protocol.version'),
  userAgent: key('user_agent.original'),
  status: key('http.response.status_code'),
};

/** Spans as bytes; a batch goes to the thread. */
class Batches {
  #worker;
  #free = [];
  #chunk;
  #bytes;
  #at = 0;
  #count = 0;

  constructor() {
    this.#open();
  }

  #open() {
    this.#chunk = this.#free.pop() ?? new SharedArrayBuffer(CHUNK_BYTES);
    this.#bytes = Buffer.from(this.#chunk);
    this.#at = 0;
    this.#count = 0;
  }

  #handOver() {
    if (this.#worker === undefined) {
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: process.env.OTEL_EXPORTER_OTLP_ENDPOINT };
      this.#worker = new Worker(__filename, { workerData: 'least', execArgv: [], env });
      this.#worker.on('message', (chunk) => this.#free.push(chunk));
      this.#worker.unref();
    }
    this.#worker.postMessage({ chunk: this.#chunk, length: this.#at });
    this.#open();
  }

  #text(tag, text) {
    const bytes = this.#bytes;
    bytes[this.#at++] = tag;
    bytes[this.#at++] = text.length;
    for (let i = 0; i < text.length; i++) bytes[this.#at++] = text.charCodeAt(i);
  }

  #key(name, valueLength) {
    const bytes = this.#bytes;
    bytes[this.#at++] = 0x4a;
    bytes[this.#at++] = name.length + valueLength + 2;
    bytes.set(name, this.#at);
    this.#at += name.length;
    bytes[this.#at++] = 0x12;
    bytes[this.#at++] = valueLength;
  }

  #textAttribute(name, text) {
    this.#key(name, text.length + 2);
    this.#text(0x0a, text);
  }

  #numberAttribute(name, value) {
    this.#key(name, 4);
    const bytes = this.#bytes;
    bytes[this.#at++] = 0x18;
    bytes[this.#at++] = (value & 0x7f) | 0x80;
    bytes[this.#at++] = ((value >>> 7) & 0x7f) | 0x80;
    bytes[this.#at++] = value >>> 14;
  }

  #time(tag, seconds, nanos) {
    const high = Math.floor((seconds * 1e9) / 2 ** 32);
    this.#bytes[this.#at] = tag;
    this.#bytes.writeUInt32LE((seconds * 1e9 + nanos - high * 2 ** 32) >>> 0, this.#at + 1);
    this.#bytes.writeUInt32LE(high, this.#at + 5);
    this.#at += 9;
  }

  #id(tag, ids, from, to) {
    this.#bytes[this.#at++] = tag;
    this.#bytes[this.#at++] = to - from;
    for (let i = from; i < to; i++) this.#bytes[this.#at++] = ids[i];
  }

  add({ ids, idsAt, start, request, response, host, peer, peerPort }, end) {
    const { method, url, headers, httpVersion } = request;
    this.#bytes[this.#at] = 0x12;
    const lengthAt = this.#at + 1;
    this.#at += 3;
    this.#id(0x0a, ids, idsAt, idsAt + 16);
    this.#id(0x12, ids, idsAt + 16, idsAt + IDS_BYTES);
    this.#text(0x2a, method);
    this.#bytes[this.#at++] = 0x30;
    this.#bytes[this.#at++] = 2;
    this.#time(0x39, start[0], start[1]);
    this.#time(0x41, end[0], end[1]);
    const question = url.indexOf('?');
    const colon = host.indexOf(':');
    this.#textAttribute(KEYS.method, method);
    this.#textAttribute(KEYS.path, question < 0 ? url : url.slice(0, question));
    if (question >= 0) this.#textAttribute(KEYS.query, url.slice(question + 1));
    this.#textAttribute(KEYS.scheme, 'http');
    this.#textAttribute(KEYS.address, host.slice(0, colon));
    this.#numberAttribute(KEYS.port, Number(host.slice(colon + 1)));
    this.#textAttribute(KEYS.client, peer);
    this.#textAttribute(KEYS.peer, peer);
    this.#numberAttribute(KEYS.peerPort, peerPort);
    this.#textAttribute(KEYS.version, httpVersion);
    if (headers['user-agent'] !== undefined) this.#textAttribute(KEYS.userAgent, headers['user-agent']);
    this.#numberAttribute(KEYS.status, response.statusCode);
    const length = this.#at - lengthAt - 2;
    this.#bytes[lengthAt] = (length & 0x7f) | 0x80;
    this.#bytes[lengthAt + 1] = length >>> 7;
    if (++this.#count === BATCH) this.#handOver();
  }
}

function trace() {
  const { AsyncLocalStorage } = require('node:async_hooks');
  const { Server } = require('node:net');
  const storage = new AsyncLocalStorage();
  const batches = new Batches();
  const { emit } = Server.prototype;
  const epochSeconds = Math.floor(Date.now() / 1000) - process.hrtime()[0];
  let ids = new Uint8Array(0);
  let idsAt = 0;

  function now() {
    const time = process.hrtime();
    time[0] += epochSeconds;
    return time;
  }

  function begin(request, response) {
    if (idsAt === ids.length) {
      ids = webcrypto.getRandomValues(new Uint8Array(IDS_BYTES * IDS_AT_ONCE));
      idsAt = 0;
    }
    const { remoteAddress: peer, remotePort: peerPort } = request.socket;
    const call = { ids, idsAt, start: now(), request, response, host: request.headers.host, peer, peerPort };
    idsAt += IDS_BYTES;
    response.on('close', () => batches.add(call, now()));
    return call;
  }

  Server.prototype.emit = function (event, request, response) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    if (event !== 'request') return emit.apply(this, arguments);
    return storage.run(begin(request, response), () => emit.call(this, event, request, response));
  };
}

if (isMainThread) trace();
else if (workerData === 'least') {
  const agent = new (require('node:http').Agent)({ keepAlive: true });
  const url = `${process.env.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`;
  parentPort.on('message', (batch) => send(agent, url, batch));
}
