/**
 * OTEL_NODE_SAMPLING_RULES as a sampler in front of the configured one. Loaded only when there are rules; asked at the
 * start of every span, but walks through the rules only for spans that a rule can be for: those that start a trace.
 *
 *   no parent       rules without `parent=`, or with none, any  ─ none matches ─► the configured sampler
 *   remote parent   rules with remote, any                      ─ none matches ─► the configured sampler
 *   local parent    rules with local, any                       ─ none matches ─► as the parent
 */
import { type Attributes, type Context, isSpanContextValid, type Link, type SpanKind, trace } from '@opentelemetry/api';
import { type Sampler, SamplingDecision, type SamplingResult } from '@opentelemetry/sdk-trace';
import type { SamplingRule, SpanParent } from '../config/types.js';
import { RateLimit } from './rate-limit.js';
import { compileConditions, type SpanTest } from './span-test.js';

/** A decision that no later wish (OTEL_NODE_KEEP_ERRORS) may change. */
export interface RuleResult extends SamplingResult {
  readonly isFinal?: boolean;
}

/** How a rule's share of the traces is taken. */
export interface RatioSamplers {
  /** `isLimited`: a rate limit comes after it. */
  create(ratio: number, isLimited: boolean): Sampler;
}

const SAMPLED = 1;
const KEPT: SamplingResult = Object.freeze({ decision: SamplingDecision.RECORD_AND_SAMPLED });
const DROPPED: SamplingResult = Object.freeze({ decision: SamplingDecision.NOT_RECORD });

interface CompiledRule {
  readonly parents: readonly SpanParent[];
  readonly isMatch: SpanTest;
  readonly share: Sampler;
  readonly limit: RateLimit | undefined;
  /** Dropped by the rule, not left out by a ratio or a limit. */
  readonly isDropped: boolean;
}

function compile(rule: SamplingRule, samplers: RatioSamplers): CompiledRule {
  const { conditions, parents, ratio, perSecond } = rule;
  const limit = perSecond === undefined ? undefined : new RateLimit(perSecond);
  const share = samplers.create(ratio, limit !== undefined);
  return { parents, isMatch: compileConditions(conditions), share, limit, isDropped: ratio === 0 };
}

export class RulesSampler implements Sampler {
  readonly #rules: Readonly<Record<SpanParent, readonly CompiledRule[]>>;
  readonly #none: Sampler;
  readonly #otherwise: Sampler;
  readonly #count: number;

  constructor(rules: readonly SamplingRule[], samplers: RatioSamplers, otherwise: Sampler) {
    const compiled = rules.map((rule) => compile(rule, samplers));
    const forParent = (parent: SpanParent): readonly CompiledRule[] =>
      compiled.filter(({ parents }) => parents.includes(parent));
    this.#rules = { none: forParent('none'), remote: forParent('remote'), local: forParent('local') };
    this.#none = samplers.create(0, false);
    this.#otherwise = otherwise;
    this.#count = rules.length;
  }

  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): RuleResult {
    const parent = trace.getSpanContext(context);
    const hasParent = parent !== undefined && isSpanContextValid(parent);
    const origin = !hasParent ? 'none' : parent.isRemote === true ? 'remote' : 'local';
    for (const rule of this.#rules[origin]) {
      if (!rule.isMatch(name, kind, attributes)) continue;
      const result = rule.share.shouldSample(context, traceId, name, kind, attributes, links);
      if (rule.isDropped) return { ...result, isFinal: true };
      if (result.decision === SamplingDecision.NOT_RECORD || rule.limit === undefined || rule.limit.take())
        return result;
      return this.#none.shouldSample(context, traceId, name, kind, attributes, links);
    }
    if (origin === 'local') return ((parent as { traceFlags: number }).traceFlags & SAMPLED) !== 0 ? KEPT : DROPPED;
    return this.#otherwise.shouldSample(context, traceId, name, kind, attributes, links);
  }

  toString(): string {
    return `Rules{${this.#count}, ${this.#otherwise.toString()}}`;
  }
}
