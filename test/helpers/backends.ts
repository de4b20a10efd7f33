/**
 * Real back ends for process tests: the OpenTelemetry Collector, Jaeger, Zipkin and Prometheus, each on free ports.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { stringify } from 'yaml';
import { JAVA_FLAGS } from './chain.js';
import { SERVERS } from './installed.js';
import { ROOT } from './paths.js';
import { findFreePort } from './ports.js';
import { findProgram, type Place, type Program, startServer } from './server-process.js';

const OTELCOL = join(SERVERS, 'go', 'collector');
export const GATEWAY = join(ROOT, 'examples', 'collector', 'gateway.yaml');

const PATIENCE_MILLIS = 20_000;
const POLL_MILLIS = 50;

/** Reads until `isDone`, and returns what was read then; throws with the last answer when it takes too long. */
export async function eventually<T>(read: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + PATIENCE_MILLIS;
  for (;;) {
    const value = await read();
    if (isDone(value)) return value;
    if (Date.now() > deadline) throw new Error(`never came: ${JSON.stringify(value).slice(0, 5_000)}`);
    await delay(POLL_MILLIS);
  }
}

/** The JSON that a URL answers; undefined for 404. */
export async function getJson<T>(url: string): Promise<T | undefined> {
  const response = await fetch(url);
  const body = await response.text();
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${url}: ${response.status} ${body}`);
  return JSON.parse(body) as T;
}

/** Starts a program that needs no account of its own and ends with the test. */
export async function start(
  t: Test,
  name: string,
  prepare: (place: Place) => Program | Promise<Program>,
): Promise<void> {
  const { stop } = await startServer(name, (place) => {
    // What it runs may lie in a folder that only this account can read.
    place.account = undefined;
    return prepare(place);
  });
  t.teardown(stop);
}

/** A configuration, as YAML unless it is text, in the server's folder; returns its path. */
export function writeConfig({ folder }: Place, name: string, config: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof config === 'string' ? config : stringify(config));
  return file;
}

/** The settings of a Collector's receiver. */
export const otlp = (grpc: number, http: number, more: object = {}) => ({
  protocols: {
    grpc: { endpoint: `127.0.0.1:${grpc}`, ...more },
    http: { endpoint: `127.0.0.1:${http}`, ...more },
  },
});

const READY = /Everything is ready/;
const QUIET = { metrics: { level: 'none' } };

export interface Jaeger {
  /** Of the query API and the UI. */
  readonly url: string;
  readonly httpUrl: string;
  readonly grpcUrl: string;
  /** Host and port for OTLP over gRPC. */
  readonly grpcTarget: string;
}

/** Jaeger 2 with its storage in memory. */
export async function startJaeger(t: Test): Promise<Jaeger> {
  const [query = 0, queryGrpc = 0, grpc = 0, http = 0] = await Promise.all([1, 2, 3, 4].map(findFreePort));
  const config = {
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: 10_000 } } } },
      jaeger_query: {
        storage: { traces: 'memory' },
        // It would trace its own answers.
        enable_tracing: false,
        http: { endpoint: `127.0.0.1:${query}` },
        grpc: { endpoint: `127.0.0.1:${queryGrpc}` },
      },
    },
    receivers: { otlp: otlp(grpc, http) },
    exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
    service: {
      extensions: ['jaeger_storage', 'jaeger_query'],
      telemetry: QUIET,
      pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
    },
  };
  await start(t, 'jaeger', (place) => ({
    command: join(SERVERS, 'jaeger', 'jaeger'),
    args: ['--config', writeConfig(place, 'jaeger.yaml', config)],
    ready: READY,
  }));
  return {
    url: `http://127.0.0.1:${query}`,
    httpUrl: `http://127.0.0.1:${http}`,
    grpcUrl: `http://127.0.0.1:${grpc}`,
    grpcTarget: `127.0.0.1:${grpc}`,
  };
}

