/**
 * What the official instrumentation of Oracle Database does not do: one span for a call instead of one more for each of
 * its messages, named by what is asked for; none for what the client has already; and no harm to the call, whatever
 * happens. Application's thread; loaded with the driver.
 */
import type { Attributes, Span, SpanOptions } from '@opentelemetry/api';
import type { AgentConfig } from '../../config/types.js';
import type { AdapterOptions, OfficialInstrumentation } from '../adapter.js';
import { type AnyFunction, type Faults, patchIfPresent, patchMethod } from '../patch.js';
import {
  DB_NAMESPACE,
  DB_OPERATION_BATCH_SIZE,
  DB_OPERATION_NAME,
  DB_QUERY_SUMMARY,
  DB_RESPONSE_STATUS_CODE,
  SERVER_ADDRESS,
  SERVER_PORT,
} from '../semconv.js';
import { createDescribeQuery, type DescribeQuery } from '../sql/describe.js';
import type { PatchTarget } from '../types.js';
import { ORACLE } from './manifest.js';

/** What the driver tells of one call, before it and after it; the same object both times. */
interface Call {
  /** `oracledb.Connection.execute`. */
  readonly operation: string;
  readonly args?: ArrayLike<unknown>;
  readonly error?: { readonly code?: unknown } | undefined;
  readonly connectLevelConfig?: { readonly connectString?: unknown } | undefined;
  /** Of whoever listens. */
  userContext?: { readonly span?: Span; readonly startTime?: unknown } | undefined;
}

type Listener = Record<string, (call: Call) => void>;

const QUERIES = new Set(['execute', 'executeMany']);
const TRANSACTIONS: Readonly<Record<string, string>> = { commit: 'COMMIT', rollback: 'ROLLBACK' };
/** As with other databases these have no span; but when they fail, nothing else would say so. */
const CONNECTING = new Set(['getConnection', 'createPool']);
/** Rows that came with the answer, for the most part, and what ends something; pieces of streams begin with a `_`. */
const SILENT = new Set(['getRow', 'getRows', 'close', 'breakExecution', 'reconfigure', 'setAccessToken']);

/** Always TCP. */
const NETWORK_TRANSPORT = 'network.transport';

const methodOf = ({ operation }: Call): string => operation.slice(operation.lastIndexOf('.') + 1);

/** Of `execute(text, ...)`, or `execute({ statement })`. */
function textOf({ args }: Call): string | undefined {
  const first = args?.[0];
  const text = typeof first === 'object' && first !== null ? (first as { statement?: unknown }).statement : first;
  return typeof text === 'string' ? text : undefined;
}

/** Of `executeMany(text, rows or how many)`. */
function batchSizeOf(call: Call): number | undefined {
  const many = methodOf(call) === 'executeMany' ? call.args?.[1] : undefined;
  const size = Array.isArray(many) ? many.length : many;
  return typeof size === 'number' && size > 1 ? size : undefined;
}

/** `tcp://host:port/service`; anything else is the name of an entry in a file, or describes several. */
const EASY_CONNECT = /^(?:tcps?:)?(?:\/\/)?([\w.-]+)(?::(\d+))?\//i;

/** Of a server that could not be connected to; and of each in thick mode, where the driver does not know. */
function addressOf({ connectLevelConfig }: Call): Attributes {
  const [, host, port] = EASY_CONNECT.exec(String(connectLevelConfig?.connectString)) ?? [];
  return { [SERVER_ADDRESS]: host, [SERVER_PORT]: port === undefined ? undefined : Number(port) };
}

/** The blocks of PL/SQL end with a word that begins a statement elsewhere. */
const ENDS = /(?: END)+$/;

function describeCall(call: Call, given: Attributes, describe: DescribeQuery): readonly [string, Attributes] {
  const method = methodOf(call);
  if (!QUERIES.has(method)) {
    const operation = TRANSACTIONS[method];
    const target = operation === undefined ? given[DB_NAMESPACE] : undefined;
    const name = [operation ?? method, target].filter((part) => part !== undefined).join(' ');
    return [name, { [DB_OPERATION_NAME]: operation ?? method }];
  }
  const text = textOf(call);
  const summary = text === undefined ? undefined : describe(text).summary?.replace(ENDS, '');
  const size = batchSizeOf(call);
  const said = size === undefined ? summary : ['BATCH', summary].filter((part) => part !== undefined).join(' ');
  return [said ?? method, { [DB_QUERY_SUMMARY]: said, [DB_OPERATION_BATCH_SIZE]: size }];
}

/** Between the driver and the official listener. */
class Calls {
  readonly #describe: DescribeQuery;
  /** The call whose span is being started, and when it began. */
  #current: Call | undefined;
  #since: number | undefined;

  constructor(describe: DescribeQuery) {
    this.#describe = describe;
  }

