/**
 * Other tracers in the process, with the real packages: exactly one SERVER span for a request, whoever makes it, and one
 * line that says who does. The rules are in docs/neighbours.md.
 */
import { join } from 'node:path';
import t from 'tap';
import { type Collector, startCollector } from '../../src/viewer/otlp-receiver.js';
import { installFixture } from '../helpers/fixture-install.js';
import { type NodeBinary, nodeEnds } from '../helpers/node-versions.js';
import { AGENT_ENTRY } from '../helpers/paths.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';
import { sketch } from '../helpers/spans.js';

const { folder, skip } = installFixture('neighbours');
const startFile = (name: string) => join(folder, 'start', name);

interface Case extends Partial<RunOptions> {
  readonly title: string;
  readonly neighbours?: readonly string[];
  /** Spans by `<distribution or scope> <kind>` that must arrive at the collector. */
  readonly spans: readonly string[];
  /** What the agent says besides the start line. */
  readonly says?: RegExp;
  readonly runsOn?: (node: NodeBinary) => boolean;
  /** A variant in which nothing depends on Node.js: runs on one of them. */
  readonly isOnce?: boolean;
}

const OURS = ['agent CLIENT', 'agent SERVER'];
const THEIRS = ['application CLIENT', 'application SERVER'];
const standsDownFor = (what: string) =>
  new RegExp(
    `^trace-agent warn TA2012: ${what}.* was started: the agent stands down and makes no spans; .*OTEL_NODE_OTHER_TRACERS=ignore`,
  );
const since = (major: number) => (node: NodeBinary) => node.major >= major;

const CASES: readonly Case[] = [
  {
    title: 'an SDK of its own',
    neighbours: ['own-sdk.cjs'],
    spans: THEIRS,
    says: standsDownFor('an OpenTelemetry SDK'),
  },
  {
    title: 'an SDK of its own, ES module',
    file: 'neighbours/app.mjs',
    spans: THEIRS,
    says: standsDownFor('an OpenTelemetry SDK'),
  },
  {
    title: 'an SDK that starts after a first span and the load of http',
    neighbours: ['http-first.cjs', 'own-sdk.cjs'],
    spans: ['agent INTERNAL', ...THEIRS],
    says: standsDownFor('an OpenTelemetry SDK'),
  },
  {
    title: 'an SDK of its own, override',
    isOnce: true,
    neighbours: ['own-sdk.cjs'],
    env: { OTEL_NODE_OTHER_TRACERS: 'ignore' },
    // Its SDK finds the globals taken; its http instrumentation reports to the agent.
    spans: ['agent CLIENT', ...OURS, 'agent SERVER'],
  },
  {
    title: 'an SDK that was preloaded before the agent',
    preload: 'none',
    execArgv: ['--require', startFile('own-sdk.cjs'), '--require', AGENT_ENTRY],
    neighbours: ['own-sdk.cjs'],
    spans: THEIRS,
    says: /^trace-agent warn TA2012: an OpenTelemetry SDK \(API 1\.\d+\.\d+\) was started before the agent, which stands aside/,
  },
  {
    title: "upstream's register",
    neighbours: ['register.cjs'],
    spans: THEIRS,
    says: standsDownFor('an OpenTelemetry SDK'),
  },
  {
    title: 'Sentry with tracing',
    neighbours: ['sentry-tracing.cjs'],
    spans: [],
    says: standsDownFor('an OpenTelemetry SDK'),
  },
  { title: 'Sentry for errors alone', neighbours: ['sentry-errors.cjs'], spans: OURS },
  { title: 'dd-trace', neighbours: ['dd-trace.cjs'], spans: [], says: standsDownFor('dd-trace') },
  {
    title: 'dd-trace, switched off by its own setting',
    isOnce: true,
    neighbours: ['dd-trace.cjs'],
    env: { DD_TRACE_ENABLED: 'false' },
    spans: OURS,
  },
  {
    title: 'dd-trace, override',
    isOnce: true,
    neighbours: ['dd-trace.cjs'],
    env: { OTEL_NODE_OTHER_TRACERS: 'ignore' },
    spans: OURS,
  },
  {
    title: 'dd-trace that was preloaded before the agent',
    preload: 'none',
    execArgv: ['--require', startFile('dd-trace.cjs'), '--require', AGENT_ENTRY],
    spans: [],
    says: /^trace-agent warn TA2012: dd-trace was started before the agent, which stands aside and makes no spans/,
  },
  { title: 'newrelic', neighbours: ['newrelic.cjs'], spans: [], says: standsDownFor('newrelic'), runsOn: since(20) },
  {
    title: 'newrelic, switched off by its own setting',
    isOnce: true,
    neighbours: ['newrelic.cjs'],
    env: { NEW_RELIC_ENABLED: 'false' },
    spans: OURS,
    runsOn: since(20),
  },
  {
    title: 'elastic-apm-node',
    neighbours: ['elastic-apm-node.cjs'],
    spans: [],
    says: standsDownFor('elastic-apm-node'),
  },
  {
    title: 'elastic-apm-node, switched off by its own setting',
    isOnce: true,
    neighbours: ['elastic-apm-node.cjs'],
    env: { ELASTIC_APM_ACTIVE: 'false' },
    spans: OURS,
  },
];

