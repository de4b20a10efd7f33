/**
 * The local socket from which `trace-agent doctor --pid` reads: whoever connects gets one JSON document. Worker, so that
 * the application's thread never loads `node:net` for it and an answer comes also while that thread is busy. Opened only
 * when OTEL_NODE_DIAGNOSTICS_DIRECTORY names a directory.
 *
 *   connection ─► ASK ─► application's thread ─► SNAPSHOT ─► document ─► end
 *                  └── no answer in time: the last document, marked as stale
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { dirname } from 'node:path';

/** How long the application's thread has to answer. */
const ANSWER_MILLIS = 1000;
const MAX_CONNECTIONS = 8;

export interface DiagnosticsOptions {
  readonly path: string;
  readonly ask: (id: number) => void;
  readonly onTrouble: (detail: string) => void;
}

export class DiagnosticsSocket {
  readonly #options: DiagnosticsOptions;
  readonly #waiting = new Map<number, (text: string | undefined) => void>();
  #server: Server | undefined;
  #last: string | undefined;
  #nextId = 1;

  constructor(options: DiagnosticsOptions) {
    this.#options = options;
    try {
      this.#listen(options.path);
    } catch (error) {
      options.onTrouble(String(error));
    }
  }

  #listen(path: string): void {
    const { createServer } = require('node:net') as typeof import('node:net');
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Left behind by a process that had this number before.
    rmSync(path, { force: true });
    const server = createServer((socket) => this.#serve(socket));
    server.maxConnections = MAX_CONNECTIONS;
    server.on('error', (error) => this.#options.onTrouble(error.message));
    server.listen(path, () => chmodSync(path, 0o600));
    server.unref();
    this.#server = server;
  }

  #serve(socket: Socket): void {
    socket.unref();
    socket.on('error', () => socket.destroy());
    const id = this.#nextId++;
    const timer = setTimeout(() => this.#finish(id, undefined), ANSWER_MILLIS).unref();
    this.#waiting.set(id, (text) => {
      clearTimeout(timer);
      if (text !== undefined) this.#last = text;
      const stale = { isStale: true, snapshot: this.#last === undefined ? null : JSON.parse(this.#last) };
      socket.end(text === undefined ? JSON.stringify(stale) : `{"isStale":false,"snapshot":${text}}`);
    });
    this.#options.ask(id);
  }

  #finish(id: number, text: string | undefined): void {
    const finish = this.#waiting.get(id);
    this.#waiting.delete(id);
    finish?.(text);
  }

  /** The application's thread has answered. */
  answer(id: number, text: string): void {
    this.#finish(id, text);
  }

  close(): void {
    this.#server?.close();
    for (const id of [...this.#waiting.keys()]) this.#finish(id, undefined);
  }
}
