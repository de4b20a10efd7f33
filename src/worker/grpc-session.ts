/**
 * One HTTP/2 connection to the collector, replaced when it is closed, goes away, idles too long or its TLS files change.
 * Worker; loads `node:http2` when the first call is made.
 *
 *   none ──acquire──► connecting ──► open ──(GOAWAY, error, close, retire, idle 60 s, new certificate)──► none
 *                         └──error──► none, the caller gets the error
 */
import type { ClientHttp2Session, SecureClientSessionOptions } from 'node:http2';
import type { Duplex } from 'node:stream';
import { DUAL_STACK } from './connections.js';
import type { TlsFiles } from './tls-files.js';

/** Opens the socket under a session through a proxy; undefined = no proxy is wanted. */
export type OpenTunnel = (url: URL) => Promise<Duplex> | undefined;

const IDLE_MILLIS = 60_000;

export class GrpcSessions {
  readonly #url: URL;
  readonly #tlsFiles: TlsFiles;
  readonly #openTunnel: OpenTunnel;
  #current: Promise<ClientHttp2Session> | undefined;
  #version = -1;
  #usedAt = 0;

  constructor(url: URL, tlsFiles: TlsFiles, openTunnel: OpenTunnel) {
    this.#url = url;
    this.#tlsFiles = tlsFiles;
    this.#openTunnel = openTunnel;
  }

  /** True when the next call would go over a connection that has been used before. */
  get isKept(): boolean {
    return this.#current !== undefined;
  }

  /** Resolves with an open session. Rejects with the connection's error, or when TLS files cannot be read. */
  async acquire(): Promise<ClientHttp2Session> {
    const { version, options } = this.#url.protocol === 'https:' ? this.#tlsFiles.read() : { version: 0, options: {} };
    if (version !== this.#version || performance.now() - this.#usedAt > IDLE_MILLIS) this.retire();
    this.#version = version;
    this.#usedAt = performance.now();
    this.#current ??= this.#connect(options);
    return this.#current;
  }

  /** New calls get a new connection; calls under way on the old one go on. */
  retire(): void {
    const retired = this.#current;
    this.#current = undefined;
    retired?.then(
      (session) => session.close(),
      () => {},
    );
  }

  destroy(): void {
    const last = this.#current;
    this.#current = undefined;
    last?.then(
      (session) => session.destroy(),
      () => {},
    );
  }

  #connect(tls: SecureClientSessionOptions): Promise<ClientHttp2Session> {
    const opening = this.#open(tls);
    const forget = (): void => {
      if (this.#current === opening) this.#current = undefined;
    };
    opening.then((session) => session.once('close', forget).once('goaway', () => this.retire()), forget);
    return opening;
  }

  async #open(tls: SecureClientSessionOptions): Promise<ClientHttp2Session> {
    const http2 = require('node:http2') as typeof import('node:http2');
    const socket = await this.#openTunnel(this.#url);
    const options: SecureClientSessionOptions = { ...tls, ...DUAL_STACK, settings: { enablePush: false } };
    if (socket !== undefined) options.createConnection = () => socket;
    const session = http2.connect(this.#url.origin, options);
    session.unref();
    return new Promise((resolve, reject) => {
      session.once('error', reject);
      session.once('close', () => reject(new Error('the connection was closed')));
      session.once('connect', () => resolve(session));
      // Later errors reach the streams; without a listener they would be thrown.
      session.on('error', () => {});
    });
  }
}
