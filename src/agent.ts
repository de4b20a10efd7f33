/**
 * The composition root: the only file that knows every folder. Called once by register.ts on the application's thread,
 * before the application's first line.
 */
import * as api from '@opentelemetry/api';
import { childEnvironment } from './config/carried-context.js';
import { loadConfig } from './config/config.js';
import { collectSecrets } from './config/secrets.js';
import type { ConfigProblem, LoadedConfig } from './config/types.js';
import type { Code } from './diag/catalogue.js';
import { createLog, type Log } from './diag/log.js';
import { describeStart } from './diag/start-line.js';
import { inspectEntry } from './hooks/entry.js';
import { installHooks } from './hooks/install.js';
import { createRegistry, type Registry } from './instrumentation/registry.js';
import { selectInstrumentations } from './instrumentation/selection.js';
import { TABLE } from './instrumentation/table.js';
import { describeEarlier, findEarlierTracer, watchNeighbours } from './neighbours/neighbours.js';
import { registerOnFreeGlobals, TracerRoll } from './neighbours/stand-down.js';
import type { Diagnostics } from './observation/diagnostics.js';
import { maxQueuedSpans } from './pipeline/settings.js';
import type { ThreadContext } from './processes/thread-context.js';
import { type AttachContext, type ContextOptions, startContext } from './sdk/context.js';
import { identifyService, type ServiceIdentity, UNKNOWN_SERVICE } from './sdk/service.js';
import { type WatchedPropagator, watchPropagator } from './sdk/watched-propagator.js';
import { type StartedTracing, startTracing } from './start-tracing.js';
import { isLoaderThread, isMainThread } from './thread.js';
import { AGENT_VERSION } from './version.js';
import type { LateChecks } from './watch/late-checks.js';
import { startWatch } from './watch/watch.js';

function reportProblems(problems: readonly ConfigProblem[], log: Log): void {
  // Each problem's code has its severity; across the union TypeScript cannot see that.
  for (const { severity, code, message } of problems)
    (log[severity] as (code: Code, text: string) => void)(code, message);
}

function reportService(service: ServiceIdentity, log: Log): void {
  if (service.name !== UNKNOWN_SERVICE || service.source !== 'default') return;
  log.warn('TA1006', `the service has no name and is shown as ${UNKNOWN_SERVICE}`);
}

function printConfig(loaded: LoadedConfig, service: ServiceIdentity, log: Log): void {
  const { describeConfig } = require('./config/effective.js') as typeof import('./config/effective.js');
  const settings = describeConfig(loaded, {
    OTEL_SERVICE_NAME: { value: service.name, source: service.source },
    OTEL_BSP_MAX_QUEUE_SIZE: { value: String(maxQueuedSpans(loaded.config)) },
  });
  for (const { name, value, source } of settings) log.info('TA1007', `${name}=${value} (${source})`);
}

function openDiagnostics({ config }: LoadedConfig): Diagnostics | undefined {
  const { diagnosticsDirectory: directory, hasSdkMetrics, isSdkDisabled, metricIntervalMillis } = config;
  // One process, one series: the metrics are about the spans of the main thread.
  const isMeasured = hasSdkMetrics && isMainThread() && config.tracesExporters.includes('otlp');
  if (isSdkDisabled || (directory === undefined && !isMeasured)) return undefined;
  const { createDiagnostics } =
    require('./observation/diagnostics.js') as typeof import('./observation/diagnostics.js');
  const metrics = isMeasured ? { intervalMillis: metricIntervalMillis, scopeVersion: AGENT_VERSION } : undefined;
  return createDiagnostics({ directory, metrics });
}

function loadChildContext(): typeof import('./processes/child-context.js') {
  return require('./processes/child-context.js') as typeof import('./processes/child-context.js');
}

/** Loads `node:worker_threads`, some milliseconds that only those pay who ask for it. */
function openThreadContext({ passesThreadContext }: LoadedConfig['config'], log: Log): ThreadContext | undefined {
  if (!passesThreadContext) return undefined;
  return new (loadChildContext().ThreadContext)(log);
}

/** The trace that the thread or the process was started in, where the user wants it to go on. */
function inheritContext(
  { carriedContext }: LoadedConfig['config'],
  thread: ThreadContext | undefined,
): ContextOptions['inherit'] {
  const start = thread?.start;
  if (start !== undefined) return () => start;
  if (carriedContext === undefined || Object.keys(carriedContext).length === 0) return undefined;
  return (propagator) => loadChildContext().extractFromVariables(propagator, carriedContext);
}

/** Loads `node:child_process`, a millisecond or two that only those pay who ask for it. */
function passContext({ carriedContext }: LoadedConfig['config'], log: Log): void {
  if (carriedContext === undefined) return;
  loadChildContext().passContextToChildren({ inherited: carriedContext, environment: childEnvironment, log });
}

interface Watched {
  readonly log: Log;
  readonly registry: Registry;
  readonly entryFile: string | undefined;
  readonly tracing: StartedTracing;
  readonly propagator: WatchedPropagator | undefined;
}

