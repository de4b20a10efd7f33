/** Tells before anything is allocated for a call that nothing of it would be recorded. Hot path. */
import { type Context, isSpanContextValid, type Span, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import type { AgentConfig } from '../config/types.js';
import { isSuppressed } from './context.js';

/** True when a span with that parent is never recorded. */
export type IsUnsampled = (parent: Context) => boolean;

function unsampledParentOf(parent: Context): SpanContext | undefined {
  const context = trace.getSpanContext(parent);
  if (context === undefined || (context.traceFlags & TraceFlags.SAMPLED) !== 0) return undefined;
  return isSpanContextValid(context) ? context : undefined;
}

/**
 * What a call passes on that is not recorded: its caller's own context, as the API does without an SDK. Undefined when the
 * call may be recorded.
 */
export type PassOn = (parent: Context) => Span | undefined;

export function createPassOn(config: AgentConfig): PassOn {
  if (!config.sampler.followsUnsampled) return () => undefined;
  return (parent) => {
    const context = unsampledParentOf(parent);
    return context && trace.wrapSpanContext(context);
  };
}

/** True when some setting decides about spans by what they have at their start. The samplers of the specification do not. */
export function decidesByAttributesIn({ sampling, untrustedInbound }: AgentConfig): boolean {
  return sampling.rules.length > 0 || untrustedInbound.length > 0;
}

/** A sampler that follows the parent asks for nothing else; what another one decides is not known in advance. */
export function createIsUnsampled({ sampler }: AgentConfig): IsUnsampled {
  if (!sampler.followsUnsampled) return isSuppressed;
  return (parent) => isSuppressed(parent) || unsampledParentOf(parent) !== undefined;
}
