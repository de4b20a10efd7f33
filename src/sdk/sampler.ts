/** From the configuration to the SDK's sampler. What only some configurations need is loaded with them. */
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { SamplerConfig, SamplerName, SamplingRule } from '../config/types.js';
import type { RatioSamplers } from './rules-sampler.js';

type OptIn = typeof import('./opt-in.js');

const optIn = (): OptIn => require('./opt-in.js') as OptIn;
const isConsistent = (name: SamplerName): boolean => name.endsWith('probability');

/** Spec: SDK environment variables, OTEL_TRACES_SAMPLER. */
function createNamed({ name, ratio }: SamplerConfig): Sampler {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'probability':
    case 'parentbased_probability':
      return optIn().createProbabilitySampler(ratio, name === 'parentbased_probability');
  }
}

const RATIOS: RatioSamplers = {
  create(ratio) {
    if (ratio === 0) return new AlwaysOffSampler();
    return ratio === 1 ? new AlwaysOnSampler() : new TraceIdRatioBasedSampler(ratio);
  },
};

/** The configured sampler, behind the rules if there are any. */
export function createSampler(config: SamplerConfig, rules: readonly SamplingRule[] = []): Sampler {
  const named = createNamed(config);
  if (rules.length === 0) return named;
  const { RulesSampler } = optIn();
  const ratios = isConsistent(config.name) ? optIn().consistentRatios : RATIOS;
  return new RulesSampler(rules, ratios, named);
}
