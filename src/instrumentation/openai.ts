/**
 * The client of OpenAI gives promises that read the answer when they are awaited, and not before: `asResponse()` leaves it
 * to the application, `parse()` of a completion reads it in another way. The official instrumentation awaits each of them
 * at once, which uses the answer up. Here it gets a promise that is settled by what the application does with its own.
 * Application's thread; loaded with the library.
 */
import { type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { activeContext } from './active-context.js';
import type { AnyFunction } from './patch.js';
import { ERROR_TYPE, OTHER } from './semconv.js';

/** What is used of the library's `APIPromise`. */
interface ApiPromise {
  parse(): Promise<unknown>;
  asResponse(): Promise<unknown>;
  /** A promise for the same answer, read and then changed. */
  _thenUnwrap?: (transform: AnyFunction) => ApiPromise;
}

const PATCHES = [
  '_getPatchedChatCompletionsCreate',
  '_getPatchedEmbeddingsCreate',
  '_getPatchedResponsesCreate',
] as const;
const ITERATORS = ['_onChatCompletionsStreamIterator', '_onResponsesStreamIterator'] as const;

type Iterate = (iterator: unknown, span: Span, ...rest: unknown[]) => AsyncGenerator<unknown>;

interface Config {
  readonly captureMessageContent?: boolean;
}

type Official = Record<(typeof PATCHES)[number], () => (original: AnyFunction) => AnyFunction> &
  Record<(typeof ITERATORS)[number], Iterate> & {
    _startResponsesSpan(parameters: object, config: Config, baseURL: unknown): unknown;
  };

interface Call {
  /** Active where the application has called. */
  readonly outer: Span | undefined;
  promise?: ApiPromise;
  /** What the instrumentation gets instead. */
  observed?: Promise<unknown>;
  /** The instrumentation hears of a failure. */
  isFollowed: boolean;
}

/** As the instrumentation does it: the classes of the library's errors say more than their names. */
function fail(span: Span, error: unknown): void {
  const { constructor: type, message } = (error ?? {}) as Partial<Error>;
  span.setStatus({ code: SpanStatusCode.ERROR, message: String(message ?? error) });
  span.setAttribute(ERROR_TYPE, type?.name || OTHER);
  span.end();
}

const isApiPromise = (value: unknown): value is ApiPromise => {
  const { parse, asResponse } = (value ?? {}) as Partial<ApiPromise>;
  return typeof parse === 'function' && typeof asResponse === 'function';
};

function override(promise: ApiPromise, name: keyof ApiPromise, value: AnyFunction): void {
  Object.defineProperty(promise, name, { value, configurable: true, writable: true, enumerable: false });
}

/** Nobody's rejection is handled by that: what the application gets is behind it. */
function observe(promise: ApiPromise, span: Span, call: Call): Promise<unknown> {
  let succeed: AnyFunction = () => undefined;
  let reject: AnyFunction = () => undefined;
  const observed = new Promise((resolve, refuse) => {
    succeed = resolve;
    reject = refuse;
  });
  const onFailure = (error: unknown): never => {
    reject(error);
    if (!call.isFollowed) fail(span, error);
    throw error;
  };
  let isParsed = false;
  const watch = (api: ApiPromise): ApiPromise => {
    const { parse, asResponse, _thenUnwrap: unwrap } = api;
    let parsed: Promise<unknown> | undefined;
    override(api, 'parse', () => {
      isParsed = true;
      parsed ??= parse.call(api).then((value) => {
        succeed(value);
        return value;
      }, onFailure);
      return parsed;
    });
    override(api, 'asResponse', () =>
      asResponse.call(api).then((response) => {
        // What is in it is between the application and the server.
        if (!isParsed) span.end();
        return response;
      }, onFailure),
    );
    if (unwrap !== undefined) override(api, '_thenUnwrap', (transform) => watch(unwrap.call(api, transform)));
    return api;
  };
  watch(promise);
  return observed;
}

const ignore = (): void => undefined;

function keepPromise(patch: (original: AnyFunction) => AnyFunction, original: AnyFunction): AnyFunction {
  let call: Call | undefined;
  const patched = patch(function create(this: unknown, ...parameters: unknown[]): unknown {
    const current = call;
    const promise: unknown = original.apply(this, parameters);
    const span = trace.getSpan(activeContext());
    if (current === undefined || span === undefined || span === current.outer || !isApiPromise(promise)) return promise;
    current.promise = promise;
    current.observed = observe(promise, span, current);
    return current.observed;
  });
  return function create(this: unknown, ...parameters: unknown[]): unknown {
    const before = call;
    const current: Call = { outer: trace.getSpan(activeContext()), isFollowed: true };
    call = current;
    try {
      const result: unknown = patched.apply(this, parameters);
      if (current.promise === undefined) return result;
      // For streams of `responses` it gives another promise, and leaves failures to the application.
      current.isFollowed = result === current.observed;
      if (!current.isFollowed) (result as Promise<unknown>).then(ignore, ignore);
      return current.promise;
    } finally {
      call = before;
    }
  };
}

/** A stream that is left before its end, or fails, has a span that ends as well. */
function endWithStream(iterate: Iterate): Iterate {
  return async function* iterateAndEnd(iterator, span, ...rest) {
    try {
      yield* iterate(iterator, span, ...rest);
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      if (span.isRecording()) span.end();
    }
  };
}

export function keepApiPromises(instrumentation: object): void {
  const official = instrumentation as Official;
  for (const name of PATCHES) {
    const makePatch = official[name].bind(official);
    official[name] = () => (original) => keepPromise(makePatch(), original);
  }
  for (const name of ITERATORS) official[name] = endWithStream(official[name].bind(official));
  const start = official._startResponsesSpan.bind(official);
  // A part of the prompt, which is recorded only where that is asked for.
  official._startResponsesSpan = (parameters, config, baseURL) =>
    start(config.captureMessageContent ? parameters : { ...parameters, instructions: undefined }, config, baseURL);
}
