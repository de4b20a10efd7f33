/**
 * Consistent probability sampling: every service with the same ratio takes the same traces, in every language, and each
 * sampled span says in its tracestate (`ot=th:...`) how many it stands for. Loaded only when a sampler asks for it.
 *
 * Spec: trace/tracestate-probability-sampling.md, trace/sdk.md (ProbabilitySampler, CompositeSampler).
 */
import {
  type ComposableSampler,
  createComposableAlwaysOffSampler,
  createComposableAlwaysOnSampler,
  createComposableParentThresholdSampler,
  createComposableProbabilitySampler,
  createCompositeSampler,
} from '@opentelemetry/sampler-composite';
import { type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import type { RatioSamplers } from './rules-sampler.js';

function share(ratio: number): ComposableSampler {
  if (ratio === 0) return createComposableAlwaysOffSampler();
  return ratio === 1 ? createComposableAlwaysOnSampler() : createComposableProbabilitySampler(ratio);
}

/** Takes what `inner` takes; nobody can know how many a span stands for, so no threshold is passed on. */
function uncounted(inner: ComposableSampler): ComposableSampler {
  return {
    getSamplingIntent: (...parameters) => ({ ...inner.getSamplingIntent(...parameters), thresholdReliable: false }),
    toString: () => `uncounted ${inner.toString()}`,
  };
}

const ONLY_THRESHOLD = /^th:[^;]*$/;

/**
 * The official composite sampler leaves `ot=th:...` of the caller as it is where it has nothing to put in its place
 * (0.222): a threshold that does not fit the decision would make callees decide by it.
 */
function composite(delegate: ComposableSampler, isCounted = true): Sampler {
  const official = createCompositeSampler(delegate);
  return {
    shouldSample(...parameters) {
      const result = official.shouldSample(...parameters);
      const { decision, traceState } = result;
      const isRight = isCounted && decision === SamplingDecision.RECORD_AND_SAMPLED;
      if (traceState === undefined || isRight || !ONLY_THRESHOLD.test(traceState.get('ot') ?? '')) return result;
      return { ...result, traceState: traceState.unset('ot') };
    },
    toString: () => delegate.toString(),
  };
}

/** `probability` and, following the caller's threshold or flag when there is a caller, `parentbased_probability`. */
export function createProbabilitySampler(ratio: number, isParentBased: boolean): Sampler {
  const sampler = share(ratio);
  return composite(isParentBased ? createComposableParentThresholdSampler(sampler) : sampler);
}

/** For rules in front of such a sampler. */
export const consistentRatios: RatioSamplers = {
  create: (ratio, isLimited) => (isLimited ? composite(uncounted(share(ratio)), false) : composite(share(ratio))),
};
