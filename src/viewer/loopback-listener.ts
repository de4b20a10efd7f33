/**
 * A TCP listener on 127.0.0.1 that hands accepted sockets to a protocol server, or misbehaves below every protocol:
 * refuses, stays silent, resets. It owns the raw sockets, so both HTTP and gRPC can be cut off in the same way.
 */
import { createServer, type Server, type Socket } from 'node:net';

/**
 * What happens to connections: `serve` hands them on; `refuse` stops listening (ECONNREFUSED); `blackhole` accepts and
 * never reads or answers; `reset` accepts and sends RST; `resetAfterBytes` reads that many bytes first.
 */
export type ConnectionMode = 'serve' | 'refuse' | 'blackhole' | 'reset' | { resetAfterBytes: number };

export interface LoopbackListener {
  /** The TCP port; stays the same when the listener closes and listens again. */
  readonly port: number;
  /** Number of connections accepted so far, in every mode. */
  acceptedConnections(): number;
  /** Cuts every open connection and treats the following ones by `mode`. */
  setMode(mode: ConnectionMode): Promise<void>;
  /** Sends RST on the connection from this remote port, if it is open. */
  reset(remotePort: number | undefined): void;
  /** Stops listening and cuts every connection. */
  close(): Promise<void>;
}

/** Listens on a free port. `serve` gets each accepted socket untouched. */
export async function listenOnLoopback(serve: (socket: Socket) => void): Promise<LoopbackListener> {
  const sockets = new Map<number | undefined, Socket>();
  let mode: ConnectionMode = 'serve';
  let accepted = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    accepted++;
    const { remotePort } = socket;
    sockets.set(remotePort, socket);
    socket.on('close', () => sockets.delete(remotePort));
    // A client that goes away is part of the tests; its requests are accounted for by the protocol server.
    socket.on('error', () => {});
    applyMode(mode, socket, serve);
  });
  await listen(server, 0);
  const { port } = server.address() as { port: number };

  const cutAll = () => {
    for (const socket of sockets.values()) cut(socket);
  };
  const stop = async () => {
    const closed = stopListening(server);
    cutAll();
    await closed;
  };
  return {
    port,
    acceptedConnections: () => accepted,
    reset(remotePort) {
      const socket = sockets.get(remotePort);
      if (socket !== undefined) cut(socket);
    },
    async setMode(next) {
      mode = next;
      if (next === 'refuse') return stop();
      cutAll();
      if (!server.listening) await listen(server, port);
    },
    close: stop,
  };
}

/** Node 20: resetting a socket that is already ending can leave the process spinning in its own clean-up. */
function cut(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

function applyMode(mode: ConnectionMode, socket: Socket, serve: (socket: Socket) => void): void {
  if (mode === 'serve') {
    serve(socket);
  } else if (mode === 'reset' || mode === 'refuse') {
    cut(socket);
  } else if (mode !== 'blackhole') {
    let left = mode.resetAfterBytes;
    socket.on('data', (chunk) => {
      left -= chunk.length;
      if (left <= 0) cut(socket);
    });
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function stopListening(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => server.close(() => resolve()));
}
