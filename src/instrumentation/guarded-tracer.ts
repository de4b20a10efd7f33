/**
 * What official instrumentations see of the API where it makes spans: their wrappers call it in the middle of the
 * application's work and let through what it throws, so none of this throws. Faults count against the instrumentation,
 * whose wrappers call only the original after ten of them. Application's thread.
 */
import {
  type Attributes,
  type AttributeValue,
  type Context,
  context,
  type Exception,
  INVALID_SPAN_CONTEXT,
  type Link,
  propagation,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  type TimeInput,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { Log } from '../diag/log.js';
import { TracerBase } from '../tracer-base.js';
import { Faults } from './patch.js';

/**
 * A span none of whose methods throws. It has no private members: a stand-in (span-filter.ts) has the active span as its
 * prototype, and those are not inherited.
 */
export class GuardedSpan implements Span {
  /** What a span has besides, for those who read it. */
  readonly inner: Span;
  protected readonly faults: Faults;

  constructor(span: Span, faults: Faults) {
    this.inner = span;
    this.faults = faults;
  }

  protected ask<Answer>(ask: (span: Span) => Answer, otherwise: Answer): Answer {
    try {
      return ask(this.inner);
    } catch (error) {
      this.faults.record(error);
      return otherwise;
    }
  }

  protected tell(tell: (span: Span) => unknown): this {
    this.ask(tell, undefined);
    return this;
  }

  spanContext(): SpanContext {
    return this.ask((span) => span.spanContext(), INVALID_SPAN_CONTEXT);
  }
  isRecording(): boolean {
    return this.ask((span) => span.isRecording(), false);
  }
  setAttribute(key: string, value: AttributeValue): this {
    return this.tell((span) => span.setAttribute(key, value));
  }
  setAttributes(attributes: Attributes): this {
    return this.tell((span) => span.setAttributes(attributes));
  }
  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    return this.tell((span) => span.addEvent(name, attributesOrTime, time));
  }
  addLink(link: Link): this {
    return this.tell((span) => span.addLink(link));
  }
  addLinks(links: Link[]): this {
    return this.tell((span) => span.addLinks(links));
  }
  setStatus(status: SpanStatus): this {
    return this.tell((span) => span.setStatus(status));
  }
  updateName(name: string): this {
    return this.tell((span) => span.updateName(name));
  }
  recordException(exception: Exception, time?: TimeInput): void {
    this.tell((span) => span.recordException(exception, time));
  }
  end(time?: TimeInput): void {
    this.tell((span) => span.end(time));
  }
}

/** Of the SDK's `ReadableSpan`. */
const READABLE = [
  'name',
  'kind',
  'parentSpanContext',
  'startTime',
  'endTime',
  'status',
  'attributes',
  'links',
  'events',
  'duration',
  'ended',
  'resource',
  'instrumentationScope',
  'droppedAttributesCount',
  'droppedEventsCount',
  'droppedLinksCount',
] as const;

for (const key of READABLE) {
  Object.defineProperty(GuardedSpan.prototype, key, {
    configurable: true,
    get(this: GuardedSpan) {
      return (this.inner as unknown as Record<string, unknown>)[key];
    },
  });
}

class GuardedTracer extends TracerBase {
  readonly #tracer: Tracer;
  readonly #faults: Faults;

  constructor(tracer: Tracer, faults: Faults) {
    super();
    this.#tracer = tracer;
    this.#faults = faults;
  }

  startSpan(name: string, options?: SpanOptions, parent: Context = context.active()): Span {
    try {
      if (!this.#faults.isDisabled) return new GuardedSpan(this.#tracer.startSpan(name, options, parent), this.#faults);
      return trace.wrapSpanContext(trace.getSpanContext(parent) ?? INVALID_SPAN_CONTEXT);
    } catch (error) {
      this.#faults.record(error);
      return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    }
  }
}

/** As the SDK's providers, which some instrumentations ask for more than tracers. */
interface FlushableProvider extends TracerProvider {
  forceFlush?(): Promise<void>;
}

/** Wraps a provider; `flush` becomes its `forceFlush`. */
export function guardSpans(provider: TracerProvider, faults: Faults, flush?: () => Promise<void>): FlushableProvider {
  const guarded: FlushableProvider = {
    getTracer: (name, version, options) => new GuardedTracer(provider.getTracer(name, version, options), faults),
  };
  if (flush === undefined) return guarded;
  guarded.forceFlush = async () => {
    try {
      await flush();
    } catch (error) {
      faults.record(error);
    }
  };
  return guarded;
}

let faultsOfPropagation: Faults | undefined;

/** Whose log hears of the faults of {@link guardedPropagation}, which does not know which instrumentation calls it. */
export function logFaultsOfPropagation(log: Log): void {
  faultsOfPropagation ??= new Faults('context propagation', log);
}

/** In the place of the API's `propagation` in official instrumentations. */
export const guardedPropagation: typeof propagation = Object.create(propagation, {
  inject: {
    value(...parameters: Parameters<typeof propagation.inject>) {
      try {
        if (faultsOfPropagation?.isDisabled !== true) propagation.inject(...parameters);
      } catch (error) {
        faultsOfPropagation?.record(error);
      }
    },
  },
  extract: {
    value(...parameters: Parameters<typeof propagation.extract>) {
      try {
        if (faultsOfPropagation?.isDisabled !== true) return propagation.extract(...parameters);
      } catch (error) {
        faultsOfPropagation?.record(error);
      }
      return parameters[0];
    },
  },
});
