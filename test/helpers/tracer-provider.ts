import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, ParentBasedSampler, type SpanLimits } from '@opentelemetry/sdk-trace';
import { Detacher, type DetachOptions } from '../../src/sdk/detached-work.js';
import { createIdGenerator } from '../../src/sdk/id-generator.js';
import { SpanTracerProvider, type TracerProviderOptions } from '../../src/sdk/tracer.js';

/** The specification's. */
const LIMITS: Required<SpanLimits> = {
  attributeCountLimit: 128,
  attributeValueLengthLimit: Number.POSITIVE_INFINITY,
  eventCountLimit: 128,
  linkCountLimit: 128,
  attributePerEventCountLimit: 128,
  attributePerLinkCountLimit: 128,
};

/** The agent's provider as the specification's defaults make it; `detach` as OTEL_NODE_DETACH_AFTER would. */
export function createTestProvider(
  { limits, ...options }: Partial<Omit<TracerProviderOptions, 'limits'>> & { limits?: SpanLimits } = {},
  detach?: DetachOptions,
): SpanTracerProvider {
  return new SpanTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'test' }),
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    decidesByAttributes: true,
    idGenerator: createIdGenerator(Math.random),
    counter: undefined,
    detacher: detach === undefined || detach.limitMillis === 0 ? undefined : new Detacher(detach),
    keepsRandom: false,
    limits: { ...LIMITS, ...limits },
    spanProcessors: [],
    layers: [],
    ...options,
  });
}
