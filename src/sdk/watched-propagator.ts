/**
 * Looks at the first requests that come in: are all of them unsampled by their callers, do they carry a context in a
 * format that is not read? Stands before the propagator until it knows, then only passes on. Main thread, hot path for
 * the first hundred requests alone.
 */
import {
  type Context,
  isSpanContextValid,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { AgentConfig, PropagatorName } from '../config/types.js';
import type { Log } from '../diag/log.js';

export interface WatchedPropagator extends TextMapPropagator {
  /** To be called every few seconds. */
  check(): void;
}

export interface PropagationFacts {
  readonly config: Pick<AgentConfig, 'propagators' | 'extractors' | 'sampler' | 'sampling' | 'untrustedInbound'>;
  readonly log: Log;
}

/** Requests that are looked at. */
const MAX_LOOKS = 100;
/** Unsampled requests in a row that are no accident; fewer after a while. */
const MANY_UNSAMPLED = 10;
const SOME_UNSAMPLED = 3;

export interface ContextFormat {
  /** None: no propagator here reads it. */
  readonly names: readonly PropagatorName[];
  readonly header: string;
  /** What a context looks like: rubbish from the network is no reason to speak. */
  readonly looks: RegExp;
  /** What to do where no propagator reads it. */
  readonly instead?: string;
}

/** The header of AWS comes with every request of a load balancer: only a parent makes it a context. */
export const CONTEXT_FORMATS: readonly ContextFormat[] = [
  { names: ['tracecontext'], header: 'traceparent', looks: /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-/ },
  { names: ['b3', 'b3multi'], header: 'b3', looks: /^[0-9a-f]{16,32}-[0-9a-f]{16}/ },
  { names: ['b3multi', 'b3'], header: 'x-b3-traceid', looks: /^[0-9a-f]{16,32}$/ },
  { names: ['jaeger'], header: 'uber-trace-id', looks: /^[0-9a-f]{1,32}(?::|%3A)[0-9a-f]{1,16}(?::|%3A)/ },
  { names: ['xray'], header: 'x-amzn-trace-id', looks: /Root=1-[0-9a-f]{8}-[0-9a-f]{24};.*Parent=/ },
  { names: ['ottrace'], header: 'ot-tracer-traceid', looks: /^[0-9a-f]{16,32}$/ },
  {
    names: [],
    header: 'x-datadog-trace-id',
    looks: /^[1-9]\d{0,19}$/,
    instead:
      'set DD_TRACE_PROPAGATION_STYLE=datadog,tracecontext for the callers, which then write traceparent besides',
  },
  {
    names: [],
    header: 'x-cloud-trace-context',
    looks: /^[0-9a-f]{32}\/\d{1,20}(?:;|$)/,
    instead: 'have the callers write traceparent, which Google Cloud understands as well',
  },
];

/** What the line about a header says after its name; `setting` is the variable that does not have it, and its value. */
export function adviseOn({ names, instead }: ContextFormat, setting: string): string {
  if (instead !== undefined) return `which no propagator here reads; ${instead}`;
  return `which ${setting} does not read; add ${names[0]} to it`;
}

/** True when nothing but the callers decides about what they call. */
function followsCallers({ sampler, sampling, untrustedInbound }: PropagationFacts['config']): boolean {
  if (untrustedInbound.length > 0 || sampling.rules.some(({ parents }) => parents.includes('remote'))) return false;
  return sampler.name.startsWith('parentbased');
}

class Watcher implements WatchedPropagator {
  readonly #inner: TextMapPropagator;
  readonly #facts: PropagationFacts;
  #looksLeft: number;
  /** -1: at least one was sampled, or it does not matter, or it was said. */
  #unsampled: number;
  #hasSaidFormat = false;
  #ticks = 0;

  constructor(inner: TextMapPropagator, facts: PropagationFacts) {
    this.#inner = inner;
    this.#facts = facts;
    const { extractors } = facts.config;
    this.#looksLeft = extractors.length === 0 ? 0 : MAX_LOOKS;
    this.#unsampled = followsCallers(facts.config) ? 0 : -1;
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    this.#inner.inject(context, carrier, setter);
  }

  fields(): string[] {
    return this.#inner.fields();
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const extracted = this.#inner.extract(context, carrier, getter);
    if (this.#looksLeft > 0) this.#look(extracted, carrier, getter);
    return extracted;
  }

  #look(extracted: Context, carrier: unknown, getter: TextMapGetter): void {
    this.#looksLeft--;
    const parent = trace.getSpanContext(extracted);
    if (parent === undefined || !isSpanContextValid(parent)) this.#lookForOthers(carrier, getter);
    else if ((parent.traceFlags & TraceFlags.SAMPLED) !== 0) this.#unsampled = -1;
    else if (this.#unsampled >= 0 && ++this.#unsampled >= MANY_UNSAMPLED) this.#sayUnsampled();
  }

  #lookForOthers(carrier: unknown, getter: TextMapGetter): void {
    if (this.#hasSaidFormat) return;
    const { config, log } = this.#facts;
    const { propagators, extractors } = config;
    for (const format of CONTEXT_FORMATS) {
      const { names, header, looks } = format;
      if (names.some((name) => extractors.includes(name))) continue;
      const value = getter.get(carrier, header);
      if (value === undefined || !looks.test(String(value))) continue;
      const variable = extractors === propagators ? 'OTEL_PROPAGATORS' : 'OTEL_NODE_EXTRACT_PROPAGATORS';
      const advice = adviseOn(format, `${variable}=${extractors.join(',')}`);
      log.warn('TA4002', `requests carry the header ${header}, ${advice}`, header);
      this.#hasSaidFormat = true;
      return;
    }
  }

  #sayUnsampled(): void {
    const count = this.#unsampled;
    this.#unsampled = -1;
    const { config, log } = this.#facts;
    const what = `all of the first ${count} requests came from callers that do not sample`;
    log.warn('TA4001', `${what}, so OTEL_TRACES_SAMPLER=${config.sampler.name} records none of them`);
  }

  check(): void {
    if (this.#unsampled >= SOME_UNSAMPLED && ++this.#ticks > 1) this.#sayUnsampled();
  }
}

/** Wraps a propagator. Never throws what the wrapped one does not. */
export function watchPropagator(inner: TextMapPropagator, facts: PropagationFacts): WatchedPropagator {
  return new Watcher(inner, facts);
}
