/** What is read of a job of BullMQ, and the context that it carries. Pure. */
import type { Attributes } from '@opentelemetry/api';
import { MESSAGING_MESSAGE_ID } from '../semconv.js';

export interface Job {
  readonly id?: string | undefined;
  readonly name?: string;
  readonly attemptsMade?: number;
  /** As text where Redis has just sent it, with short names. */
  readonly opts?: Options | string | undefined;
}

interface Options {
  readonly telemetry?: { readonly metadata?: string };
  /** In the first releases that carry a context. */
  readonly telemetryMetadata?: string;
  readonly tm?: string;
}

export const JOB_NAME = 'bullmq.job.name';
const ATTEMPTS_MADE = 'bullmq.job.attempts.made';

/** Empty for what is not JSON, or no object. */
export function carrierOf(metadata: string | undefined): Record<string, unknown> {
  if (metadata === undefined) return {};
  try {
    const carrier: unknown = JSON.parse(metadata);
    return typeof carrier === 'object' && carrier !== null ? (carrier as Record<string, unknown>) : {};
  } catch {
    // Of a telemetry of somebody else.
    return {};
  }
}

/** What a job carries that was not handed to a processor. */
export function carrierOfJob({ opts }: Job): Record<string, unknown> {
  const { telemetry, telemetryMetadata, tm }: Options = typeof opts === 'string' ? carrierOf(opts) : (opts ?? {});
  return carrierOf(telemetry?.metadata ?? telemetryMetadata ?? tm);
}

export function metadataOf(inject: (carrier: Record<string, string>) => void): string | undefined {
  const carrier: Record<string, string> = {};
  inject(carrier);
  return Object.keys(carrier).length === 0 ? undefined : JSON.stringify(carrier);
}

export function describeJob({ id, name, attemptsMade }: Job): Attributes {
  const attributes: Attributes = {};
  if (id !== undefined) attributes[MESSAGING_MESSAGE_ID] = id;
  if (name !== undefined) attributes[JOB_NAME] = name;
  if (typeof attemptsMade === 'number') attributes[ATTEMPTS_MADE] = attemptsMade;
  return attributes;
}

/** Thrown by a processor to say that the job is not done yet. */
const CONTROL_FLOW = new Set(['DelayedError', 'RateLimitError', 'WaitingChildrenError', 'WaitingError']);

export function isControlFlow(error: unknown): boolean {
  const { name, message } = (error ?? {}) as { name?: string; message?: string };
  return CONTROL_FLOW.has(name ?? '') || message === 'bullmq:rateLimitExceeded';
}
