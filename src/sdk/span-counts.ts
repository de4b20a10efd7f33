/** Counts started spans by what the sampler said. Loaded only when somebody wants to know. */
import type { SpanCounter } from './span.js';

/** By SamplingDecision. Spec: semantic conventions, `otel.span.sampling_result`. */
const RESULTS = ['DROP', 'RECORD_ONLY', 'RECORD_AND_SAMPLE'] as const;

export interface StartedCount {
  /** `none`, `local`, `remote`; spec: semantic conventions, `otel.span.parent.origin`. */
  readonly parentOrigin: string;
  /** `RECORD_AND_SAMPLE`, `DROP`, `RECORD_ONLY` */
  readonly result: string;
  readonly count: number;
}

export interface SpanCounts {
  readonly counter: SpanCounter;
  list(): readonly StartedCount[];
  /** Spans that have started and not ended, by the sampler's result. */
  live(): Readonly<Record<string, number>>;
}

export function createSpanCounts(): SpanCounts {
  const counts = new Map<string, { parentOrigin: string; result: string; count: number }>();
  const live: Record<string, number> = {};
  const addLive = (result: string, value: number): void => {
    live[result] = (live[result] ?? 0) + value;
  };
  return {
    counter: {
      started(parent, decision) {
        const result = RESULTS[decision];
        const parentOrigin = parent === undefined ? 'none' : parent.isRemote === true ? 'remote' : 'local';
        const key = `${parentOrigin} ${result}`;
        const known = counts.get(key);
        if (known === undefined) counts.set(key, { parentOrigin, result, count: 1 });
        else known.count++;
        if (result !== 'DROP') addLive(result, 1);
      },
      ended: (isSampled) => addLive(isSampled ? 'RECORD_AND_SAMPLE' : 'RECORD_ONLY', -1),
    },
    list: () => [...counts.values()],
    live: () => ({ ...live }),
  };
}
