/** Tells before anything is allocated for a call that nothing of it would be recorded. Hot path. */
import { type Context, isSpanContextValid, TraceFlags, trace } from '@opentelemetry/api';
import type { AgentConfig } from '../config/types.js';
import { isSuppressed } from './context.js';

/** True when a span with that parent is never recorded. */
export type IsUnsampled = (parent: Context) => boolean;

function hasUnsampledParent(parent: Context): boolean {
  const context = trace.getSpanContext(parent);
  return context !== undefined && (context.traceFlags & TraceFlags.SAMPLED) === 0 && isSpanContextValid(context);
}

/** True when some setting decides about spans by what they have at their start. The samplers of the specification do not. */
export function decidesByAttributesIn({ sampling, untrustedInbound }: AgentConfig): boolean {
  return sampling.rules.length > 0 || untrustedInbound.length > 0;
}

/** A sampler that follows the parent asks for nothing else; what another one decides is not known in advance. */
export function createIsUnsampled({ sampler }: AgentConfig): IsUnsampled {
  if (!sampler.followsUnsampled) return isSuppressed;
  return (parent) => isSuppressed(parent) || hasUnsampledParent(parent);
}
