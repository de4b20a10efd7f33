/**
 * Work that outlives the request it was started in (an interval, a pool's heartbeat, a consumer that never ends) keeps
 * the request's async context for the life of the process. For a while its spans belong to the request's trace; after
 * that each starts a trace of its own, with a link to where the work came from. Application's thread, on the hot path.
 *
 *   request ├──────┤ended
 *                  ·  tick   tick   tick ·   tick     tick
 *                  ·   └ same trace ┘    ·    └ root ┘ └ root ┘  each linked to the request
 *                  ├──── limitMillis ────┤
 */
import type { Link, Span, SpanContext } from '@opentelemetry/api';
import { endOf, type MaybeEnded } from '../ended-span.js';

export interface DetachOptions {
  readonly limitMillis: number;
  /** Told of the name of the first span that is detached. */
  onFirst(name: string): void;
}

/** The two ways in which a span can be started. */
interface Start {
  below(): Span;
  asRoot(link: Link): Span;
}

export class Detacher {
  readonly #options: DetachOptions;
  /** When the request was over that a span was left behind by, by its ids: a chain of such spans has one limit. */
  readonly #origins = new WeakMap<SpanContext, number>();
  #hasOrigins = false;
  #hasDetached = false;

  constructor(options: DetachOptions) {
    this.#options = options;
  }

  /** False for what nearly all spans have: a parent that is open. */
  mayDetach(parent: Span): boolean {
    return this.#hasOrigins || (parent as MaybeEnded).ended === true;
  }

  start(name: string, parent: Span, { below, asRoot }: Start): Span {
    const hasEnded = (parent as MaybeEnded).ended === true;
    const origin = this.#origins.get(parent.spanContext()) ?? endOf(parent as MaybeEnded);
    if (origin === undefined) return below();
    if (!hasEnded || Date.now() - origin <= this.#options.limitMillis) {
      const span = below();
      this.#hasOrigins = true;
      this.#origins.set(span.spanContext(), origin);
      return span;
    }
    if (!this.#hasDetached) {
      this.#hasDetached = true;
      this.#options.onFirst(name);
    }
    return asRoot({ context: parent.spanContext() });
  }
}
