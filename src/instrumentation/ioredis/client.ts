/** The part of ioredis's classes that we use, and where the commands of a client go. */
import { createTie } from '../operation.js';
import type { AnyFunction } from '../patch.js';
import { Endpoint, UNKNOWN_ENDPOINT } from '../redis/endpoint.js';
import type { CommandView } from '../redis/query-text.js';

export interface Command {
  readonly name: string;
  readonly args: readonly unknown[];
  /** Since 4.0, of a command that a script stands behind. */
  readonly isCustomCommand?: boolean;
  resolve: AnyFunction;
  reject: AnyFunction;
}

export interface Redis {
  readonly options?: {
    readonly host?: unknown;
    readonly port?: unknown;
    readonly path?: unknown;
    readonly db?: unknown;
    readonly sentinels?: unknown;
  };
  /** Of the connection, once there is one. */
  readonly condition?: { readonly select?: unknown } | null;
  readonly stream?: { readonly remoteAddress?: unknown; readonly remotePort?: unknown } | null;
  /** Of a cluster. */
  readonly connectionPool?: unknown;
}

export const COMMANDS: CommandView<Command> = { name: ({ name }) => name, args: ({ args }) => args, first: 0 };

/** What an endpoint was made of: it is made anew when that changes. */
interface Known {
  readonly endpoint: Endpoint;
  readonly database: number;
  /** Of a client that asks sentinels for its server. */
  readonly stream: unknown;
}

const endpoints = createTie<Known>();

function databaseOf({ condition, options }: Redis): number {
  return Number(condition?.select ?? options?.db) || 0;
}

function readEndpoint(redis: Redis, database: number): Endpoint {
  const { host, port, path, sentinels } = redis.options ?? {};
  if (sentinels) return new Endpoint(redis.stream?.remoteAddress, redis.stream?.remotePort, database);
  return new Endpoint(path ?? host ?? 'localhost', path ? undefined : port, database);
}

/** Of a cluster it is not known before it has chosen a node. */
export function endpointOf(redis: Redis): Endpoint {
  if (redis.connectionPool !== undefined) return UNKNOWN_ENDPOINT;
  const database = databaseOf(redis);
  const stream = redis.options?.sentinels ? redis.stream : undefined;
  const known = endpoints.get(redis);
  if (known !== undefined && known.database === database && known.stream === stream) return known.endpoint;
  const endpoint = readEndpoint(redis, database);
  endpoints.set(redis, { endpoint, database, stream });
  return endpoint;
}

/** A command that ioredis sends again in full when the server does not know the script. */
export function isScript(command: Command): boolean {
  return command.isCustomCommand === true || command.constructor.name === 'CustomScriptCommand';
}