/** Settings of the neighbours themselves: quiet, and away from the network. */
const QUIET = {
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  NEW_RELIC_NO_CONFIG_FILE: 'true',
  NEW_RELIC_APP_NAME: 'neighbours',
  NEW_RELIC_LICENSE_KEY: '0'.repeat(40),
  NEW_RELIC_HOST: '127.0.0.1',
  NEW_RELIC_LOG_ENABLED: 'false',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  OTEL_NODE_RESOURCE_DETECTORS: 'env',
};

function madeBy(collector: Collector): string[] {
  return collector
    .spans()
    .map(({ kind, resource }) => `${resource['telemetry.distro.name'] === undefined ? 'application' : 'agent'} ${kind}`)
    .sort();
}

for (const [index, binary] of nodeEnds().entries()) {
  t.test(`Node ${binary.version}`, { skip }, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const run = async ({ neighbours = [], env, ...options }: Partial<Case>) => {
      collector.clear();
      const app = runApp({
        node: binary.node,
        file: 'neighbours/app.cjs',
        args: [...neighbours],
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'shop', ...QUIET, ...env },
        cwd: folder,
        ...options,
      });
      t.match(await app.exited, { code: 0, signal: null }, { stderr: app.stderr() });
      t.equal(app.stdout(), 'ok\n');
      return (app.stderr().match(/^trace-agent.*$/gm) ?? []).filter((line) => !/ traces service /.test(line));
    };

    for (const { title, spans, says, isOnce, runsOn = () => true, ...options } of CASES) {
      if (!runsOn(binary) || (isOnce && index < nodeEnds().length - 1)) continue;
      await t.test(title, async (t) => {
        const lines = await run(options);
        t.strictSame(madeBy(collector), spans);
        t.equal(lines.length, says === undefined ? 0 : 1, lines.join('\n'));
        if (says !== undefined) t.match(lines[0], says);
      });
    }

    await t.test('manual spans of any version of the API are children of ours, two versions at once too', async (t) => {
      t.strictSame(await run({ neighbours: ['api10.cjs', 'api14.cjs', 'api19.cjs'] }), []);
      t.equal(
        sketch(collector.spans()),
        [
          'shop CLIENT GET',
          '  shop SERVER GET',
          ...['api10', 'api14', 'api19'].flatMap((api) => [
            `    shop INTERNAL manual with ${api}`,
            `      shop INTERNAL inner with ${api}`,
          ]),
        ].join('\n'),
      );
      const seen = collector.spans().find((span) => span.name === 'manual with api19');
      t.equal(seen?.attributes.seen, true, 'the active span is the one that was made');
    });

    await t.test('an older API that registered a logger before the agent keeps no span away', async (t) => {
      const execArgv = ['--require', startFile('old-logger.cjs'), '--require', AGENT_ENTRY];
      t.strictSame(await run({ preload: 'none', execArgv, neighbours: ['api14.cjs'] }), []);
      t.strictSame(madeBy(collector), [...OURS.slice(0, 1), 'agent INTERNAL', 'agent INTERNAL', ...OURS.slice(1)]);
    });
  });
}
