/**
 * Where the commands of a client go, and what their spans start with: built once for each command name, not once a
 * call. Pure.
 */
import { type Attributes, SpanKind, type SpanOptions } from '@opentelemetry/api';
import { DB_NAMESPACE, DB_OPERATION_NAME, DB_SYSTEM_NAME, SERVER_ADDRESS, SERVER_PORT } from '../semconv.js';

const SYSTEM = 'redis';
const DEFAULT_PORT = 6379;

/** Name and options of a span; shared by all that look the same. */
export interface SpanStart {
  readonly name: string;
  readonly options: SpanOptions;
}

/** A client that forwards whatever it is asked for has any number of commands. */
const MAX_REMEMBERED = 1000;

export class Endpoint {
  /** Host name, address, or path of a socket; undefined when nobody knows. */
  readonly address: string | undefined;
  /** Undefined when it is the default one. */
  readonly port: number | undefined;
  /** Index of the database. */
  readonly database: number;
  /** Of all spans. */
  readonly attributes: Attributes;
  readonly #target: string;
  readonly #starts = new Map<string, SpanStart>();

  constructor(address: unknown, port: unknown, database: unknown) {
    this.address = typeof address === 'string' && address !== '' ? address : undefined;
    const number = this.address === undefined ? DEFAULT_PORT : Number(port);
    this.port = number > 0 && number !== DEFAULT_PORT ? number : undefined;
    this.database = Number(database) || 0;
    this.attributes = {
      [DB_SYSTEM_NAME]: SYSTEM,
      [DB_NAMESPACE]: String(this.database),
      ...(this.address !== undefined && { [SERVER_ADDRESS]: this.address }),
      ...(this.port !== undefined && { [SERVER_PORT]: this.port }),
    };
    this.#target = targetOf(this.address, this.port);
  }

  /** The start of a span for the command of that name. */
  startOf(operation: string): SpanStart {
    const known = this.#starts.get(operation);
    if (known !== undefined) return known;
    const attributes = { ...this.attributes, [DB_OPERATION_NAME]: operation };
    const start = { name: this.nameOf(operation), options: { kind: SpanKind.CLIENT, attributes } };
    if (this.#starts.size < MAX_REMEMBERED) this.#starts.set(operation, start);
    return start;
  }

  /** Spec: the index of the database is no part of the name. */
  nameOf(operation: string): string {
    return operation + this.#target;
  }
}

function targetOf(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return '';
  return port === undefined ? ` ${address}` : ` ${address}:${port}`;
}

/** Of commands that were refused before anybody knew where to send them. */
export const UNKNOWN_ENDPOINT = new Endpoint(undefined, undefined, 0);
