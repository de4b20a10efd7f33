/** What tracers of ours have in common: `startActiveSpan` in terms of `startSpan`. Application's thread. */
import { type Context, context, type Span, type SpanOptions, type Tracer, trace } from '@opentelemetry/api';

type InSpan = (span: Span) => unknown;

export abstract class TracerBase implements Tracer {
  abstract startSpan(name: string, options?: SpanOptions, parent?: Context): Span;

  startActiveSpan<F extends InSpan>(
    name: string,
    ...rest: [F] | [SpanOptions, F] | [SpanOptions, Context, F]
  ): ReturnType<F> {
    const run: InSpan = rest[rest.length - 1] as F;
    const options = rest.length > 1 ? (rest[0] as SpanOptions) : undefined;
    const parent = rest.length > 2 ? (rest[1] as Context) : context.active();
    const span = this.startSpan(name, options, parent);
    return context.with(trace.setSpan(parent, span), run, undefined, span) as ReturnType<F>;
  }
}
