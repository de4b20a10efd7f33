/**
 * A tracer provider that is made when the first span is started: many processes and most worker threads of applications
 * never start one, and the SDK is a third of what an agent costs a thread. Loads nothing before that.
 */
import { AsyncResource } from 'node:async_hooks';
import {
  type Context,
  ProxyTracerProvider,
  type Span,
  type SpanOptions,
  type Tracer,
  type TracerOptions,
  type TracerProvider,
} from '@opentelemetry/api';
import { TracerBase } from '../tracer-base.js';

/** The API's own, which does nothing: for spans that are started meanwhile, and where there is no other. */
const NOTHING = new ProxyTracerProvider();

class LazyTracer extends TracerBase {
  readonly #open: () => Tracer | undefined;
  #tracer: Tracer | undefined;

  /** `open` says undefined as long as it is too early. */
  constructor(open: () => Tracer | undefined) {
    super();
    this.#open = open;
  }

  startSpan(name: string, options?: SpanOptions, context?: Context): Span {
    this.#tracer ??= this.#open();
    return (this.#tracer ?? NOTHING.getTracer(name)).startSpan(name, options, context);
  }
}

/** What the pipeline keeps from the start, so that an application's fake clocks do not reach it. */
const CLOCKS = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] as const;

/** Remembers the clocks of now; returns what runs a function with them. */
function keepClocks(): <T>(run: () => T) => T {
  const host = globalThis as Record<string, unknown>;
  const kept = CLOCKS.map((name) => [name, Object.getOwnPropertyDescriptor(host, name)] as const);
  return (run) => {
    const current = kept.map(([name]) => [name, Object.getOwnPropertyDescriptor(host, name)] as const);
    const put = (clocks: typeof kept): void => {
      for (const [name, descriptor] of clocks)
        if (descriptor?.configurable) Object.defineProperty(host, name, descriptor);
    };
    const isFaked = kept.some(([, clock], index) => {
      const other = current[index]?.[1];
      return clock?.value !== other?.value || clock?.get !== other?.get;
    });
    if (!isFaked) return run();
    put(kept);
    try {
      return run();
    } finally {
      put(current);
    }
  };
}

export class LazyTracerProvider implements TracerProvider {
  readonly #load: () => TracerProvider | undefined;
  #provider: TracerProvider | undefined;
  #isLoading = false;

  /** `load` is called at most once, outside any request's context; when it throws there are no spans. */
  constructor(load: () => TracerProvider, onFault: (error: unknown) => void) {
    const boot = new AsyncResource('trace-agent');
    const withClocks = keepClocks();
    this.#load = () => {
      try {
        return boot.runInAsyncScope(() => withClocks(load));
      } catch (error) {
        onFault(error);
        return undefined;
      }
    };
  }

  /** Makes it now. What that does itself makes no spans. */
  load(): void {
    if (this.#isLoading || this.#provider !== undefined) return;
    this.#isLoading = true;
    this.#provider = this.#load() ?? NOTHING;
    this.#isLoading = false;
  }

  getTracer(name: string, version?: string, options?: TracerOptions): Tracer {
    if (this.#provider !== undefined) return this.#provider.getTracer(name, version, options);
    return new LazyTracer(() => {
      this.load();
      return this.#provider?.getTracer(name, version, options);
    });
  }

  /** As the SDK's. */
  async forceFlush(): Promise<void> {
    await (this.#provider as { forceFlush?(): Promise<void> } | undefined)?.forceFlush?.();
  }

  async shutdown(): Promise<void> {
    await (this.#provider as { shutdown?(): Promise<void> } | undefined)?.shutdown?.();
  }
}
