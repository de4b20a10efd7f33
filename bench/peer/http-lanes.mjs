/**
 * HTTP/1.1 lanes: kept connections with one request at a time, written as constant bytes and read into one buffer, so
 * that the load costs less than the lightest application. Each answer must be a 200 that ends in the expected body; the
 * first answer of a connection is searched for its end, later ones must have its length.
 */
import { connect } from 'node:net';

const BODY = 'hello';
const ENDS = [BODY, `${BODY}\r\n0\r\n\r\n`].map((text) => Buffer.from(text, 'latin1'));
const OK = Buffer.from('HTTP/1.1 200', 'latin1');
const MAX_ANSWER = 16_384;

class HttpLane {
  #socket;
  #request;
  #answer = Buffer.allocUnsafe(MAX_ANSWER);
  #received = 0;
  #length = 0;
  #end;
  #done;
  #isClosed = false;

  constructor(port, path, ready, failed) {
    this.#request = Buffer.from(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: bench/1\r\nAccept: */*\r\n\r\n`,
      'latin1',
    );
    const onread = { buffer: Buffer.allocUnsafe(MAX_ANSWER), callback: (size, chunk) => this.#read(size, chunk) };
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread }, ready);
    this.#socket.on('error', (error) => (this.#done ?? failed)(error));
    this.#socket.on('close', () => {
      this.#isClosed = true;
      this.#done?.(new Error('the connection was closed before the answer'));
    });
  }

  fire(done) {
    if (this.#isClosed) return done(new Error('the connection was closed between requests'));
    this.#done = done;
    this.#received = 0;
    this.#socket.write(this.#request);
  }

  #read(size, chunk) {
    chunk.copy(this.#answer, this.#received, 0, size);
    this.#received += size;
    if (this.#length === 0) this.#learn();
    if (this.#length === 0 || this.#received < this.#length) return true;
    const done = this.#done;
    this.#done = undefined;
    done?.(this.#isRight() ? undefined : new Error(`wrong answer: ${this.#text()}`));
    return true;
  }

  #learn() {
    this.#end = ENDS.find((end) => this.#endsWith(end));
    if (this.#end !== undefined) this.#length = this.#received;
    else if (this.#answer.indexOf('\r\n\r\n') > 0 && !this.#startsWell()) this.#length = this.#received;
  }

  #startsWell() {
    return OK.compare(this.#answer, 0, OK.length) === 0;
  }

  #endsWith(end) {
    return this.#received >= end.length && end.compare(this.#answer, this.#received - end.length, this.#received) === 0;
  }

  #isRight() {
    return (
      this.#received === this.#length && this.#startsWell() && this.#end !== undefined && this.#endsWith(this.#end)
    );
  }

  #text() {
    return JSON.stringify(this.#answer.toString('latin1', 0, Math.min(this.#received, 300)));
  }

  close() {
    if (this.#isClosed) return Promise.resolve();
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.end();
    return closed;
  }
}

export function connectHttp({ port, path, count }) {
  const open = () =>
    new Promise((resolve, reject) => {
      const lane = new HttpLane(port, path, () => resolve(lane), reject);
    });
  return Promise.all(Array.from({ length: count }, open));
}
