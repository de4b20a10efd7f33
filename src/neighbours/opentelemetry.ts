/**
 * Sees an application start an OpenTelemetry SDK of its own (NodeSDK, upstream's register, Sentry, a distribution): they
 * all end in `trace.setGlobalTracerProvider` of the application's own copy of the API. Application's thread.
 */
import { type AnyFunction, patchMethod } from '../instrumentation/patch.js';
import { standby } from '../instrumentation/standby.js';
import type { NeighbourEvents } from './types.js';

interface ApiExports {
  readonly trace: object;
  readonly context: object;
  readonly propagation: object;
}

interface SentryOptions {
  readonly tracesSampleRate?: unknown;
  readonly tracesSampler?: unknown;
}
interface SentryTracer {
  readonly _sampler?: { toString(): string; readonly _client?: { getOptions(): SentryOptions } };
}

/**
 * True for the provider that Sentry registers even when it is there for errors alone. Sentry says so by the options that
 * switch its tracing on; where they cannot be read it counts as tracing.
 */
function isSentryWithoutTracing(provider: unknown): boolean {
  const tracer = (provider as { getTracer(name: string): SentryTracer }).getTracer('trace-agent');
  const sampler = tracer._sampler;
  if (sampler === undefined || String(sampler) !== 'SentrySampler') return false;
  const options = sampler._client?.getOptions();
  return options !== undefined && options.tracesSampleRate == null && options.tracesSampler == null;
}

/** The SDK registers context manager and propagator before its provider: they wait until it is known that one comes. */
class Waiting {
  readonly #calls: (() => unknown)[] = [];

  hold(original: AnyFunction): AnyFunction {
    const waiting = this.#calls;
    return function hold(this: unknown, ...parameters: unknown[]): unknown {
      if (standby.isDown) return original.apply(this, parameters);
      waiting.push(() => original.apply(this, parameters));
      return false;
    };
  }

  release(): void {
    for (const call of this.#calls.splice(0)) call();
  }
}

/** Watches one copy of the API. Throws before it changes anything when it is not shaped as expected. */
export function watchApi(exports: unknown, version: string | undefined, events: NeighbourEvents): void {
  const api = exports as ApiExports;
  const waiting = new Waiting();
  const owner = (name: keyof ApiExports): object => Object.getPrototypeOf(api[name]) as object;
  patchMethod(
    owner('trace'),
    'setGlobalTracerProvider',
    (original) =>
      function setGlobalTracerProvider(this: unknown, ...parameters: unknown[]): unknown {
        if (!standby.isDown && !isSentryWithoutTracing(parameters[0])) {
          if (events.onTracer(`an OpenTelemetry SDK of the application (API ${version ?? 'of unknown version'})`)) {
            waiting.release();
          }
        }
        return original.apply(this, parameters);
      },
  );
  patchMethod(owner('context'), 'setGlobalContextManager', (original) => waiting.hold(original));
  patchMethod(owner('propagation'), 'setGlobalPropagator', (original) => waiting.hold(original));
}
