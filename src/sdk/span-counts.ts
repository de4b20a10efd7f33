/**
 * Counts started spans by what the sampler said. The SDK reports them to whatever meter it is given; this one only adds
 * up. Loaded only when somebody wants to know.
 */
import { type Attributes, createNoopMeter, type Meter, type MeterProvider } from '@opentelemetry/api';

const STARTED = 'otel.sdk.span.started';
const LIVE = 'otel.sdk.span.live';
const RESULT = 'otel.span.sampling_result';
const ORIGIN = 'otel.span.parent.origin';

export interface StartedCount {
  /** `none`, `local`, `remote` */
  readonly parentOrigin: string;
  /** `RECORD_AND_SAMPLE`, `DROP`, `RECORD_ONLY` */
  readonly result: string;
  readonly count: number;
}

export interface SpanCounts {
  readonly meterProvider: MeterProvider;
  list(): readonly StartedCount[];
  /** Spans that have started and not ended, by the sampler's result. */
  live(): Readonly<Record<string, number>>;
}

export function createSpanCounts(): SpanCounts {
  const counts = new Map<string, { parentOrigin: string; result: string; count: number }>();
  const add = (value: number, attributes: Attributes = {}): void => {
    const parentOrigin = String(attributes[ORIGIN]);
    const result = String(attributes[RESULT]);
    const key = `${parentOrigin} ${result}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { parentOrigin, result, count: value });
    else known.count += value;
  };
  const live: Record<string, number> = {};
  const addLive = (value: number, attributes: Attributes = {}): void => {
    const result = String(attributes[RESULT]);
    live[result] = (live[result] ?? 0) + value;
  };
  const noop = createNoopMeter();
  const meter: Meter = Object.create(noop, {
    createCounter: { value: (name: string) => (name === STARTED ? { add } : noop.createCounter(name)) },
    createUpDownCounter: {
      value: (name: string) => (name === LIVE ? { add: addLive } : noop.createUpDownCounter(name)),
    },
  });
  return { meterProvider: { getMeter: () => meter }, list: () => [...counts.values()], live: () => ({ ...live }) };
}
