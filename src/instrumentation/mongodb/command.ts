/**
 * The CLIENT span of each command on a connection. The driver's own monitoring events are not used: they come without
 * the caller's context, and asking for them makes the driver build an event with a copy of the reply for every command,
 * sampled or not. Hot path.
 */
import { type Context, type Span, SpanKind, type Tracer } from '@opentelemetry/api';
import { AGENT_VERSION } from '../../version.js';
import { activeContext, runIn } from '../active-context.js';
import { bindTo } from '../caller-context.js';
import { DRIVER_CONTEXT } from '../driver-context.js';
import { splitHost } from '../http/address.js';
import { createTie, failSpanByCode } from '../operation.js';
import { type AnyFunction, Faults } from '../patch.js';
import { OTHER } from '../semconv.js';
import type { InstrumentationContext } from '../types.js';
import { createIsUnsampled, type IsUnsampled } from '../unsampled.js';
import { type CommandDocument, describeCommand, nameOf, type Server, serverOf } from './attributes.js';
import { recordFailure, recordServerError, writeErrorOf } from './errors.js';
import { MONGODB } from './manifest.js';

/** The part of a connection that we use. */
export interface Connection {
  /** `address:port` of the socket. */
  readonly address?: unknown;
}

interface Namespace {
  readonly db?: unknown;
}

/** What the application named, or a server of its cluster was announced as. */
export interface HostAddress {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly socketPath?: unknown;
}

const servers = createTie<Server>();

/** Remembers where a connection goes by its name; its socket only knows an address. */
export function rememberHost(connection: object, { host, port, socketPath }: HostAddress): void {
  servers.set(connection, serverOf(socketPath ?? host, socketPath === undefined ? port : undefined));
}

function serverOfConnection(connection: Connection): Server {
  const known = servers.get(connection);
  if (known !== undefined) return known;
  const { address, port } = splitHost(String(connection.address ?? ''));
  const server = serverOf(address, port);
  servers.set(connection, server);
  return server;
}

/** What the driver sends for itself: to open connections, to check servers, to close sessions. */
const HOUSEKEEPING = new Set([
  ...['hello', 'ismaster', 'isMaster', 'saslStart', 'saslContinue', 'authenticate', 'getnonce', 'endSessions'],
]);

function isHousekeeping(name: string, context: Context): boolean {
  return HOUSEKEEPING.has(name) || (name === 'ping' && context === DRIVER_CONTEXT);
}

/** What the wrappers of one instrumentation share. */
export class MongodbTracing {
  readonly faults: Faults;
  readonly #tracer: Tracer;
  readonly #isUnsampled: IsUnsampled;
  readonly #isSanitized: boolean;

  constructor({ tracerProvider, config, log }: InstrumentationContext) {
    this.faults = new Faults('mongodb', log);
    this.#tracer = tracerProvider.getTracer(MONGODB.scope, AGENT_VERSION);
    this.#isUnsampled = createIsUnsampled(config);
    this.#isSanitized = config.isDbQuerySanitized;
  }

  /** Undefined when nothing is recorded. Never throws. */
  start(connection: Connection, namespace: Namespace, command: CommandDocument): Span | undefined {
    try {
      const context = activeContext();
      if (this.faults.isDisabled || this.#isUnsampled(context)) return undefined;
      const name = nameOf(command);
      if (isHousekeeping(name, context)) return undefined;
      const server = serverOfConnection(connection);
      const { spanName, attributes } = describeCommand(command, name, String(namespace.db), server);
      const span = this.#tracer.startSpan(spanName, { kind: SpanKind.CLIENT, attributes }, context);
      return span.isRecording() ? span : undefined;
    } catch (error) {
      this.faults.record(error);
      return undefined;
    }
  }

  /** `error` is undefined or null when there is a reply. Never throws. */
  end(span: Span, command: CommandDocument, error: unknown, reply: unknown): void {
    try {
      if (error !== undefined && error !== null) recordFailure(span, error, this.#isSanitized);
      else {
        const writeError = writeErrorOf(reply, nameOf(command));
        if (writeError !== undefined) recordServerError(span, writeError);
      }
    } catch (fault) {
      this.faults.record(fault);
    }
    this.#close(span);
  }

  /** The driver threw instead of answering. Never throws. */
  abandon(span: Span): void {
    try {
      failSpanByCode(span, OTHER);
    } catch (fault) {
      this.faults.record(fault);
    }
    this.#close(span);
  }

  #close(span: Span): void {
    try {
      span.end();
    } catch (fault) {
      this.faults.record(fault);
    }
  }
}

/** Wraps `command` of a connection that returns a promise. */
export function wrapCommand(original: AnyFunction, tracing: MongodbTracing): AnyFunction {
  return function command(this: Connection, namespace: Namespace, document: CommandDocument) {
    const span = tracing.start(this, namespace, document);
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const promise: Promise<unknown> = original.apply(this, arguments as unknown as unknown[]);
    if (span === undefined) return promise;
    return promise.then(
      (reply) => {
        tracing.end(span, document, undefined, reply);
        return reply;
      },
      (error: unknown) => {
        tracing.end(span, document, error, undefined);
        throw error;
      },
    );
  };
}

/** The same for a connection that calls back; what waits for a callback goes on in the caller's context. */
export function wrapCommandWithCallback(original: AnyFunction, tracing: MongodbTracing): AnyFunction {
  return function command(
    this: Connection,
    namespace: Namespace,
    document: CommandDocument,
    options: unknown,
    callback: AnyFunction,
  ) {
    const span = tracing.start(this, namespace, document);
    const caller = activeContext();
    if (span === undefined) return original.call(this, namespace, document, options, bindTo(caller, callback));
    const done = function (this: unknown, ...results: unknown[]): unknown {
      tracing.end(span, document, results[0], results[1]);
      return runIn(caller, callback, this, results);
    };
    let isDone = false;
    try {
      const result = original.call(this, namespace, document, options, done);
      isDone = true;
      return result;
    } finally {
      if (!isDone) tracing.abandon(span);
    }
  };
}
