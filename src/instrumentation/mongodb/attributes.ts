/**
 * Name and attributes of the span of a command. Documents are not recorded: the conventions have no text for MongoDB.
 * Pure.
 *
 * Spec: semantic-conventions 1.44, MongoDB.
 */
import type { Attributes } from '@opentelemetry/api';
import {
  DB_COLLECTION_NAME,
  DB_NAMESPACE,
  DB_OPERATION_BATCH_SIZE,
  DB_OPERATION_NAME,
  DB_SYSTEM_NAME,
  SERVER_ADDRESS,
  SERVER_PORT,
} from '../semconv.js';

const SYSTEM = 'mongodb';
const DEFAULT_PORT = 27017;

/** The document of a command: its first key is its name. */
export type CommandDocument = Readonly<Record<string, unknown>>;

/** Where a connection goes. */
export interface Server {
  readonly address: string | undefined;
  /** Undefined when it is the default one. */
  readonly port: number | undefined;
}

export function serverOf(address: unknown, port: unknown): Server {
  if (typeof address !== 'string' || address === '') return { address: undefined, port: undefined };
  const number = Number(port);
  return { address, port: number > 0 && number !== DEFAULT_PORT ? number : undefined };
}

export function nameOf(command: CommandDocument): string {
  for (const name in command) return name;
  return SYSTEM;
}

/** Their value is the name of a collection; of others it is a number, a user, a setting. */
const ON_COLLECTION = new Set([
  ...['insert', 'update', 'delete', 'find', 'findAndModify', 'findandmodify', 'aggregate', 'count', 'distinct'],
  ...['mapReduce', 'mapreduce', 'killCursors', 'create', 'drop', 'collMod', 'collStats', 'validate', 'compact'],
  ...['createIndexes', 'dropIndexes', 'listIndexes', 'reIndex'],
  ...['createSearchIndexes', 'updateSearchIndex', 'dropSearchIndex'],
]);

function collectionOf(command: CommandDocument, name: string): string | undefined {
  if (name === 'explain') {
    const explained = command.explain as CommandDocument;
    return collectionOf(explained, nameOf(explained));
  }
  const value = name === 'getMore' ? command.collection : ON_COLLECTION.has(name) ? command[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Statements, each of which the application may have made by itself. Documents of one insert are operands. */
function batchSizeOf(command: CommandDocument, name: string): number | undefined {
  const given = name === 'update' ? command.updates : name === 'delete' ? command.deletes : command.ops;
  // Since 6.10 the driver wraps them.
  const statements = (given as { documents?: unknown } | undefined)?.documents ?? given;
  return Array.isArray(statements) && statements.length > 1 ? statements.length : undefined;
}

export interface Description {
  readonly spanName: string;
  readonly attributes: Attributes;
}

export function describeCommand(
  command: CommandDocument,
  name: string,
  database: string,
  { address, port }: Server,
): Description {
  const collection = collectionOf(command, name);
  const attributes = {
    [DB_SYSTEM_NAME]: SYSTEM,
    [DB_OPERATION_NAME]: name,
    [DB_NAMESPACE]: database,
    [DB_COLLECTION_NAME]: collection,
    [DB_OPERATION_BATCH_SIZE]: batchSizeOf(command, name),
    [SERVER_ADDRESS]: address,
    [SERVER_PORT]: port,
  };
  return { spanName: `${name} ${collection ?? database}`, attributes };
}
