/**
 * What a span's attributes say about the call, in words: protocol, far end, result. Knows the stable semantic
 * conventions and the older names that instrumentations still write.
 */
import { GRPC_CODES } from '../grpc-codes.js';
import type { Attributes, SpanRecord } from './span-record.js';

/** The far end of an outgoing call that no service of ours answered. */
export interface FarEnd {
  type: 'database' | 'queue' | 'host';
  name: string;
}

const SYSTEM_NAMES: Readonly<Record<string, string>> = {
  postgresql: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
  mongodb: 'MongoDB',
  redis: 'Redis',
  memcached: 'Memcached',
  cassandra: 'Cassandra',
  mssql: 'SQL Server',
  'microsoft.sql_server': 'SQL Server',
  rabbitmq: 'RabbitMQ',
  kafka: 'Kafka',
  grpc: 'gRPC',
};

/** `HTTP`, `gRPC`, `PostgreSQL`…; `call` when the attributes do not say. */
export function protocolOf({ attributes }: SpanRecord): string {
  const system = firstOf(
    attributes,
    'db.system.name',
    'db.system',
    'rpc.system.name',
    'rpc.system',
    'messaging.system',
  );
  if (system !== undefined) return SYSTEM_NAMES[system] ?? system;
  return firstOf(attributes, 'http.request.method', 'http.method') === undefined ? 'call' : 'HTTP';
}

/** True for a span that a database client made. */
export function isDatabase({ attributes }: SpanRecord): boolean {
  return firstOf(attributes, 'db.system.name', 'db.system') !== undefined;
}

/** True for a database span that carries a query or operation; connecting and pooling do not. */
export function isQuery({ attributes }: SpanRecord): boolean {
  return firstOf(attributes, 'db.query.text', 'db.statement', 'db.operation.name', 'db.operation') !== undefined;
}

/** Where an outgoing span went, as its own attributes tell it. */
export function farEndOf(span: SpanRecord): FarEnd {
  const { attributes } = span;
  const address = addressOf(attributes);
  if (isDatabase(span)) {
    const name = firstOf(attributes, 'db.namespace', 'db.name') ?? address ?? protocolOf(span).toLowerCase();
    return { type: 'database', name };
  }
  const destination = firstOf(attributes, 'messaging.destination.name', 'messaging.destination');
  if (destination !== undefined || firstOf(attributes, 'messaging.system') !== undefined) {
    return { type: 'queue', name: destination ?? address ?? 'unnamed' };
  }
  return { type: 'host', name: address ?? 'unknown' };
}

/** The result and the particulars of a span, most telling first: `200`, `GET /carts/7`, `SELECT 1`… */
export function detailsOf(span: SpanRecord): string[] {
  const { attributes } = span;
  const details: string[] = [];
  const add = (text: string | undefined) => {
    if (text !== undefined && text !== '' && !details.includes(text)) details.push(text);
  };
  for (const text of failureOf(span)) add(text);
  add(httpDetails(attributes));
  add(grpcDetails(attributes));
  add(firstOf(attributes, 'db.query.text', 'db.statement') ?? firstOf(attributes, 'db.operation.name', 'db.operation'));
  add(messagingDetails(span));
  if (span.kind === 'CLIENT' && httpUrl(attributes) === undefined) add(addressOf(attributes));
  for (const link of span.links) add(`link to span ${link.spanId} of trace ${link.traceId}`);
  if (details.length === 0 && span.status.code === 'ERROR') add('failed');
  return details;
}

/** The status message and the exceptions, each text once: most instrumentations write the message into both. */
function failureOf({ status, events }: SpanRecord): string[] {
  const exceptions = events
    .filter((event) => event.name === 'exception')
    .map(({ attributes }) => [firstOf(attributes, 'exception.type'), firstOf(attributes, 'exception.message')])
    .map((parts) => parts.filter((part) => part !== undefined).join(': '));
  const isRepeated = exceptions.some((text) => text.endsWith(status.message));
  return status.code === 'ERROR' && !isRepeated ? [status.message, ...exceptions] : exceptions;
}

function httpDetails(attributes: Attributes): string | undefined {
  const method = firstOf(attributes, 'http.request.method', 'http.method');
  if (method === undefined) return undefined;
  const code = firstOf(attributes, 'http.response.status_code', 'http.status_code');
  const where = httpUrl(attributes) ?? pathOf(attributes);
  return [method, where, code === undefined ? undefined : `→ ${code}`].filter(Boolean).join(' ');
}

function httpUrl(attributes: Attributes): string | undefined {
  return firstOf(attributes, 'url.full', 'http.url');
}

function pathOf(attributes: Attributes): string | undefined {
  const query = firstOf(attributes, 'url.query');
  const path = firstOf(attributes, 'url.path', 'http.target', 'http.route');
  return path !== undefined && query !== undefined && !path.includes('?') ? `${path}?${query}` : path;
}

function grpcDetails(attributes: Attributes): string | undefined {
  const code = firstOf(attributes, 'rpc.grpc.status_code', 'rpc.response.status_code');
  if (code === undefined) return undefined;
  return `gRPC → ${GRPC_CODES[Number(code)] ?? code}`;
}

function messagingDetails(span: SpanRecord): string | undefined {
  const destination = firstOf(span.attributes, 'messaging.destination.name', 'messaging.destination');
  return destination === undefined ? undefined : `${protocolOf(span)} ${destination}`;
}

function addressOf(attributes: Attributes): string | undefined {
  const host = firstOf(attributes, 'server.address', 'net.peer.name', 'net.peer.ip', 'network.peer.address');
  const port = firstOf(attributes, 'server.port', 'net.peer.port', 'network.peer.port');
  if (host === undefined) return undefined;
  return port === undefined ? host : `${host}:${port}`;
}

/** The first of these attributes that has a value, as text. */
function firstOf(attributes: Attributes, ...keys: string[]): string | undefined {
  for (const key of keys) {
    const value = attributes[key];
    if (value !== undefined && value !== null && value !== '') return String(value);
  }
  return undefined;
}
