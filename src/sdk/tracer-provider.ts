/** Composes the official tracer provider from the configuration, as NodeSDK would. Loaded only when tracing is on. */
import { trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { AgentConfig } from '../config/types.js';
import type { ResourceAttributes } from './resource.js';
import { createSampler } from './sampler.js';

/** Creates the provider and makes it the API's global one (unless another SDK was first). */
export function startTracerProvider(
  config: AgentConfig,
  resource: ResourceAttributes,
  spanProcessors: SpanProcessor[],
): BasicTracerProvider {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes(resource),
    sampler: createSampler(config.sampler),
    generalLimits: { ...config.limits.general },
    spanLimits: { ...config.limits.span },
    spanProcessors,
  });
  trace.setGlobalTracerProvider(provider);
  return provider;
}
