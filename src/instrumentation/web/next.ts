/**
 * Next.js makes spans of its own as soon as there is a tracer provider: a second SERVER span for each request, a second
 * CLIENT span for each fetch, spans of its layers. Their tracer is replaced wherever its code is, in bundles of the
 * application too; what says the route is the one method of a file of its own.
 */
import type { Span } from '@opentelemetry/api';
import { activeContext } from '../active-context.js';
import { type RouteSource, type RpcMetadata, rpcMetadataOf, setRouteSource } from '../context.js';
import { createTie } from '../operation.js';
import { type AnyFunction, Faults, patchIfPresent, patchMethod } from '../patch.js';
import type { CreateInstrumentation } from '../types.js';
import { NEXT } from './manifest.js';
import { NextTracer, StandIns } from './next-span.js';
import { SafeSource } from './source.js';

/** Pages that Next.js renders when no route has matched, or when one has failed. */
const FALLBACKS: ReadonlySet<unknown> = new Set(['/404', '/500', '/_error', '/_not-found', '/_global-error']);

class NextRoute extends SafeSource {
  readonly #before: RouteSource | undefined;
  /** As folders and files declare it: `/blog/[slug]`. */
  route: string | undefined;

  constructor(faults: Faults, before: RouteSource | undefined) {
    super(faults);
    this.#before = before;
  }

  protected find(metadata: RpcMetadata): void {
    // Of the server that the application has put around Next.js.
    this.#before?.settle(metadata);
    if (this.route !== undefined) metadata.route = this.route;
  }
}

const routes = createTie<NextRoute>();

/** The first that is said: a page that fails is followed by the one that says so. */
function noteRoute(value: string, faults: Faults): void {
  const metadata = rpcMetadataOf(activeContext());
  if (metadata === undefined || !metadata.span.isRecording() || routes.get(metadata) !== undefined) return;
  const route = new NextRoute(faults, metadata.source);
  route.route = value;
  routes.set(metadata, route);
  setRouteSource(metadata, route);
}

function noteAttribute(key: unknown, value: unknown, faults: Faults): void {
  try {
    const isRoute = key === 'next.route' && typeof value === 'string' && !FALLBACKS.has(value);
    if (isRoute && !faults.isDisabled) noteRoute(value, faults);
  } catch (error) {
    faults.record(error);
  }
}

function wrapSetAttribute(original: AnyFunction, faults: Faults): AnyFunction {
  return function setRootSpanAttribute(this: unknown, key: unknown, value: unknown): unknown {
    noteAttribute(key, value, faults);
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return original.apply(this, arguments as unknown as unknown[]);
  };
}

/** What Next.js 14 says of a request whose span is not its own, which it would say to nobody. */
class RequestAttributes extends Map<unknown, unknown> {
  readonly #faults: Faults;

  constructor(faults: Faults) {
    // Without it Next.js warns of a span that it does not know.
    super([['next.span_type', 'BaseServer.handleRequest']]);
    this.#faults = faults;
  }

  override set(key: unknown, value: unknown): this {
    // The constructor of Map comes here first.
    if (#faults in this) noteAttribute(key, value, this.#faults);
    else super.set(key, value);
    return this;
  }
}

/** Next.js 14: the attributes are those of a span of its own, which there is none of within ours. */
function wrapGetAttributes(original: AnyFunction, faults: Faults): AnyFunction {
  return function getRootSpanAttributes(this: unknown): unknown {
    const attributes: unknown = original.call(this);
    try {
      if (attributes !== undefined || faults.isDisabled) return attributes;
      return rpcMetadataOf(activeContext()) === undefined ? undefined : new RequestAttributes(faults);
    } catch (error) {
      faults.record(error);
      return attributes;
    }
  };
}

/** Next.js writes what it knows of a request to the span that was there before its own. */
function wrapActiveSpan(original: AnyFunction, standIns: StandIns, faults: Faults): AnyFunction {
  return function getActiveScopeSpan(this: unknown): unknown {
    const active = original.call(this) as Span | undefined;
    try {
      if (active === undefined || faults.isDisabled) return active;
      return rpcMetadataOf(activeContext())?.span === active ? standIns.for(active) : active;
    } catch (error) {
      faults.record(error);
      return active;
    }
  };
}

/**
 * For what leaves the context of a request, or puts that of the request's headers in its place, which the proxy may have
 * written: http has looked at them already. `position` is that of what runs in there.
 */
function stayInContext(original: AnyFunction, faults: Faults, position: number): AnyFunction {
  return function (this: unknown, ...parameters: unknown[]): unknown {
    const run = parameters[position];
    const isInRequest = !faults.isDisabled && rpcMetadataOf(activeContext()) !== undefined;
    return isInRequest && typeof run === 'function' ? run() : original.apply(this, parameters);
  };
}

/** Throws when a method is missing; what it has changed by then is taken back. */
function patchTracer(tracer: object, standIns: StandIns, faults: Faults): void {
  const prototype = Object.getPrototypeOf(tracer) as object;
  patchMethod(prototype, 'getActiveScopeSpan', (original) => wrapActiveSpan(original, standIns, faults));
  if (typeof Reflect.get(prototype, 'setRootSpanAttribute') === 'function') {
    patchMethod(prototype, 'setRootSpanAttribute', (original) => wrapSetAttribute(original, faults));
  } else {
    patchMethod(prototype, 'getRootSpanAttributes', (original) => wrapGetAttributes(original, faults));
  }
  patchIfPresent(prototype, 'withPropagatedContext', (original) => stayInContext(original, faults, 1));
  patchIfPresent(prototype, 'runWithDetachedContext', (original) => stayInContext(original, faults, 0));
}

export const create: CreateInstrumentation = ({ config, log, wrapTracer }) => {
  const faults = new Faults('next', log);
  const { hasMiddlewareSpans } = config.instrumentations;
  const standIns = new StandIns(faults);
  wrapTracer?.('next.js', (tracer) => new NextTracer(tracer, standIns, hasMiddlewareSpans));
  return {
    targets: [
      {
        ...NEXT,
        file: 'dist/server/lib/trace/tracer.js',
        patch(exports) {
          patchTracer((exports as { getTracer(): object }).getTracer(), standIns, faults);
          return exports;
        },
      },
    ],
  };
};
