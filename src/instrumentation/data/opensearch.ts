/**
 * Traces the client of OpenSearch: one CLIENT span for each request, retries included, in the place of those that http makes
 * of it. What a request does is read off its method and path; bodies and query strings are not recorded.
 *
 * Spec: semantic-conventions 1.44, database client spans; as for Elasticsearch, whose protocol it is.
 */

import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import { AGENT_VERSION } from '../../version.js';
import { activeContext, runIn } from '../active-context.js';
import { isSuppressed, suppress } from '../context.js';
import { errorType } from '../operation.js';
import { type AnyFunction, Faults, patchMethod } from '../patch.js';
import {
  DB_COLLECTION_NAME,
  DB_OPERATION_NAME,
  DB_RESPONSE_STATUS_CODE,
  DB_SYSTEM_NAME,
  ERROR_TYPE,
  HTTP_REQUEST_METHOD,
  SERVER_ADDRESS,
  SERVER_PORT,
} from '../semconv.js';
import type { CreateInstrumentation } from '../types.js';
import { OPENSEARCH } from './manifest.js';

interface RequestParameters {
  readonly method?: unknown;
  readonly path?: unknown;
}

/** What a call gives in the end, and what errors have in `meta`. */
interface Result {
  readonly statusCode?: unknown;
  readonly meta?: { readonly connection?: { readonly url?: URL } | null };
}

/** By method, of a path that names a document. */
const ON_DOCUMENT: Readonly<Record<string, string>> = { GET: 'get', HEAD: 'exists', DELETE: 'delete' };
/** Of a path that names an index and nothing else. */
const ON_INDEX: Readonly<Record<string, string>> = {
  GET: 'indices.get',
  HEAD: 'indices.exists',
  PUT: 'indices.create',
  DELETE: 'indices.delete',
};
const GROUPS: ReadonlySet<string> = new Set(['cat', 'cluster', 'ingest', 'nodes', 'plugins', 'snapshot', 'tasks']);

/** `search` and `items` of `POST /items/_search`. */
export function readRequest(method: string, path: string): { operation: string; collection: string | undefined } {
  const parts = path.split('?', 1)[0]?.split('/').filter(Boolean) ?? [];
  const [first, second = ''] = parts;
  if (first === undefined) return { operation: method === 'HEAD' ? 'ping' : 'info', collection: undefined };
  if (first.startsWith('_')) {
    const group = first.slice(1);
    const isGrouped = GROUPS.has(group) && /^[a-z_]+$/.test(second);
    return { operation: isGrouped ? `${group}.${second.replace(/^_/, '')}` : group, collection: undefined };
  }
  const collection = first.replaceAll('%2C', ',');
  if (parts.length === 1) return { operation: ON_INDEX[method] ?? 'indices', collection };
  if (second === '_doc') return { operation: ON_DOCUMENT[method] ?? 'index', collection };
  return { operation: second.startsWith('_') ? second.slice(1) : method.toLowerCase(), collection };
}

/** Of the agent's own making: sockets, timers and pools of the client belong to nobody. */
const INSIDE = suppress(ROOT_CONTEXT);

class SearchTracing {
  readonly faults: Faults;
  readonly #tracer: Tracer;

  constructor(tracer: Tracer, faults: Faults) {
    this.#tracer = tracer;
    this.faults = faults;
  }

  start(caller: Context, { method, path }: RequestParameters): Span | undefined {
    if (isSuppressed(caller) || typeof method !== 'string' || typeof path !== 'string') return undefined;
    const { operation, collection } = readRequest(method, path);
    const attributes: Attributes = {
      [DB_SYSTEM_NAME]: 'opensearch',
      [DB_OPERATION_NAME]: operation,
      [DB_COLLECTION_NAME]: collection,
      [HTTP_REQUEST_METHOD]: method,
    };
    const name = collection === undefined ? operation : `${operation} ${collection}`;
    return this.#tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, caller);
  }

  /** Never throws. */
  end(span: Span, error: unknown, result: Result | undefined): void {
    try {
      if (span.isRecording()) this.#describe(span, error, result);
      span.end();
    } catch (fault) {
      this.faults.record(fault);
    }
  }

  /** What a server says is wrong quotes the request. */
  #describe(span: Span, error: unknown, result: Result | undefined): void {
    const answer = result ?? (error as { readonly meta?: Result } | undefined)?.meta;
    const url = answer?.meta?.connection?.url;
    if (url !== undefined) {
      span.setAttribute(SERVER_ADDRESS, url.hostname);
      span.setAttribute(SERVER_PORT, Number(url.port) || (url.protocol === 'https:' ? 443 : 80));
    }
    const status = answer?.statusCode;
    if (typeof status === 'number') span.setAttribute(DB_RESPONSE_STATUS_CODE, String(status));
    if (error === null || error === undefined) return;
    span.setAttribute(ERROR_TYPE, typeof status === 'number' ? String(status) : errorType(error));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
}

interface Returned {
  then: AnyFunction;
  catch: AnyFunction;
  finally: AnyFunction;
}

/**
 * With a callback the client makes no promise. Listening to the one it would make is no choice: nobody could see any more
 * that the application does not handle its failure.
 */
function promiseInstead(returned: Returned, promise: Promise<unknown>): unknown {
  // biome-ignore lint/suspicious/noThenProperty: it has one, which waits for the promise that is not made
  returned.then = (onFulfilled, onRejected) => promise.then(onFulfilled, onRejected);
  returned.catch = (onRejected) => promise.catch(onRejected);
  returned.finally = (onFinally) => promise.finally(onFinally);
  return returned;
}

function call(
  original: AnyFunction,
  target: unknown,
  parameters: unknown[],
  onDone: (callback: AnyFunction) => AnyFunction,
): unknown {
  const index = typeof parameters[1] === 'function' ? 1 : 2;
  const callback = parameters[index];
  if (typeof callback === 'function') {
    parameters[index] = onDone(callback as AnyFunction);
    return original.apply(target, parameters);
  }
  const [first, options] = parameters;
  let returned: unknown;
  const promise = new Promise((resolve, reject) => {
    const settle = onDone((error: unknown, result: unknown) => (error ? reject(error) : resolve(result)));
    returned = original.call(target, first, options, settle);
  });
  return promiseInstead(returned as Returned, promise);
}

function wrapRequest(original: AnyFunction, tracing: SearchTracing): AnyFunction {
  return function request(this: unknown, ...parameters: unknown[]) {
    const caller = activeContext();
    let started: Span | undefined;
    try {
      if (!tracing.faults.isDisabled) started = tracing.start(caller, (parameters[0] ?? {}) as RequestParameters);
    } catch (error) {
      tracing.faults.record(error);
    }
    const span = started;
    if (span === undefined) return original.apply(this, parameters);
    const onDone = (callback: AnyFunction): AnyFunction =>
      function done(this: unknown, ...results: unknown[]) {
        tracing.end(span, results[0], results[1] as Result | undefined);
        return runIn(caller, callback, this, results);
      };
    return runIn(INSIDE, call, undefined, [original, this, parameters, onDone]);
  };
}

export const create: CreateInstrumentation = ({ tracerProvider, log }) => {
  const faults = new Faults('opensearch', log);
  const tracing = new SearchTracing(tracerProvider.getTracer('@org/trace-agent/opensearch', AGENT_VERSION), faults);
  return {
    targets: [
      {
        ...OPENSEARCH,
        file: 'lib/Transport.js',
        patch(exports) {
          patchMethod((exports as { readonly prototype: object }).prototype, 'request', (original) =>
            wrapRequest(original, tracing),
          );
          return exports;
        },
      },
    ],
  };
};
