/**
 * OTEL_NODE_KEEP_ERRORS: what the sampler leaves out is recorded all the same and held here until the local root (the
 * first span of the trace in this process) ends; with an error all of it goes on to the exporters, else it is forgotten.
 * The callers below have been told "not sampled" by then, so they record nothing. Loaded only when the variable is set.
 *
 *   sampler: not sampled ─► recorded, flag 0 ─► ends ─► held, bounded ─► root ends ─┬─ with an error ─► exporters
 *   sampler: sampled ───────────────────────► ends ─────────────────────────────── ┼───────────────► exporters
 *   rule: drop ─► nothing                                                           └─ without ─► forgotten
 */
import { type Context, isSpanContextValid, type SpanContext, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  type Span,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { RuleResult } from './rules-sampler.js';

/** What goes on; the optional ones are told of spans that are not sampled. */
export interface KeptSpanProcessor extends SpanProcessor {
  /** The span has ended; `onEnd` or `onDiscarded` comes later. */
  onHeld?(span: ReadableSpan): void;
  /** The span is not sent. */
  onDiscarded?(span: ReadableSpan): void;
  /** So many spans of a trace that is kept could not be held. */
  onLost?(count: number): void;
}

/** Spans held of one local root, and of all together. A span with its attributes is 2 to 4 kB. */
const MAX_OF_ROOT = 500;
const MAX_OF_ALL = 5000;
const SAMPLED = 1;

/** A local root that is not sampled, with what has ended below it. */
class HeldTrace {
  readonly root: SpanContext;
  spans: ReadableSpan[] = [];
  /** Spans that there was no room for. */
  lost = 0;
  /** Undefined until the root has ended. */
  isKept: boolean | undefined;

  constructor(root: SpanContext) {
    this.root = root;
  }
}

export class ErrorKeeper implements SpanProcessor {
  readonly #processors: readonly KeptSpanProcessor[];
  /** By the context object of each span, which whatever stands in for a span passes on. */
  readonly #traces = new WeakMap<SpanContext, HeldTrace>();
  /** Those that hold spans, oldest first. */
  readonly #holding = new Set<HeldTrace>();
  #heldSpans = 0;

  constructor(processors: readonly KeptSpanProcessor[]) {
    this.#processors = processors;
  }

  /** Spans that are held now. */
  get heldSpans(): number {
    return this.#heldSpans;
  }

  /** Records what `inner` leaves out, unless a rule drops it. */
  wrap(inner: Sampler): Sampler {
    return {
      shouldSample: (context, traceId, name, kind, attributes, links) => {
        const result: RuleResult = inner.shouldSample(context, traceId, name, kind, attributes, links);
        if (result.decision !== SamplingDecision.NOT_RECORD || result.isFinal === true) return result;
        return this.#isFollowed(context) ? { ...result, decision: SamplingDecision.RECORD } : result;
      },
      toString: () => `KeepErrors{${inner.toString()}}`,
    };
  }

  /** True for local roots, and below one that is open or kept. */
  #isFollowed(context: Context): boolean {
    const parent = trace.getSpanContext(context);
    if (parent === undefined || parent.isRemote === true || !isSpanContextValid(parent)) return true;
    const held = this.#traces.get(parent);
    return held !== undefined && held.isKept !== false;
  }

  onStart(span: Span, parentContext: Context): void {
    const own = span.spanContext();
    if ((own.traceFlags & SAMPLED) === 0) {
      const parent = trace.getSpanContext(parentContext);
      const known = parent === undefined ? undefined : this.#traces.get(parent);
      this.#traces.set(own, known ?? new HeldTrace(own));
    }
    for (const processor of this.#processors) processor.onStart(span, parentContext);
  }

  onEnd(span: ReadableSpan): void {
    const own = span.spanContext();
    const held = (own.traceFlags & SAMPLED) === 0 ? this.#traces.get(own) : undefined;
    if (held === undefined || held.isKept === true) this.#forward(span);
    else if (own === held.root) this.#settle(held, span);
    else this.#hold(held, span);
  }

  #forward(span: ReadableSpan): void {
    for (const processor of this.#processors) processor.onEnd(span);
  }

  #hold(held: HeldTrace, span: ReadableSpan): void {
    for (const processor of this.#processors) processor.onHeld?.(span);
    if (held.isKept === false) this.#discard(span);
    else if (held.spans.length >= MAX_OF_ROOT) this.#lose(held, span);
    else {
      if (this.#heldSpans >= MAX_OF_ALL) this.#makeRoom();
      held.spans.push(span);
      this.#holding.add(held);
      this.#heldSpans++;
    }
  }

  /** At the cost of the trace that has held spans for the longest. */
  #makeRoom(): void {
    for (const oldest of this.#holding) {
      const { spans } = oldest;
      this.#release(oldest);
      for (const span of spans) this.#lose(oldest, span);
      return;
    }
  }

  #lose(held: HeldTrace, span: ReadableSpan): void {
    held.lost++;
    this.#discard(span);
  }

  #discard(span: ReadableSpan): void {
    for (const processor of this.#processors) processor.onDiscarded?.(span);
  }

  #release(held: HeldTrace): void {
    this.#holding.delete(held);
    this.#heldSpans -= held.spans.length;
    held.spans = [];
  }

  #settle(held: HeldTrace, root: ReadableSpan): void {
    const { spans } = held;
    held.isKept = root.status.code === SpanStatusCode.ERROR;
    this.#release(held);
    for (const processor of this.#processors) processor.onHeld?.(root);
    const pass = held.isKept
      ? (span: ReadableSpan) => this.#forward(span)
      : (span: ReadableSpan) => this.#discard(span);
    for (const span of spans) pass(span);
    pass(root);
    if (held.isKept && held.lost > 0) for (const processor of this.#processors) processor.onLost?.(held.lost);
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#processors.map((processor) => processor.forceFlush()));
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.#processors.map((processor) => processor.shutdown()));
  }
}
