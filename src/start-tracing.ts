/**
 * The part of the composition root that decides when the second half of it, tracing.ts, is loaded. Application's thread;
 * runs at every start.
 */
import { join } from 'node:path';
import { trace } from '@opentelemetry/api';
import type { AgentConfig, LoadedConfig } from './config/types.js';
import type { Log } from './diag/log.js';
import { installExitHooks } from './lifecycle/exit-hooks.js';
import { type ThreadListener, watchThreads } from './lifecycle/threads.js';
import type { Diagnostics } from './observation/diagnostics.js';
import { LazyTracerProvider } from './sdk/lazy-provider.js';
import { describeProcess, type ServiceIdentity } from './sdk/service.js';
import { isMainThread } from './thread.js';
import type { Tracing } from './tracing.js';

type TracingModule = typeof import('./tracing.js');

export interface StartOptions {
  readonly loaded: LoadedConfig;
  readonly service: ServiceIdentity;
  readonly log: Log;
  readonly diagnostics: Diagnostics | undefined;
}

interface DeferFacts {
  readonly config: AgentConfig;
  readonly log: Log;
  readonly isMain: boolean;
}

/** What of tracing there is before it has been loaded, too. */
export type StartedTracing = Pick<Tracing, 'provider' | 'isGlobal' | 'deliverer' | 'pipelines' | 'spanCount'> & {
  listenToThreads(): ThreadListener | undefined;
};

const startTimer = setTimeout;
// With the random numbers of a test library all processes would make the same ids.
const { random } = Math;

/**
 * Nothing of the SDK is loaded before the first span or, on the main thread, the first turn of the event loop: what ends
 * before has no use for it, and what waits for a request has the time.
 */
function deferTracing(load: () => Tracing, { config, log, isMain }: DeferFacts): StartedTracing {
  let loaded: Tracing | undefined;
  const provider = new LazyTracerProvider(
    () => {
      loaded = load();
      return loaded.provider;
    },
    (error) => log.error('TA1005', `tracing could not be started: ${String(error)}`),
  );
  if (isMain) startTimer(() => provider.load(), 0).unref();
  const isOnlyPrinted = config.tracesExporters.every((name) => name === 'console');
  return {
    provider,
    isGlobal: trace.setGlobalTracerProvider(provider),
    deliverer: {
      handOver: () => loaded?.deliverer.handOver(),
      endOpenSpans: (why, exception) => loaded?.deliverer.endOpenSpans(why, exception),
      flush: async (timeoutMillis) => loaded?.deliverer.flush(timeoutMillis),
      flushSync: (timeoutMillis) => loaded?.deliverer.flushSync(timeoutMillis),
    },
    pipelines: [],
    spanCount: () => (loaded === undefined && !isOnlyPrinted ? 0 : loaded?.spanCount()),
    listenToThreads() {
      provider.load();
      return loaded?.threadListener;
    },
  };
}

function startNow(load: () => Tracing): StartedTracing {
  const tracing = load();
  return { ...tracing, listenToThreads: () => tracing.threadListener };
}

/** Starts tracing, and has it delivered at the end of the process. */
export function startTracing({ loaded, service, log, diagnostics }: StartOptions): StartedTracing {
  const { config, exporterEnvironment } = loaded;
  const processStart = describeProcess();
  const exporterFile = join(__dirname, 'worker.js');
  const isMain = isMainThread();
  const isLazy = diagnostics === undefined;
  let started: StartedTracing | undefined;
  const threads = watchThreads(() => started?.listenToThreads());
  const load = (): Tracing =>
    (require('./tracing.js') as TracingModule).startTracing({
      config,
      service,
      processStart,
      log,
      exporterFile,
      exporterEnvironment,
      isMainThread: isMain,
      random,
      threads,
      isRegistered: !isLazy,
      diagnostics,
    });
  started = isLazy ? deferTracing(load, { config, log, isMain }) : startNow(load);
  const deliverer = diagnostics?.wrap(started.deliverer) ?? started.deliverer;
  installExitHooks({ deliverer, timeoutMillis: config.shutdownTimeoutMillis, isMainThread: isMain });
  if (!started.isGlobal) {
    log.warn(
      'TA2011',
      'another OpenTelemetry SDK has registered before, and gets the spans that the application makes',
    );
  }
  return started;
}
