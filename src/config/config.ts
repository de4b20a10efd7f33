/**
 * Environment -> one frozen configuration. Main thread, at boot of every process: loads nothing but its own tables.
 * The only place in the agent that reads `process.env`; nothing writes it.
 */

import { readCarriedContext } from './carried-context.js';
import { readDelivery } from './delivery.js';
import { collectExporterEnvironment, collectValues } from './environment.js';
import { readHttp, readInstrumentations } from './instrumentations.js';
import { readOtlp } from './otlp.js';
import { inspectManager } from './process-manager.js';
import { readResourceAttributes, readResourceDetectors } from './resource.js';
import { readSampler } from './sampler.js';
import { readSampling, readUntrustedInbound } from './sampling.js';
import { Settings } from './settings.js';
import { readBatch, readExtractors, readLimits, readPropagators, readTracesExporters, readZipkin } from './traces.js';
import type { AgentConfig, ConfigProblem, LoadedConfig, ValueSource } from './types.js';
import { reportUnknown } from './unknown.js';
import { reportUnsupported } from './unsupported.js';

export interface LoadOptions {
  /** Directory in which a relative OTEL_NODE_ENV_FILE is looked for; the working directory when absent. */
  readonly cwd?: string;
  /** `process.argv[1]`, for process managers that hide the application behind a file of their own. */
  readonly entry?: string | undefined;
}

/**
 * Reads the configuration. Never throws: whatever is wrong with a variable is one entry of `problems`, in the order of
 * the configuration, and the variable counts as unset. The result is frozen deeply.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, options: LoadOptions = {}): LoadedConfig {
  try {
    const managed = inspectManager(env, options.entry);
    const { values, problems, envFile } = collectValues(managed.env, () => options.cwd ?? process.cwd());
    const settings = new Settings(values);
    const config = readConfig(settings, managed.env, envFile);
    reportUnsupported(settings);
    reportUnknown(settings);
    const sources = [...values.values()].map(({ name, source }): [string, ValueSource] => [name, source]);
    return deepFreeze({
      config,
      problems: [...problems, ...settings.problems],
      exporterEnvironment: collectExporterEnvironment(managed.env),
      entryFile: managed.entryFile ?? options.entry,
      sources: Object.fromEntries(sources),
    });
  } catch (error) {
    const config = readConfig(new Settings(new Map()), {}, undefined);
    return deepFreeze({
      config,
      problems: [unreadable(error)],
      exporterEnvironment: {},
      entryFile: options.entry,
      sources: {},
    });
  }
}

function readConfig(settings: Settings, env: NodeJS.ProcessEnv, envFile: string | undefined): AgentConfig {
  const sampling = readSampling(settings);
  const propagators = readPropagators(settings);
  return {
    isAgentDisabled: settings.boolean('OTEL_NODE_AGENT_DISABLED'),
    isSdkDisabled: settings.boolean('OTEL_SDK_DISABLED'),
    logLevel: settings.word('OTEL_LOG_LEVEL'),
    logFormat: settings.word('OTEL_NODE_LOG_FORMAT'),
    isConfigPrinted: settings.word('OTEL_NODE_PRINT_CONFIG') === 'true',
    diagnosticsDirectory: settings.text('OTEL_NODE_DIAGNOSTICS_DIRECTORY'),
    hasSdkMetrics: settings.boolean('OTEL_NODE_EXPERIMENTAL_SDK_METRICS') && !settings.isNone('OTEL_METRICS_EXPORTER'),
    metricIntervalMillis: settings.number('OTEL_METRIC_EXPORT_INTERVAL'),
    envFile,
    serviceName: settings.text('OTEL_SERVICE_NAME'),
    resourceAttributes: readResourceAttributes(settings),
    resourceDetectors: readResourceDetectors(settings),
    hasProcessArguments: settings.boolean('OTEL_NODE_PROCESS_ARGUMENTS'),
    propagators,
    extractors: readExtractors(settings, propagators),
    untrustedInbound: readUntrustedInbound(settings),
    sampler: readSampler(settings, sampling),
    sampling,
    limits: readLimits(settings),
    batch: readBatch(settings),
    tracesExporters: readTracesExporters(settings),
    otlp: readOtlp(settings),
    zipkin: readZipkin(settings),
    delivery: readDelivery(settings),
    instrumentations: readInstrumentations(settings),
    http: readHttp(settings),
    isDbQuerySanitized: settings.boolean('OTEL_INSTRUMENTATION_COMMON_DB_QUERY_SANITIZATION_ENABLED'),
    otherTracers: settings.word('OTEL_NODE_OTHER_TRACERS'),
    isSqlCommented: settings.boolean('OTEL_INSTRUMENTATION_COMMON_DB_EXPERIMENTAL_SQLCOMMENTER_ENABLED'),
    shutdownTimeoutMillis: settings.number('OTEL_NODE_SHUTDOWN_TIMEOUT'),
    detachAfterMillis: settings.number('OTEL_NODE_DETACH_AFTER'),
    passesThreadContext: settings.boolean('OTEL_NODE_WORKER_THREAD_CONTEXT'),
    carriesRedisStreamContext: settings.boolean('OTEL_NODE_REDIS_STREAM_CONTEXT'),
    carriedContext: settings.boolean('OTEL_NODE_CHILD_PROCESS_CONTEXT') ? readCarriedContext(env) : undefined,
    lambdaTaskRoot: env.LAMBDA_TASK_ROOT?.trim() || undefined,
    configFile: settings.text('OTEL_CONFIG_FILE'),
  };
}

function unreadable(error: unknown): ConfigProblem {
  const reason = error instanceof Error ? error.message : String(error);
  const message = `the environment cannot be read (${reason}); using the default of every variable`;
  return { variable: 'OTEL_*', severity: 'error', code: 'TA1121', message };
}

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value) as unknown[]) {
    if (typeof child === 'object' && child !== null && !Object.isFrozen(child)) deepFreeze(child);
  }
  return Object.freeze(value);
}
