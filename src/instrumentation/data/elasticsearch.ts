/**
 * The client of Elasticsearch makes spans of its own, through the API: below each of them its request is not traced once
 * more, as a call of http. No module of it is changed.
 */
import {
  type Context,
  context as contextApi,
  type Exception,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  type TimeInput,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { suppress } from '../context.js';
import { GuardedSpan } from '../guarded-tracer.js';
import { Faults } from '../patch.js';
import type { CreateInstrumentation } from '../types.js';
import { ELASTICSEARCH } from './manifest.js';

/** Sockets and pools of the client belong to nobody. */
const INSIDE = suppress(ROOT_CONTEXT);

/** Their messages have what the server answered, which quotes the request, or what was to be sent. */
const QUOTING: ReadonlySet<string> = new Set(['DeserializationError', 'ResponseError', 'SerializationError']);

interface ResponseError {
  readonly meta?: { readonly body?: { readonly error?: { readonly type?: unknown } } };
}

/** Of such an error the type that the server gives it, and where it was made. */
function withoutQuotes(exception: Exception): Exception {
  if (typeof exception === 'string' || !QUOTING.has(exception.name ?? '')) return exception;
  const { name = '', stack = '' } = exception;
  const type = (exception as ResponseError).meta?.body?.error?.type;
  const frames = stack.indexOf('\n    at ');
  return {
    name,
    message: typeof type === 'string' ? type : '',
    stack: frames === -1 ? name : `${name}${stack.slice(frames)}`,
  };
}

class TransportSpan extends GuardedSpan {
  override recordException(exception: Exception, time?: TimeInput): void {
    super.recordException(withoutQuotes(exception), time);
  }
}

class TransportTracer implements Tracer {
  readonly #tracer: Tracer;
  readonly #faults: Faults;

  constructor(tracer: Tracer, faults: Faults) {
    this.#tracer = tracer;
    this.#faults = faults;
  }

  #tryToStart(name: string, options?: SpanOptions, context?: Context): Span | undefined {
    if (this.#faults.isDisabled) return undefined;
    try {
      return new TransportSpan(this.#tracer.startSpan(name, options, context), this.#faults);
    } catch (error) {
      this.#faults.record(error);
      return undefined;
    }
  }

  startSpan(name: string, options?: SpanOptions, context?: Context): Span {
    return this.#tryToStart(name, options, context) ?? trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, ...rest: unknown[]): ReturnType<F> {
    const run = rest.pop() as F;
    const [options = {}, context = contextApi.active()] = rest as [SpanOptions?, Context?];
    const span = this.#tryToStart(name, options, context);
    // Then http makes the span.
    if (span === undefined) return run(trace.wrapSpanContext(INVALID_SPAN_CONTEXT)) as ReturnType<F>;
    return contextApi.with(INSIDE, () => run(span)) as ReturnType<F>;
  }
}

export const create: CreateInstrumentation = ({ log, wrapTracer }) => {
  const faults = new Faults('elasticsearch', log);
  wrapTracer?.('@elastic/transport', (tracer) => new TransportTracer(tracer, faults));
  return { targets: [{ ...ELASTICSEARCH, patch: (exports) => exports }] };
};
