/**
 * Second half of the composition root, loaded only when tracing is on: span pipelines, tracer provider and what
 * delivers at the end of the process.
 */
import { AsyncResource } from 'node:async_hooks';
import { context, type TracerProvider } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { ConsoleSpanExporter, SimpleSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { AgentConfig } from './config/types.js';
import type { Log } from './diag/log.js';
import type { Deliverer } from './lifecycle/exit-hooks.js';
import type { ThreadListener, Threads } from './lifecycle/threads.js';
import type { Diagnostics } from './observation/diagnostics.js';
import { createSpanPipeline, type SpanPipeline } from './pipeline/span-pipeline.js';
import { isExporterThread } from './pipeline/worker-channel.js';
import { describeResource, type ResourceAttributes } from './sdk/resource.js';
import type { ProcessStart, ServiceIdentity } from './sdk/service.js';
import { startTracerProvider } from './sdk/tracer-provider.js';
import { AGENT_VERSION, OTLP_VERSION, SDK_VERSION } from './version.js';

export interface TracingOptions {
  readonly config: AgentConfig;
  readonly service: ServiceIdentity;
  readonly processStart: ProcessStart;
  readonly log: Log;
  /** Path of the built worker. */
  readonly exporterFile: string;
  /** Proxy and TLS variables that the exporting thread needs. */
  readonly exporterEnvironment: Readonly<Record<string, string>>;
  readonly isMainThread: boolean;
  /** Math.random as the thread started with it. */
  readonly random: () => number;
  /** The application's worker threads. */
  readonly threads: Threads;
  /** False when the API's global provider is another one, which leads here. */
  readonly isRegistered: boolean;
  /** Makes the first pipeline readable and counts started spans. */
  readonly diagnostics?: Pick<Diagnostics, 'pipeline' | 'counter'> | undefined;
}

export interface Tracing {
  readonly provider: TracerProvider;
  /** False when another SDK has registered before. */
  readonly isGlobal: boolean;
  readonly deliverer: Deliverer;
  /** Has to be told of the application's worker threads. */
  readonly threadListener: ThreadListener;
  readonly pipelines: readonly SpanPipeline[];
  /** Sampled spans that ended so far; undefined when spans go nowhere but to the console. */
  spanCount(): number | undefined;
}

const USER_AGENT = `Trace-Agent/${AGENT_VERSION} OTel-OTLP-Exporter-JavaScript/${OTLP_VERSION}`;

function createPipelines(options: TracingOptions, readResource: () => ResourceAttributes): SpanPipeline[] {
  const { config, log, exporterFile, exporterEnvironment } = options;
  const destinations = config.tracesExporters.filter((name) => name !== 'console');
  const isLastProcessor = destinations.length === config.tracesExporters.length;
  return destinations.map((destination, index) =>
    createSpanPipeline({
      config,
      readResource,
      log,
      exporterFile,
      userAgent: USER_AGENT,
      destination,
      delivery: config.delivery,
      environment: exporterEnvironment,
      takesUnsampled: config.sampling.keepsErrors,
      isGuest: !options.isMainThread && options.diagnostics === undefined,
      releasesSpans: isLastProcessor && index === destinations.length - 1,
      followsOpenSpans: index === 0,
      diagnostics: index === 0 ? options.diagnostics?.pipeline : undefined,
      runUntraced: (run) => context.with(suppressTracing(context.active()), run),
    }),
  );
}

/** Threads that were ended from outside leave spans behind: found this much later, or when the process ends. */
const THREADS_MILLIS = 5000;
const startInterval = setInterval;

/** Has the spans of the application's worker threads sent from here. */
function followThreads(pipelines: readonly SpanPipeline[], checkThreads: () => void): ThreadListener {
  const boot = new AsyncResource('trace-agent');
  let isWatching = false;
  return {
    isOurs: isExporterThread,
    onStarted() {
      for (const pipeline of pipelines) pipeline.onThreadStarted();
      if (isWatching) return;
      isWatching = true;
      boot.runInAsyncScope(() => startInterval(checkThreads, THREADS_MILLIS).unref());
    },
  };
}

function deliver(pipelines: readonly SpanPipeline[], checkThreads: () => void): Deliverer {
  const gather = (): void => {
    checkThreads();
    for (const pipeline of pipelines) pipeline.gatherThreads();
  };
  const handOver = (): void => {
    for (const pipeline of pipelines) pipeline.handOver();
  };
  return {
    handOver,
    // Ending a span reaches every processor, so one pipeline's list of open spans is enough; the others have none.
    endOpenSpans: (why, exception) => pipelines[0]?.endOpenSpans(why, exception),
    async flush(timeoutMillis) {
      gather();
      await Promise.all(pipelines.map((pipeline) => pipeline.forceFlush(timeoutMillis)));
    },
    flushSync(timeoutMillis) {
      gather();
      handOver();
      const startedAt = process.hrtime();
      for (const pipeline of pipelines) {
        const [seconds, nanos] = process.hrtime(startedAt);
        pipeline.flushSync(Math.max(0, timeoutMillis - seconds * 1e3 - nanos / 1e6));
      }
    },
  };
}

/** The console, at once. The SDK's own processor passes on only what is sampled; errors that are kept are not. */
function createConsole({ sampling }: AgentConfig): SpanProcessor {
  const exporter = new ConsoleSpanExporter();
  if (!sampling.keepsErrors) return new SimpleSpanProcessor({ exporter });
  const done = async (): Promise<void> => undefined;
  return {
    onStart: () => undefined,
    onEnd: (span) => exporter.export([span], () => undefined),
    forceFlush: done,
    shutdown: done,
  };
}

/** Starts tracing. Opens no connection and starts no thread: the first finished span does. */
export function startTracing(options: TracingOptions): Tracing {
  // The clock of spans: Node loads it at its first use, which must not be in the first request. The real one, also where
  // the application has put another in its place by now (sdk/lazy-provider.ts, sdk/lazy-performance.ts).
  performance.now();
  const { config, service, processStart } = options;
  const versions = { agentVersion: AGENT_VERSION, sdkVersion: SDK_VERSION };
  const readResource = describeResource({ config, service, start: processStart, ...versions });
  const pipelines = createPipelines(options, readResource);
  const checkThreads = (): void => {
    for (const threadId of options.threads.ended()) for (const pipeline of pipelines) pipeline.onThreadEnded(threadId);
  };
  const processors: SpanProcessor[] = [...pipelines];
  if (config.tracesExporters.includes('console')) processors.push(createConsole(config));
  return {
    ...startTracerProvider(
      config,
      readResource,
      processors,
      options.random,
      (name) =>
        options.log.info(
          'TA4010',
          `"${name}" was started in a request that has long been over: such spans start traces of their own, linked to it`,
        ),
      options.diagnostics?.counter,
      options.isRegistered,
    ),
    deliverer: deliver(pipelines, checkThreads),
    threadListener: followThreads(pipelines, checkThreads),
    pipelines,
    spanCount: () => pipelines[0]?.counters.created,
  };
}
