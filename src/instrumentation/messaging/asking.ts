/**
 * Calls by which an application asks for a message (`next()`, `get()`) and does with it what nobody can see: a span
 * `receive`, linked to the producer. It is made when something has come: a loop that waits in vain makes none.
 */
import { type Context, type Link, type Span, type SpanOptions, trace } from '@opentelemetry/api';
import { failSpan } from '../operation.js';
import type { Faults } from '../patch.js';
import type { Destination } from './messages.js';

/** What has come. */
export interface Arrival {
  readonly destination: Destination;
  /** As it was extracted from the message. */
  readonly producer: Context;
}

export interface AskRules {
  /** Undefined where nothing has come. */
  arrivalOf(value: unknown): Arrival | undefined;
  /** What was asked; undefined for an error that only says that nothing has come. */
  failedAt(error: unknown): Destination | undefined;
}

type Start = (destination: Destination, more: Pick<SpanOptions, 'links' | 'startTime'>) => Span;

/** None of its methods throws. */
export class Asking {
  readonly #rules: AskRules;
  readonly #faults: Faults;
  readonly #start: Start;
  readonly #startTime = Date.now();

  constructor(rules: AskRules, faults: Faults, start: Start) {
    this.#rules = rules;
    this.#faults = faults;
    this.#start = start;
  }

  /** The promise is passed on, not looked at from beside: a rejection that nobody handles must stay one. */
  follow<Result>(result: PromiseLike<Result>): PromiseLike<Result> {
    return result.then(
      (value) => {
        this.end(value);
        return value;
      },
      (error: unknown) => {
        this.fail(error);
        throw error;
      },
    );
  }

  end(value: unknown): void {
    this.#contain(() => {
      const arrival = this.#rules.arrivalOf(value);
      if (arrival === undefined) return;
      const context = trace.getSpanContext(arrival.producer);
      this.#record(arrival.destination, context === undefined ? [] : [{ context }]).end();
    });
  }

  fail(error: unknown): void {
    this.#contain(() => {
      const destination = this.#rules.failedAt(error);
      if (destination === undefined) return;
      const span = this.#record(destination, []);
      failSpan(span, error);
      span.end();
    });
  }

  #record(destination: Destination, links: Link[]): Span {
    return this.#start(destination, { links, startTime: this.#startTime });
  }

  #contain(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#faults.record(error);
    }
  }
}
