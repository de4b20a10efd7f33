/**
 * What the official instrumentations of SQL Server and of Cassandra do not do: spans named by what is asked for, query texts
 * with their literals masked, callbacks and rows in the context of the caller. Application's thread; loaded with the driver.
 */
import type { Attributes, Context, SpanOptions } from '@opentelemetry/api';
import type { AgentConfig } from '../../config/types.js';
import { activeContext, runIn } from '../active-context.js';
import type { AdapterOptions } from '../adapter.js';
import { leaveContext } from '../caller-context.js';
import { type AnyFunction, patchMethod } from '../patch.js';
import {
  DB_NAMESPACE,
  DB_OPERATION_NAME,
  DB_QUERY_SUMMARY,
  DB_QUERY_TEXT,
  DB_STORED_PROCEDURE_NAME,
} from '../semconv.js';
import type { SpanFilter } from '../span-filter.js';
import { createDescribeQuery, type DescribeQuery } from '../sql/describe.js';
import type { PatchTarget } from '../types.js';
import { CASSANDRA } from './manifest.js';
import { connectionsOfOracle, oracledb } from './oracledb.js';

function maskedBy(describe: DescribeQuery, { isDbQuerySanitized }: AgentConfig): SpanFilter {
  if (!isDbQuerySanitized) return {};
  return { maskQuery: (text) => describe(text).sanitized, hidesMessages: true };
}

const textOf = ({ attributes }: SpanOptions): string | undefined => {
  const text = attributes?.[DB_QUERY_TEXT];
  return typeof text === 'string' ? text : undefined;
};

/** Methods of a connection that send a text to be run. */
const RUNNING = new Set<unknown>(['execSql', 'execSqlBatch', 'execute']);
/** What is called is a procedure, and this no name: `sp_prepare` was called, with the text that it prepares. */
const TEXT = /\s/;

/** `{method} {database}` becomes the summary of the query. */
const nameByQuery =
  (describe: DescribeQuery): NonNullable<SpanFilter['rephrase']> =>
  (name, options) => {
    const text = textOf(options);
    if (text === undefined) return [name, options];
    const given = options.attributes?.[DB_OPERATION_NAME];
    const isRun = RUNNING.has(given);
    if (!isRun && given !== 'prepare' && !TEXT.test(text)) return [name, options];
    const { summary } = describe(text);
    const operation = isRun ? undefined : 'prepare';
    const attributes: Attributes = {
      ...options.attributes,
      [DB_OPERATION_NAME]: operation,
      [DB_STORED_PROCEDURE_NAME]: undefined,
      [DB_QUERY_SUMMARY]: summary,
    };
    const parts = [operation, summary ?? attributes[DB_NAMESPACE]].filter((part) => part !== undefined);
    return [parts.join(' ') || name, { ...options, attributes }];
  };

type WrapCallback = (end: AnyFunction) => (original: AnyFunction) => AnyFunction;

function callbackIn(caller: Context, callback: AnyFunction): AnyFunction {
  return function calledBack(this: unknown, ...parameters: unknown[]): unknown {
    return runIn(caller, callback, this, parameters);
  };
}

/** A request's callback would run in the span of the request: the next one would be its child, and so on. */
function keepCaller(official: object): void {
  const methods = official as { _patchCallbackQuery: WrapCallback };
  const wrapCallback = methods._patchCallbackQuery.bind(official);
  methods._patchCallbackQuery = (end) => {
    const caller = activeContext();
    return (original) => wrapCallback(end)(callbackIn(caller, original));
  };
}

const UUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi;

/** Of CQL, which has literals that SQL does not know. */
function createDescribeCql(): DescribeQuery {
  const describe = createDescribeQuery('postgresql');
  return (text) => describe(text.replace(UUID, '0'));
}

const PREFIX = 'cassandra-driver.';

const nameByCql =
  (describe: DescribeQuery): NonNullable<SpanFilter['rephrase']> =>
  (name, options) => {
    if (name === `${PREFIX}batch`) {
      return ['BATCH', { ...options, attributes: { ...options.attributes, [DB_OPERATION_NAME]: 'BATCH' } }];
    }
    const text = textOf(options);
    const summary = text === undefined ? undefined : describe(text).summary;
    if (summary === undefined) return [name, options];
    return [summary, { ...options, attributes: { ...options.attributes, [DB_QUERY_SUMMARY]: summary } }];
  };

/** A stream is made of queries, which have spans: it would be one more around each page. */
function leaveStreams(official: object): void {
  const methods = official as { _getPatchedStream: () => (original: AnyFunction) => AnyFunction };
  methods._getPatchedStream = () => (original) => original;
}

/** Unlike a callback, the function for rows is called again and again. */
function keepContextOfRows(original: AnyFunction): AnyFunction {
  return function eachRow(this: unknown, ...parameters: unknown[]) {
    const caller = activeContext();
    for (const [index, value] of parameters.entries()) {
      if (typeof value === 'function') parameters[index] = callbackIn(caller, value as AnyFunction);
    }
    return original.apply(this, parameters);
  };
}

/** Connections, and what they read, belong to nobody's request: rows come in the context of who asked for them. */
function patchRows(exports: unknown): unknown {
  const { prototype } = (exports as { Client: { prototype: object } }).Client;
  if (typeof prototype !== 'object') throw new TypeError('no Client');
  patchMethod(prototype, 'eachRow', keepContextOfRows);
  patchMethod(prototype, 'connect', leaveContext);
  return exports;
}

export const drivers = {
  tedious(config: AgentConfig): AdapterOptions {
    const describe = createDescribeQuery('sqlite');
    return { filter: { ...maskedBy(describe, config), rephrase: nameByQuery(describe) }, adjust: keepCaller };
  },
  cassandra(config: AgentConfig): AdapterOptions {
    const describe = createDescribeCql();
    const filter = { ...maskedBy(describe, config), rephrase: nameByCql(describe) };
    return { config: { enhancedDatabaseReporting: true }, filter, adjust: leaveStreams };
  },
  oracledb,
  connectionsOfOracle,
  rowsOfCassandra: { ...CASSANDRA, patch: patchRows } satisfies PatchTarget,
};
