/**
 * A tracer provider for instrumentations that have no option to leave out their INTERNAL spans. Instead of a new span
 * they get a stand-in for the span that is active, so that `trace.getActiveSpan()` in a middleware is the request's
 * span and what the application records on it is kept, while the instrumentation's own end, name and status go nowhere.
 */
import {
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';

const ignoreEnd = (): void => undefined;

function ignoreAndReturnSelf(this: Span): Span {
  return this;
}

function standInFor(parent: Span | undefined): Span {
  if (parent === undefined) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  return Object.create(parent, {
    end: { value: ignoreEnd },
    updateName: { value: ignoreAndReturnSelf },
    setStatus: { value: ignoreAndReturnSelf },
  }) as Span;
}

class TracerWithoutInternalSpans implements Tracer {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  startSpan(name: string, options: SpanOptions = {}, parentContext: Context = context.active()): Span {
    const isInternal = options.kind === undefined || options.kind === SpanKind.INTERNAL;
    if (isInternal && options.root !== true) return standInFor(trace.getSpan(parentContext));
    return this.#tracer.startSpan(name, options, parentContext);
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, ...rest: unknown[]): ReturnType<F> {
    const run = rest.pop() as F;
    const [options, parentContext = context.active()] = rest as [SpanOptions?, Context?];
    const span = this.startSpan(name, options, parentContext);
    return context.with(trace.setSpan(parentContext, span), () => run(span) as ReturnType<F>);
  }
}

/** Wraps a provider; spans of other kinds and explicit roots are created as usual. */
export function withoutInternalSpans(provider: TracerProvider): TracerProvider {
  return {
    getTracer: (name, version, options) => new TracerWithoutInternalSpans(provider.getTracer(name, version, options)),
  };
}
