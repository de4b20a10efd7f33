/** Composes the official tracer provider from the configuration, as NodeSDK would. Loaded only when tracing is on. */
import { type MeterProvider, trace } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { AgentConfig } from '../config/types.js';
import { DetachingTracerProvider } from './detached-work.js';
import type { ResourceAttributes } from './resource.js';
import { createSampler } from './sampler.js';

/** The official resource with its attributes read at first use: an exporter of ours takes them elsewhere. */
function createResource(read: () => ResourceAttributes): Resource {
  const resource = resourceFromAttributes({});
  const getRawAttributes = (): [string, string | number | string[]][] => Object.entries(read());
  return Object.defineProperties(resource, {
    attributes: { get: read, enumerable: true },
    getRawAttributes: { value: getRawAttributes },
  });
}

/** Creates the provider and makes it the API's global one; `isGlobal` is false when another SDK was first. */
export function startTracerProvider(
  config: AgentConfig,
  readResource: () => ResourceAttributes,
  spanProcessors: SpanProcessor[],
  onDetached: (name: string) => void,
  meterProvider?: MeterProvider | undefined,
): { readonly provider: TracerProvider; readonly isGlobal: boolean } {
  const options = {
    resource: createResource(readResource),
    sampler: createSampler(config.sampler),
    spanLimits: { ...config.limits.span },
    spanProcessors,
    ...(meterProvider === undefined ? {} : { meterProvider }),
  };
  const provider = new DetachingTracerProvider(options, {
    limitMillis: config.detachAfterMillis,
    onFirst: onDetached,
  });
  return { provider, isGlobal: trace.setGlobalTracerProvider(provider) };
}
