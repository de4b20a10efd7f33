/**
 * What became of every span. Application's thread; loads nothing.
 *
 *   created = exported + dropped (each with one reason) + queued       at every moment
 *
 * `queued` is kept on its own, not derived, so that the equation can be checked.
 */
import { DROP_REASONS, type DropReason } from './protocol.js';

export interface DeliveryCounters {
  /** Sampled spans that ended, and those that were kept for an error. */
  readonly created: number;
  /** Spans a collector accepted. */
  readonly exported: number;
  /** Spans lost, by reason; every reason is present. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Spans waiting or on their way, in memory or in the spool. */
  readonly queued: number;
  /** The part of `queued` that is on disk and survives the process. */
  readonly spooled: number;
  /** Spans of earlier processes that this one delivered; not part of the equation above. */
  readonly restored: number;
}

export interface MutableCounters extends DeliveryCounters {
  created: number;
  exported: number;
  dropped: Record<DropReason, number>;
  queued: number;
  spooled: number;
  restored: number;
}

export function createCounters(): MutableCounters {
  const dropped = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0]));
  return {
    created: 0,
    exported: 0,
    dropped: dropped as Record<DropReason, number>,
    queued: 0,
    spooled: 0,
    restored: 0,
  };
}

/** All drops together. */
export function droppedTotal(counters: DeliveryCounters): number {
  return DROP_REASONS.reduce((sum, reason) => sum + counters.dropped[reason], 0);
}

/** `created 5 = exported 3 + dropped 2 (queue_full 2) + queued 0`, for the log. */
export function describeCounters(counters: DeliveryCounters): string {
  const { created, exported, queued, dropped } = counters;
  const reasons = DROP_REASONS.filter((reason) => dropped[reason] > 0).map((reason) => `${reason} ${dropped[reason]}`);
  const detail = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
  return `created ${created} = exported ${exported} + dropped ${droppedTotal(counters)}${detail} + queued ${queued}`;
}
