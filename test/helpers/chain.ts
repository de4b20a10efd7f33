/**
 * Services that call one another in a row, in several languages. Each answers the headers it received that carry trace
 * context, followed by the answers of those behind it.
 */
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Collector } from '../../src/viewer/otlp-receiver.js';
import { SERVERS } from './installed.js';
import { FIXTURES } from './paths.js';
import { findFreePort } from './ports.js';
import { type RunningApp, type RunOptions, runApp } from './run-app.js';

export interface Hop {
  readonly service: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The first letter says how a service asks the next one: h for HTTP, g for gRPC. */
export type Route = string;

export interface Link {
  readonly name: string;
  readonly language: 'node' | 'go' | 'java' | 'python';
  readonly env: Readonly<Record<string, string>>;
}

/** Where OTLP goes. */
export type Receiver = Pick<Collector, 'httpUrl' | 'grpcUrl'>;

export interface Chain {
  /** Sends a request to the first service, over HTTP. One hop for each service. */
  ask(route: Route, headers?: Readonly<Record<string, string>>): Promise<Hop[]>;
  stop(): Promise<void>;
}

const JARS = join(SERVERS, 'java');
export const CLASS_PATH = `${JARS}:${JARS}/*`;
// Start-up counts, not speed.
export const JAVA_FLAGS = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];

// The Java agent looks for 150 libraries unless told which ones there are: half of its start.
const JAVA_INSTRUMENTATIONS = ['java-http-server', 'java-http-client', 'grpc', 'executors'];

const PROGRAMS: Readonly<Record<Link['language'], RunOptions>> = {
  node: { file: join(FIXTURES, 'chain', 'service.cjs') },
  go: { preload: 'none', node: join(SERVERS, 'go', 'chain'), file: undefined },
  java: {
    preload: 'none',
    node: 'java',
    file: undefined,
    args: [
      ...JAVA_FLAGS,
      `-javaagent:${join(JARS, 'opentelemetry-javaagent.jar')}`,
      '-Dotel.instrumentation.common.default-enabled=false',
      ...JAVA_INSTRUMENTATIONS.map((name) => `-Dotel.instrumentation.${name}.enabled=true`),
      '-cp',
      CLASS_PATH,
      'Chain',
    ],
  },
  python: {
    preload: 'none',
    node: join(SERVERS, 'python', 'bin', 'opentelemetry-instrument'),
    file: undefined,
    args: [join(SERVERS, 'python', 'bin', 'python'), join(FIXTURES, 'python', 'chain.py')],
  },
};

/** Each language exports in another way: over gRPC or HTTP, by its own exporter. */
function exportTo({ httpUrl, grpcUrl }: Receiver, language: Link['language']): Record<string, string> {
  const isGrpc = language === 'go';
  return {
    OTEL_EXPORTER_OTLP_PROTOCOL: isGrpc ? 'grpc' : 'http/protobuf',
    OTEL_EXPORTER_OTLP_ENDPOINT: isGrpc ? grpcUrl : httpUrl,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  };
}

/** Starts all services at once and resolves when each of them listens. */
export async function startChain(collector: Receiver, links: readonly Link[]): Promise<Chain> {
  const places = await Promise.all(links.map(async () => ({ http: await findFreePort(), grpc: await findFreePort() })));
  const apps = links.map(({ name, language, env }, index) => {
    const place = places[index];
    const next = places[index + 1];
    const program = PROGRAMS[language];
    return runApp({
      ...program,
      env: {
        OTEL_SERVICE_NAME: name,
        ...exportTo(collector, language),
        HTTP_PORT: `${place?.http}`,
        GRPC_PORT: `${place?.grpc}`,
        ...(next && { NEXT_HTTP: `http://127.0.0.1:${next.http}`, NEXT_GRPC: `127.0.0.1:${next.grpc}` }),
        ...env,
      },
    });
  });
  await Promise.all(apps.map((app) => app.waitForLine(/^ready$/, 60_000)));
  return {
    async ask(route, headers = {}) {
      const response = await fetch(`http://127.0.0.1:${places[0]?.http}/pass?route=${route}`, { headers });
      const body = await response.text();
      if (!response.ok) throw new Error(`${response.status} ${body}\n${apps.map((app) => app.stderr()).join('\n')}`);
      return JSON.parse(body) as Hop[];
    },
    stop: () => stopAll(apps),
  };
}

async function stopAll(apps: readonly RunningApp[]): Promise<void> {
  for (const app of apps) app.kill();
  await Promise.all(apps.map(({ exited }) => exited));
}

/** Two services of Node.js, with the agent. */
export const frontAndBack = (env: Readonly<Record<string, string>> = {}, suffix = ''): Link[] =>
  ['front', 'back'].map((name) => ({ name: `${name}${suffix}`, language: 'node', env }));

/** Asks once and returns the id of the trace, which the second service was sent. */
export async function traceOnce(t: Test, receiver: Receiver, links: readonly Link[], route = 'h'): Promise<string> {
  const chain = await startChain(receiver, links);
  t.teardown(() => chain.stop());
  const [, back] = await chain.ask(route);
  const [, traceId = ''] = back?.headers.traceparent?.split('-') ?? [];
  await chain.stop();
  return traceId;
}
