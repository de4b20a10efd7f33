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

/** No field is private to V8, as in spans. */
class LazyTracer extends TracerBase {
  private readonly _open: () => Tracer | undefined;
  private _tracer: Tracer | undefined;

  /** `open` says undefined as long as it is too early. */
  constructor(open: () => Tracer | undefined) {
    super();
    this._open = open;
  }

  startSpan(name: string, options?: SpanOptions, context?: Context): Span {
    this._tracer ??= this._open();
    return (this._tracer ?? NOTHING.getTracer(name)).startSpan(name, options, context);
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
  private readonly _load: () => TracerProvider | undefined;
  private _provider: TracerProvider | undefined;
  private _isLoading = false;

  /** `load` is called at most once, outside any request's context; when it throws there are no spans. */
  constructor(load: () => TracerProvider, onFault: (error: unknown) => void) {
    const boot = new AsyncResource('trace-agent');
    const withClocks = keepClocks();
    this._load = () => {
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
    if (this._isLoading || this._provider !== undefined) return;
    this._isLoading = true;
    this._provider = this._load() ?? NOTHING;
    this._isLoading = false;
  }

  getTracer(name: string, version?: string, options?: TracerOptions): Tracer {
    if (this._provider !== undefined) return this._provider.getTracer(name, version, options);
    return new LazyTracer(() => {
      this.load();
      return this._provider?.getTracer(name, version, options);
    });
  }

  /** As the SDK's. */
  async forceFlush(): Promise<void> {
    await (this._provider as { forceFlush?(): Promise<void> } | undefined)?.forceFlush?.();
  }

  async shutdown(): Promise<void> {
    await (this._provider as { shutdown?(): Promise<void> } | undefined)?.shutdown?.();
  }
}
