/**
 * Trace context that one thread of a process hands to another, beside the data: plain values, which can be cloned,
 * whatever the propagators for the network are. Loads nothing.
 */
import {
  type Baggage,
  type BaggageEntry,
  baggageEntryMetadataFromString,
  type Context,
  createTraceState,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { endOf, type MaybeEnded } from '../ended-span.js';
import { isSuppressed, SilentSpan, suppress } from './context.js';

export interface HandedContext {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly traceFlags?: number;
  readonly traceState?: string;
  readonly baggage?: readonly (readonly [key: string, value: string, metadata: string | undefined])[];
  /** Since the epoch; the span had ended when it was handed over. */
  readonly endedAtMillis?: number;
  readonly isSuppressed?: true;
}

function describeSpan(context: Context): HandedContext | undefined {
  const span = trace.getSpan(context);
  const spanContext = span?.spanContext();
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return undefined;
  const { traceId, spanId, traceFlags, traceState } = spanContext;
  const endedAtMillis = endOf(span as MaybeEnded);
  return {
    traceId,
    spanId,
    traceFlags,
    ...(traceState === undefined ? {} : { traceState: traceState.serialize() }),
    ...(endedAtMillis === undefined ? {} : { endedAtMillis }),
  };
}

function describeBaggage(context: Context): HandedContext['baggage'] {
  const entries = propagation.getBaggage(context)?.getAllEntries() ?? [];
  if (entries.length === 0) return undefined;
  return entries.map(([key, { value, metadata }]) => [key, value, metadata?.toString()]);
}

/** Null when there is nothing to hand over. */
export function describeContext(context: Context): HandedContext | null {
  if (context === ROOT_CONTEXT) return null;
  if (isSuppressed(context)) return { isSuppressed: true };
  const span = describeSpan(context);
  const baggage = describeBaggage(context);
  if (span === undefined && baggage === undefined) return null;
  return baggage === undefined ? (span ?? null) : { ...span, baggage };
}

/** The span in whose name work was handed over, as long as that work runs and after it. */
export class HandedSpan extends SilentSpan {
  /** Undefined while the work runs. */
  endedAtMillis: number | undefined;

  /** What the work leaves behind is detached from the trace a while after this. */
  get ended(): boolean {
    return this.endedAtMillis !== undefined;
  }
}

function toBaggage(entries: NonNullable<HandedContext['baggage']>): Baggage {
  const record: Record<string, BaggageEntry> = {};
  for (const [key, value, metadata] of entries) {
    record[key] = { value, ...(metadata === undefined ? {} : { metadata: baggageEntryMetadataFromString(metadata) }) };
  }
  return propagation.createBaggage(record);
}

/** The context, and the span in it if there is one. */
export function restoreContext(handed: HandedContext | null): { context: Context; span?: HandedSpan } {
  if (handed === null) return { context: ROOT_CONTEXT };
  if (handed.isSuppressed === true) return { context: suppress(ROOT_CONTEXT) };
  const { traceId, spanId, traceFlags = 0, traceState, baggage, endedAtMillis } = handed;
  const context = baggage === undefined ? ROOT_CONTEXT : propagation.setBaggage(ROOT_CONTEXT, toBaggage(baggage));
  if (traceId === undefined || spanId === undefined) return { context };
  const state = traceState === undefined ? {} : { traceState: createTraceState(traceState) };
  // For the sampler and for errors that are kept, the first span of this thread is a local root.
  const span = new HandedSpan({ traceId, spanId, traceFlags, isRemote: true, ...state });
  span.endedAtMillis = endedAtMillis;
  return { context: trace.setSpan(context, span), span };
}
