/**
 * The receiver's memory: requests, accepted spans, duplicates, exact counts, and the waits for them. Waits are settled
 * by arrivals; the only timer is their deadline.
 */
import type { Counts, IncomingTraces, ReceivedRequest, RequestOutcome } from './receiver-types.js';
import type { SpanRecord } from './span-record.js';

export interface Fate {
  outcome: RequestOutcome;
  answeredCode?: number | undefined;
  problem?: string | undefined;
  /** The spans to keep; empty for a lost request. */
  stored: SpanRecord[];
}

interface Wait {
  isMet(): boolean;
  resolve(): void;
  reject(error: Error): void;
}

export class Received {
  readonly #maxKept: number;
  readonly #waits = new Set<Wait>();
  readonly #listeners = new Set<(spans: SpanRecord[]) => void>();
  #spans: SpanRecord[] = [];
  #requests: ReceivedRequest[] = [];
  #duplicates: SpanRecord[] = [];
  #ids = new Set<string>();
  #counts: Counts = { requests: 0, receivedSpans: 0, acceptedSpans: 0, duplicateSpans: 0 };

  constructor(maxKept: number) {
    this.#maxKept = maxKept;
  }

  spans(): SpanRecord[] {
    return [...this.#spans];
  }

  requests(): ReceivedRequest[] {
    return [...this.#requests];
  }

  duplicates(): SpanRecord[] {
    return [...this.#duplicates];
  }

  counts(): Counts {
    return { ...this.#counts };
  }

  /** Records one finished request, then tells listeners and waits. */
  record(incoming: IncomingTraces, fate: Fate): void {
    const { stored, ...rest } = fate;
    this.#counts.requests++;
    this.#counts.receivedSpans += incoming.spans.length;
    this.#keep(this.#requests, {
      ...incoming,
      spanCount: incoming.spans.length,
      acceptedSpanCount: stored.length,
      outcome: rest.outcome,
      answeredCode: rest.answeredCode,
      problem: rest.problem,
    });
    for (const span of stored) this.#store(span);
    if (stored.length > 0) for (const listener of this.#listeners) listener(stored);
    for (const wait of this.#waits) if (wait.isMet()) wait.resolve();
  }

  onSpans(listener: (spans: SpanRecord[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when `isMet` holds, now or after a later request; rejects after `timeoutMillis` with a summary. */
  wait(what: string, isMet: () => boolean, timeoutMillis: number): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.#waits.delete(wait);
      };
      const wait: Wait = {
        isMet,
        resolve: () => {
          settle();
          resolve();
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const timer = setTimeout(
        () => wait.reject(new Error(`no ${what} within ${timeoutMillis} ms\n${this.summary()}`)),
        timeoutMillis,
      );
      this.#waits.add(wait);
    });
  }

  /** Rejects every wait; nothing will arrive any more. */
  close(): void {
    for (const wait of this.#waits) wait.reject(new Error(`the receiver was closed\n${this.summary()}`));
  }

  clear(): void {
    this.#spans = [];
    this.#requests = [];
    this.#duplicates = [];
    this.#ids = new Set();
    this.#counts = { requests: 0, receivedSpans: 0, acceptedSpans: 0, duplicateSpans: 0 };
  }

  /** What arrived, for a failure message: one line per request and per span, the last 20 of each. */
  summary(): string {
    const { requests, acceptedSpans, duplicateSpans } = this.#counts;
    const head = `arrived: ${acceptedSpans} spans (${duplicateSpans} duplicates) accepted in ${requests} requests`;
    return [head, ...this.#requests.slice(-20).map(requestLine), ...this.#spans.slice(-20).map(spanLine)].join('\n');
  }

  #store(span: SpanRecord): void {
    const id = `${span.traceId}/${span.spanId}`;
    this.#counts.acceptedSpans++;
    if (this.#ids.has(id)) {
      this.#counts.duplicateSpans++;
      this.#keep(this.#duplicates, span);
    }
    this.#ids.add(id);
    const dropped = this.#keep(this.#spans, span);
    for (const old of dropped) this.#ids.delete(`${old.traceId}/${old.spanId}`);
  }

  /** Appends, and past the limit drops the oldest tenth at once so that the cost per item stays constant. */
  #keep<T>(list: T[], item: T): T[] {
    list.push(item);
    if (list.length <= this.#maxKept) return [];
    return list.splice(0, list.length - this.#maxKept + Math.floor(this.#maxKept / 10));
  }
}

function requestLine(request: ReceivedRequest): string {
  const { protocol, method, path, spanCount, acceptedSpanCount, outcome, answeredCode, problem } = request;
  const answer = answeredCode === undefined ? outcome : `${outcome} (${answeredCode})`;
  const why = problem === undefined ? '' : `: ${problem}`;
  return `  request ${method} ${path} ${protocol}, ${acceptedSpanCount} of ${spanCount} spans kept, ${answer}${why}`;
}

function spanLine(span: SpanRecord): string {
  const service = String(span.resource['service.name'] ?? '?');
  const parent = span.parentSpanId === '' ? 'root' : `parent ${span.parentSpanId}`;
  return `  span ${span.traceId} ${span.spanId} ${parent} ${service} ${span.kind} "${span.name}" ${span.status.code}`;
}
