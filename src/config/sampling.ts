/**
 * What is decided around OTEL_TRACES_SAMPLER: rules, errors that are kept, callers that are not followed.
 */
import type { Settings } from './settings.js';
import type { SamplingConfig, SpanCondition } from './types.js';

type OptIn = typeof import('./opt-in.js');

export function readSampling(settings: Settings): SamplingConfig {
  const hasRules = settings.find('OTEL_NODE_SAMPLING_RULES') !== undefined;
  return {
    rules: hasRules ? (require('./opt-in.js') as OptIn).readRules(settings) : [],
    keepsErrors: settings.boolean('OTEL_NODE_KEEP_ERRORS'),
  };
}

export function readUntrustedInbound(settings: Settings): readonly (readonly SpanCondition[])[] {
  if (settings.find('OTEL_NODE_UNTRUSTED_INBOUND') === undefined) return [];
  return (require('./opt-in.js') as OptIn).readUntrusted(settings);
}