export interface RunningCollector {
  readonly httpUrl: string;
  readonly grpcUrl: string;
  readonly tlsHttpUrl: string;
  readonly tlsGrpcUrl: string;
  /** Host and port where Prometheus scrapes. */
  readonly metricsTarget: string;
}

/** The Collector with the gateway that is shipped as an example; only ports and waiting times are the test's. */
export async function startGateway(
  t: Test,
  backend: string,
  tls: { readonly cert_file: string; readonly key_file: string },
): Promise<RunningCollector> {
  const [grpc = 0, http = 0, tlsGrpc = 0, tlsHttp = 0, metrics = 0] = await Promise.all(
    [1, 2, 3, 4, 5].map(findFreePort),
  );
  const overlay = {
    receivers: { otlp: otlp(grpc, http), 'otlp/tls': otlp(tlsGrpc, tlsHttp, { tls }) },
    processors: { batch: { timeout: '50ms' } },
    connectors: { span_metrics: { metrics_flush_interval: '100ms' } },
    exporters: { prometheus: { endpoint: `127.0.0.1:${metrics}` } },
    service: { telemetry: QUIET, pipelines: { traces: { receivers: ['otlp', 'otlp/tls'] } } },
  };
  await start(t, 'otelcol', (place) => ({
    command: OTELCOL,
    args: ['--config', GATEWAY, '--config', writeConfig(place, 'overlay.yaml', overlay)],
    env: { TRACES_BACKEND: backend },
    ready: READY,
  }));
  return {
    httpUrl: `http://127.0.0.1:${http}`,
    grpcUrl: `http://127.0.0.1:${grpc}`,
    tlsHttpUrl: `https://127.0.0.1:${tlsHttp}`,
    tlsGrpcUrl: `https://localhost:${tlsGrpc}`,
    metricsTarget: `127.0.0.1:${metrics}`,
  };
}

/** What the Collector itself says of a configuration; undefined when it is content. */
export function collectorProblem(config: string, env: Readonly<Record<string, string>>): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'trace-agent-validate-'));
  try {
    const file = join(folder, 'config.yaml');
    writeFileSync(file, config);
    const { status, stderr } = spawnSync(OTELCOL, ['validate', '--config', file], { env, encoding: 'utf8' });
    return status === 0 ? undefined : stderr || `status ${status}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Zipkin with its storage in memory; returns its URL. */
export async function startZipkin(t: Test): Promise<string> {
  let url = '';
  await start(t, 'zipkin', ({ port }) => {
    url = `http://127.0.0.1:${port}`;
    return {
      command: findProgram('java') ?? 'java',
      args: [...JAVA_FLAGS, '-jar', join(SERVERS, 'java', 'zipkin-server-slim.jar')],
      env: { QUERY_PORT: `${port}`, SELF_TRACING_ENABLED: 'false' },
      ready: /Serving HTTP at/,
    };
  });
  return url;
}

/** Prometheus, scraping one target all the time; undefined and a skip when it is not installed, an error then in CI. */
export async function prometheusOrSkip(t: Test, target: string): Promise<string | undefined> {
  const command = findProgram('prometheus');
  if (command === undefined) {
    const reason = 'prometheus is not installed (Debian: prometheus)';
    if (process.env.CI) throw new Error(reason);
    t.pass('no Prometheus on this machine', { skip: reason });
    return undefined;
  }
  let url = '';
  await start(t, 'prometheus', (place) => {
    url = `http://127.0.0.1:${place.port}`;
    const config = {
      global: { scrape_interval: '200ms', scrape_timeout: '200ms' },
      scrape_configs: [{ job_name: 'collector', static_configs: [{ targets: [target] }] }],
    };
    return {
      command,
      args: [
        `--config.file=${writeConfig(place, 'prometheus.yaml', config)}`,
        `--web.listen-address=127.0.0.1:${place.port}`,
        `--storage.tsdb.path=${join(place.folder, 'data')}`,
      ],
      ready: /Server is ready to receive web requests/,
    };
  });
  return url;
}
