/** The steps on the way to a collector, one at a time. Command line program; never verifies more than it is asked to. */
import { lookup } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkServerIdentity, connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { TlsOptions } from '../../worker/tls-files.js';

/** Rejects with `ETIMEDOUT` when `work` takes longer; `onLate` gives back what comes too late. */
export function within<T>(work: Promise<T>, millis: number, onLate: (value: T) => void = () => {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      work.then(onLate, () => {});
      reject(Object.assign(new Error(`no answer after ${millis} ms`), { code: 'ETIMEDOUT' }));
    }, millis);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

/** Addresses of a host; the host itself when it is one. */
export async function resolveHost(host: string, millis: number): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await within(lookup(host, { all: true, verbatim: true }), millis);
  return found.map(({ address }) => address);
}

/** Connects to the first address that answers. Rejects with the last one's error. */
export async function openTcp(addresses: readonly string[], port: number, millis: number): Promise<Socket> {
  let last: unknown = new Error('no address');
  for (const host of addresses) {
    const socket = connectTcp({ host, port });
    try {
      await within(
        new Promise<void>((resolve, reject) => {
          socket.once('connect', resolve).once('error', reject);
        }),
        millis,
      );
      socket.on('error', () => {});
      return socket;
    } catch (error) {
      socket.destroy();
      last = error;
    }
  }
  throw last;
}

export interface TlsFacts {
  readonly protocol: string;
  /** What the two sides agreed on of HTTP/2 and HTTP/1.1; undefined when the server did not say. */
  readonly http: 'h2' | 'http/1.1' | undefined;
  readonly certificate: PeerCertificate;
  /** Why Node.js would not trust it. */
  readonly distrust: string | undefined;
  /** Why it is not for this host. */
  readonly mismatch: string | undefined;
}

/** Shakes hands without refusing anything, so that everything wrong can be told. */
export async function inspectTls(socket: Duplex, host: string, tls: TlsOptions, millis: number): Promise<TlsFacts> {
  const name = isIP(host) === 0 ? { servername: host } : {};
  const options = { ...tls, ...name, socket, rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] };
  const secure: TLSSocket = connectTls(options);
  try {
    await within(
      new Promise<void>((resolve, reject) => {
        secure.once('secureConnect', resolve).once('error', reject);
      }),
      millis,
    );
    const certificate = secure.getPeerCertificate();
    const { authorizationError } = secure;
    return {
      protocol: secure.getProtocol() ?? 'TLS',
      http: secure.alpnProtocol === 'h2' || secure.alpnProtocol === 'http/1.1' ? secure.alpnProtocol : undefined,
      certificate,
      distrust: authorizationError
        ? String((authorizationError as Error & { code?: string }).code ?? authorizationError)
        : undefined,
      mismatch: checkServerIdentity(host, certificate)?.message,
    };
  } finally {
    secure.destroy();
  }
}

/** The preface of HTTP/2 and an empty SETTINGS frame. RFC 9113, section 3.4. */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const SETTINGS_FRAME = 4;

/** What a port without TLS speaks, judged by its answer to the preface of HTTP/2. */
export async function spokenAt(
  socket: Socket,
  millis: number,
): Promise<'h2' | 'http/1.1' | 'something else' | 'nothing'> {
  const answer = new Promise<Buffer>((resolve) => {
    socket.once('data', resolve).once('close', () => resolve(Buffer.alloc(0)));
    socket.write(PREFACE);
  });
  const first = await within(answer, millis).catch(() => Buffer.alloc(0));
  socket.destroy();
  if (first.length === 0) return 'nothing';
  if (first.subarray(0, 5).toString('latin1') === 'HTTP/') return 'http/1.1';
  return first[3] === SETTINGS_FRAME ? 'h2' : 'something else';
}

export interface ClockFacts {
  /** Server's time minus ours, in milliseconds; the server gives whole seconds. */
  readonly skewMillis: number;
}

/** Compares clocks by the Date header of an answer, whatever its status. Undefined when there is none. */
export async function readClock(
  url: URL,
  headers: Readonly<Record<string, string>>,
  tls: TlsOptions,
  millis: number,
): Promise<ClockFacts | undefined> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const before = Date.now();
  const answer = new Promise<string | undefined>((resolve, reject) => {
    const sent = request(url, { method: 'GET', headers, ...tls, rejectUnauthorized: false, agent: false });
    sent.on('response', (response) => {
      response.resume();
      resolve(response.headers.date);
      sent.destroy();
    });
    sent.on('error', reject);
    sent.end();
  });
  const date = await within(answer, millis).catch(() => undefined);
  const server = Date.parse(date ?? '');
  if (Number.isNaN(server)) return undefined;
  // Half a second for what the header cuts off.
  return { skewMillis: server + 500 - (before + Date.now()) / 2 };
}