  rephrase(name: string, options: SpanOptions): readonly [string, SpanOptions] {
    const call = this.#current;
    if (call === undefined) return [name, options];
    const { [NETWORK_TRANSPORT]: _, ...given } = options.attributes ?? {};
    const [said, attributes] = describeCall(call, given, this.#describe);
    const address = given[SERVER_ADDRESS] === undefined ? addressOf(call) : undefined;
    const time = this.#since === undefined ? undefined : { startTime: this.#since };
    return [said, { ...options, ...time, attributes: { ...given, ...address, ...attributes } }];
  }

  enter(call: Call, start: (call: Call) => void): void {
    const method = methodOf(call);
    if (SILENT.has(method) || method.startsWith('_')) return;
    if (CONNECTING.has(method)) call.userContext = { startTime: Date.now() };
    else this.#start(call, start);
  }

  exit(call: Call, start: (call: Call) => void, end: (call: Call) => void): void {
    const { error, userContext } = call;
    if (userContext?.span === undefined) {
      if (error === undefined || typeof userContext?.startTime !== 'number') return;
      this.#start(call, start, userContext.startTime);
    }
    const code = error?.code;
    if (typeof code === 'string' && code.startsWith('ORA-')) {
      call.userContext?.span?.setAttribute(DB_RESPONSE_STATUS_CODE, code);
    }
    end(call);
  }

  #start(call: Call, start: (call: Call) => void, since?: number): void {
    this.#current = call;
    this.#since = since;
    try {
      start(call);
    } finally {
      this.#current = undefined;
    }
  }
}

const ignore = (): void => undefined;

/** Names of what the driver calls; methods of classes show in no loop over an object. */
function namesOf(listener: object): Set<string> {
  const names = new Set<string>();
  for (let owner: object | null = listener; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    for (const name of Object.getOwnPropertyNames(owner)) if (name.startsWith('on')) names.add(name);
  }
  return names;
}

/** What a listener throws would be the result of the call. */
function contain(listener: Listener, faults: Faults): void {
  for (const name of namesOf(listener)) {
    const listen = listener[name];
    if (typeof listen !== 'function') continue;
    listener[name] = (call) => {
      if (faults.isDisabled) return;
      try {
        listen.call(listener, call);
      } catch (error) {
        faults.record(error);
      }
    };
  }
}

/** Comes between the driver and the listener that the official instrumentation has given it. */
function mend(listener: Listener, calls: Calls, faults: Faults): void {
  const { onEnterFn, onExitFn } = listener;
  if (onEnterFn === undefined || onExitFn === undefined) throw new TypeError('no listener');
  const start = onEnterFn.bind(listener);
  const end = onExitFn.bind(listener);
  listener.onEnterFn = (call) => calls.enter(call, start);
  listener.onExitFn = (call) => calls.exit(call, start, end);
  listener.onBeginRoundTrip = ignore;
  listener.onEndRoundTrip = ignore;
  listener._updateSpanName = ignore;
  contain(listener, faults);
}

interface OfficialOracle extends OfficialInstrumentation {
  _tmHandler?: Listener | null;
}

/** The driver asks functions of the module for the class of `this`, which they need for nothing else. */
function callableAlone(exports: object): void {
  const wrap = (original: AnyFunction): AnyFunction =>
    function alone(this: unknown, ...parameters: unknown[]): unknown {
      const isObject = typeof (this as object | undefined)?.constructor === 'function';
      return original.apply(isObject ? this : exports, parameters);
    };
  for (const name of ['getConnection', 'createPool', 'getNetworkServiceNames', 'startup', 'shutdown']) {
    patchIfPresent(exports, name, wrap);
  }
}

/** As the official one's, whose listener the driver has by then. */
function adjust(official: OfficialInstrumentation, calls: Calls, faults: Faults): void {
  const getDefinitions = official.getModuleDefinitions.bind(official);
  official.getModuleDefinitions = () =>
    getDefinitions().map((definition) => ({
      ...definition,
      patch(exports: unknown, version?: string) {
        const patched = definition.patch?.(exports, version);
        const { _tmHandler } = official as OfficialOracle;
        if (!_tmHandler) throw new TypeError('no listener');
        mend(_tmHandler, calls, faults);
        callableAlone(exports as object);
        return patched;
      },
    }));
}

export function oracledb({ isDbQuerySanitized }: AgentConfig): AdapterOptions {
  const describe = createDescribeQuery('oracle.db');
  const calls = new Calls(describe);
  const masking = { maskQuery: (text: string) => describe(text).sanitized, hidesMessages: true };
  return {
    config: { dbStatementDump: true },
    versions: ORACLE.versions,
    filter: {
      ...(isDbQuerySanitized ? masking : { namesErrors: true }),
      omits: [NETWORK_TRANSPORT, DB_OPERATION_NAME],
      rephrase: (name, options) => calls.rephrase(name, options),
    },
    adjust: (official, faults) => adjust(official, calls, faults),
  };
}

/** Only a traced call asks for these; a connection that is lost does not know its host any more, and throws. */
function knowNothing(original: AnyFunction): AnyFunction {
  return function traceConfig(this: unknown): unknown {
    try {
      return original.call(this);
    } catch {
      return {};
    }
  };
}

function patchConnection(exports: unknown): unknown {
  patchMethod((exports as { prototype: object }).prototype, '_getConnectTraceConfig', knowNothing);
  return exports;
}

/** Besides what the official instrumentation patches. */
export const connectionsOfOracle: PatchTarget = { ...ORACLE, file: 'lib/impl/connection.js', patch: patchConnection };
