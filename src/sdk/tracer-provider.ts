/** Composes the tracer provider from the configuration, as NodeSDK would. Loaded only when tracing is on. */
import { type TracerProvider, trace } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { Sampler, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { AgentConfig } from '../config/types.js';
import { Detacher } from './detached-work.js';
import type { KeptSpanProcessor } from './error-keeper.js';
import { createIdGenerator } from './id-generator.js';
import type { ResourceAttributes } from './resource.js';
import { createSampler } from './sampler.js';
import type { SpanCounter } from './span.js';
import { SpanTracerProvider, type TracerLayer } from './tracer.js';

/** The official resource with its attributes read at first use: an exporter of ours takes them elsewhere. */
function createResource(read: () => ResourceAttributes): Resource {
  const resource = resourceFromAttributes({});
  const getRawAttributes = (): [string, string | number | string[]][] => Object.entries(read());
  return Object.defineProperties(resource, {
    attributes: { get: read, enumerable: true },
    getRawAttributes: { value: getRawAttributes },
  });
}

type OptIn = typeof import('./opt-in.js');

interface Recording {
  readonly sampler: Sampler;
  readonly spanProcessors: SpanProcessor[];
}

/** What is recorded, and where it goes. */
function createRecording({ sampler, sampling }: AgentConfig, spanProcessors: KeptSpanProcessor[]): Recording {
  const created = createSampler(sampler, sampling.rules);
  if (!sampling.keepsErrors) return { sampler: created, spanProcessors };
  const keeper = new (require('./opt-in.js') as OptIn).ErrorKeeper(spanProcessors);
  return { sampler: keeper.wrap(created), spanProcessors: [keeper] };
}

/** Jaeger's header has the same flags, but takes the second one for a demand to sample everything. */
const knowsRandom = ({ propagators }: AgentConfig): boolean => !propagators.includes('jaeger');

const marksRandom = (config: AgentConfig): boolean =>
  config.sampler.name.endsWith('probability') && knowsRandom(config);

function createLayers(config: AgentConfig): TracerLayer[] {
  const isMarked = marksRandom(config);
  if (!isMarked && config.untrustedInbound.length === 0) return [];
  const { markRandom, restartUntrusted } = require('./opt-in.js') as OptIn;
  return [
    ...(isMarked ? [markRandom] : []),
    ...(config.untrustedInbound.length > 0 ? [restartUntrusted(config.untrustedInbound)] : []),
  ];
}

/** Creates the provider and, if wanted, makes it the API's global one; `isGlobal` is false when another SDK was first. */
export function startTracerProvider(
  config: AgentConfig,
  readResource: () => ResourceAttributes,
  spanProcessors: KeptSpanProcessor[],
  random: () => number,
  onDetached: (name: string) => void,
  counter?: SpanCounter | undefined,
  isRegistered = true,
): { readonly provider: TracerProvider; readonly isGlobal: boolean } {
  const { detachAfterMillis: limitMillis } = config;
  const provider = new SpanTracerProvider({
    resource: createResource(readResource),
    idGenerator: createIdGenerator(random),
    ...createRecording(config, spanProcessors),
    decidesByAttributes: config.sampling.rules.length > 0,
    limits: config.limits.span,
    counter,
    detacher: limitMillis === 0 ? undefined : new Detacher({ limitMillis, onFirst: onDetached }),
    keepsRandom: knowsRandom(config) && !marksRandom(config),
    layers: createLayers(config),
  });
  return { provider, isGlobal: isRegistered && trace.setGlobalTracerProvider(provider) };
}
