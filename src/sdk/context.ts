/**
 * Context and propagation: the part that also runs when OTEL_SDK_DISABLED switches tracing off. Sets the API's globals
 * unless somebody else already did.
 */
import { context, propagation, type TextMapPropagator } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { AgentConfig } from '../config/types.js';
import { createPropagator } from './propagator.js';

/** Returns false when another SDK owns the global context manager. `wrap` may put something before the propagator. */
export function startContext(
  { propagators, extractors }: Pick<AgentConfig, 'propagators' | 'extractors'>,
  wrap: (propagator: TextMapPropagator) => TextMapPropagator = (propagator) => propagator,
): boolean {
  const isOurs = context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(wrap(createPropagator(propagators, extractors)));
  return isOurs;
}
