/** What tracers of ours have in common: `startActiveSpan` in terms of `startSpan`. Application's thread. */
import { type Context, context, type Span, type SpanOptions, type Tracer, trace } from '@opentelemetry/api';

type InSpan = (span: Span) => unknown;

export abstract class TracerBase implements Tracer {
  abstract startSpan(name: string, options?: SpanOptions, parent?: Context): Span;

  startActiveSpan<F extends InSpan>(
    name: string,
    ...rest: [F] | [SpanOptions, F] | [SpanOptions, Context, F]
  ): ReturnType<F> {
    const count = Math.min(rest.length, 3);
    // As the SDK: without a function nothing is started.
    if (count === 0) return undefined as ReturnType<F>;
    const run: InSpan = rest[count - 1] as F;
    const options = count > 1 ? (rest[0] as SpanOptions) : undefined;
    const parent = (count > 2 ? (rest[1] as Context | undefined) : undefined) ?? context.active();
    const span = this.startSpan(name, options, parent);
    return context.with(trace.setSpan(parent, span), run, undefined, span) as ReturnType<F>;
  }
}