const LATE_CHECK_MILLIS = [5000, 60_000];

/** Looks for what only shows later. In the main thread alone: its findings are about the process. */
function watch({ log, registry, entryFile, tracing, propagator }: Watched): void {
  let checks: LateChecks | undefined;
  const load = (): LateChecks => {
    const { LateChecks } = require('./watch/late-checks.js') as typeof import('./watch/late-checks.js');
    const loadedFiles = () => Object.keys(require.cache);
    return new LateChecks({ log, registry, entryFile, loadedFiles, spanCount: tracing.spanCount });
  };
  startWatch({
    log,
    onTick(ageMillis) {
      propagator?.check();
      if (!LATE_CHECK_MILLIS.includes(ageMillis)) return;
      checks ??= load();
      checks.run(ageMillis === LATE_CHECK_MILLIS.at(-1));
    },
  });
}

// In the published package every other part takes the API from here (scripts/build.mjs).
export { api };

let apiOfOfficial: typeof api | undefined;

/** What official instrumentations take for the API: its propagation throws nothing into their wrappers. */
export function officialApi(): typeof api {
  if (apiOfOfficial === undefined) {
    const official = require('./instrumentation/official.js') as typeof import('./instrumentation/official.js');
    apiOfOfficial = { ...api, propagation: official.guardedPropagation };
  }
  return apiOfOfficial;
}

/** Starts the agent. `notice` is a line to say once the log level is known. May throw: register.ts catches. */
export function start(notice?: string): void {
  if (isLoaderThread()) return;
  const loaded = loadConfig(undefined, { entry: process.argv[1] });
  const { config, problems, entryFile } = loaded;
  if (config.isAgentDisabled) return;
  const log = createLog(config.logLevel, {
    format: config.logFormat,
    secrets: () => collectSecrets(config, loaded.exporterEnvironment),
  });
  // A worker thread has the settings of its process, which has said everything about them.
  const isMain = isMainThread();
  if (notice !== undefined && isMain) log.warn('TA1004', notice);
  if (isMain) reportProblems(problems, log);

  const yields = config.otherTracers === 'stand-down';
  const earlier = yields ? findEarlierTracer() : undefined;
  if (earlier !== undefined) {
    if (isMain) log.warn('TA2012', describeEarlier(earlier));
    return;
  }

  const entry = inspectEntry(entryFile, process.execArgv, isMain ? undefined : process.cwd());
  const service = identifyService(config, entry.package);
  const facts = { config, log };
  let propagator: WatchedPropagator | undefined;
  const roll = new TracerRoll();
  const diagnostics = openDiagnostics(loaded);
  let attachContext: AttachContext | undefined;
  const threadContext = openThreadContext(config, log);
  const tracing = registerOnFreeGlobals(() => {
    attachContext = startContext({
      config,
      wrap(inner) {
        if (!isMain || config.isSdkDisabled) return inner;
        propagator = watchPropagator(inner, facts);
        return propagator;
      },
      inherit: inheritContext(config, threadContext),
    });
    return config.isSdkDisabled ? undefined : startTracing({ loaded, service, log, diagnostics });
  });
  const tracerProvider = tracing?.provider ?? api.trace.getTracerProvider();
  const instrumentations = selectInstrumentations(TABLE, config);
  const registry = createRegistry(instrumentations, {
    tracerProvider: roll.forInstrumentations(tracerProvider),
    config,
    // What is new about a library is said where it was loaded first.
    log: isMain ? log : { ...log, info: () => false },
    wrapTracer: (name, wrap) => roll.wrapTracer(name, wrap),
    attachContext,
    flush: tracing && (() => tracing.deliverer.flush(config.shutdownTimeoutMillis)),
  });
  if (!config.isSdkDisabled) roll.forApplication(tracerProvider);
  const listener = yields ? watchNeighbours(registry, roll, isMain ? log : undefined) : registry;
  const { file, isEsm } = entry;
  registry.startGlobals();
  installHooks(listener, { nodeVersion: process.versions.node, entryFile: file, isEsmEntry: isEsm, log });
  if (config.instrumentations.extra.length > 0 && !config.isSdkDisabled) {
    const { addExtras } = require('./instrumentation/extra.js') as typeof import('./instrumentation/extra.js');
    addExtras(registry, file, { tracerProvider: roll.forInstrumentations(tracerProvider), config, log });
  }
  passContext(config, log);
  threadContext?.install();
  const pipelines = tracing?.pipelines ?? [];
  diagnostics?.attach({
    config,
    service,
    registry,
    pipelines,
    entryFile,
    agentVersion: AGENT_VERSION,
    tally: log.tally,
  });
  if (!isMain) return;
  if (!config.isSdkDisabled) reportService(service, log);
  const line = describeStart({ config, service, agentVersion: AGENT_VERSION, nodeVersion: process.versions.node });
  log.info(config.isSdkDisabled ? 'TA1002' : 'TA1001', line);
  if (config.isConfigPrinted) printConfig(loaded, service, log);
  if (tracing !== undefined) watch({ log, registry, entryFile, tracing, propagator });
}
