/**
 * The agents: how each is preloaded (as its own documentation says), configured, and told to sample, to ignore an URL
 * and to do nothing. The rivals live in folders of their own under rivals/, one clean install each.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const BENCH = dirname(fileURLToPath(import.meta.url));
export const ROOT = dirname(BENCH);
/** Path that the mode "excluded" asks for and that agents are told not to trace. */
export const EXCLUDED_PATH = '/healthz';

/** Traces alone. */
export const QUIET_OPENTELEMETRY = {
  OTEL_SERVICE_NAME: 'bench',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
};
const ONE_PERCENT_OPENTELEMETRY = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' };
/** A saturated process makes more spans a second than any sane default holds; what is measured may drop none. */
const ROOMY_OPENTELEMETRY = { OTEL_BSP_MAX_QUEUE_SIZE: '200000' };

const rival = (folder, ...path) => join(BENCH, 'rivals', folder, 'node_modules', ...path);
const url = (file) => pathToFileURL(file).href;
const requiring = (file) => ['--require', file];

/**
 * @typedef Agent
 * @property {string} name Key in results.
 * @property {string} title Column head.
 * @property {string} [folder] Folder under rivals/ that holds its installation.
 * @property {string} [packageName] Whose version is shown.
 * @property {boolean} isExact Spans at the sink are compared with the requests one by one.
 * @property {{cjs: string[], esm: string[], excluded?: string[]}} preload Node's arguments. `excluded`: where ignoring an
 *   URL takes code, a preload that has it.
 * @property {(sinkUrl: string) => Record<string, string>} env
 * @property {Record<'1%'|'excluded'|'disabled'|'roomy', Record<string, string>>} modes Variables in addition.
 * @property {boolean} [isFloor] No agent: a context for each request and nothing else, below which none can be.
 * @property {Record<string, number>} [extraClientSpans] CLIENT spans that it makes per request of a scenario beyond one
 *   for each call.
 */

/** @type {Agent} */
export const BARE = {
  name: 'bare',
  title: 'bare',
  isExact: false,
  preload: { cjs: [], esm: [] },
  env: () => ({}),
  modes: {},
};

/** @type {Agent} */
export const FLOOR = {
  name: 'context',
  title: 'a context alone',
  isExact: false,
  isFloor: true,
  preload: {
    cjs: requiring(join(BENCH, 'floor.cjs')),
    esm: ['--import', url(join(BENCH, 'floor.cjs'))],
  },
  env: () => ({}),
  modes: {},
};

/**
 * No agent either: the spans of a raw http server and nothing else. For profiles.
 * @type {Agent}
 */
export const LEAST = {
  name: 'least',
  title: 'the least tracer',
  isExact: false,
  preload: { cjs: requiring(join(BENCH, 'least.cjs')), esm: ['--import', url(join(BENCH, 'least.cjs'))] },
  env: (sinkUrl) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: sinkUrl }),
  modes: {},
};

const OPENTELEMETRY_MODES = {
  '1%': ONE_PERCENT_OPENTELEMETRY,
  disabled: { OTEL_SDK_DISABLED: 'true' },
  roomy: ROOMY_OPENTELEMETRY,
};
const openTelemetryEnv = (sinkUrl) => ({ ...QUIET_OPENTELEMETRY, OTEL_EXPORTER_OTLP_ENDPOINT: sinkUrl });

/** @type {Agent} */
export const OURS = {
  name: 'trace-agent',
  title: '@org/trace-agent',
  isExact: true,
  preload: {
    cjs: requiring(join(ROOT, 'dist/register.js')),
    esm: ['--import', url(join(ROOT, 'dist/register.js'))],
  },
  env: openTelemetryEnv,
  modes: { ...OPENTELEMETRY_MODES, excluded: { OTEL_NODE_EXCLUDED_URLS: EXCLUDED_PATH } },
};

const UPSTREAM = 'auto-instrumentations-node';
const EDOT = 'elastic-opentelemetry-node';
/** pg-pool.connect is a CLIENT span of its own in the official instrumentation of pg. */
const OFFICIAL_EXTRA = { 'express-pg': 1, 'express-pg-http': 1 };

/** @type {Agent[]} */
export const RIVALS = [
  {
    name: UPSTREAM,
    title: UPSTREAM,
    folder: UPSTREAM,
    packageName: '@opentelemetry/auto-instrumentations-node',
    isExact: true,
    preload: {
      cjs: requiring(rival(UPSTREAM, '@opentelemetry/auto-instrumentations-node/build/src/register.js')),
      esm: [
        `--experimental-loader=${url(rival(UPSTREAM, '@opentelemetry/instrumentation/hook.mjs'))}`,
        '--import',
        url(rival(UPSTREAM, '@opentelemetry/auto-instrumentations-node/build/src/register.js')),
      ],
      excluded: requiring(join(BENCH, 'rivals', UPSTREAM, 'excluded.cjs')),
    },
    env: openTelemetryEnv,
    modes: { ...OPENTELEMETRY_MODES, excluded: {} },
    extraClientSpans: OFFICIAL_EXTRA,
  },
  {
    name: EDOT,
    title: 'EDOT',
    folder: EDOT,
    packageName: '@elastic/opentelemetry-node',
    isExact: true,
    preload: {
      cjs: ['--import', url(rival(EDOT, '@elastic/opentelemetry-node/import.mjs'))],
      esm: ['--import', url(rival(EDOT, '@elastic/opentelemetry-node/import.mjs'))],
      excluded: requiring(join(BENCH, 'rivals', EDOT, 'excluded.cjs')),
    },
    env: openTelemetryEnv,
    modes: { ...OPENTELEMETRY_MODES, excluded: {} },
    extraClientSpans: OFFICIAL_EXTRA,
  },
  {
    name: 'dd-trace',
    title: 'dd-trace',
    folder: 'dd-trace',
    packageName: 'dd-trace',
    isExact: false,
    preload: {
      cjs: requiring(rival('dd-trace', 'dd-trace/init.js')),
      esm: ['--import', url(rival('dd-trace', 'dd-trace/initialize.mjs'))],
      excluded: requiring(join(BENCH, 'rivals/dd-trace/excluded.cjs')),
    },
    // Traces alone, as with the others: no telemetry about the tracer, no remote configuration.
    env: (sinkUrl) => ({
      DD_SERVICE: 'bench',
      DD_TRACE_AGENT_URL: sinkUrl,
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
      DD_REMOTE_CONFIGURATION_ENABLED: 'false',
      DD_TRACE_STARTUP_LOGS: 'false',
    }),
    modes: { '1%': { DD_TRACE_SAMPLE_RATE: '0.01' }, excluded: {}, disabled: { DD_TRACE_ENABLED: 'false' }, roomy: {} },
  },
  {
    name: 'elastic-apm-node',
    title: 'elastic-apm-node',
    folder: 'elastic-apm-node',
    packageName: 'elastic-apm-node',
    isExact: false,
    preload: {
      cjs: requiring(rival('elastic-apm-node', 'elastic-apm-node/start.js')),
      esm: [
        ...requiring(rival('elastic-apm-node', 'elastic-apm-node/start.js')),
        `--experimental-loader=${url(rival('elastic-apm-node', 'elastic-apm-node/loader.mjs'))}`,
      ],
    },
    env: (sinkUrl) => ({
      ELASTIC_APM_SERVICE_NAME: 'bench',
      ELASTIC_APM_SERVER_URL: sinkUrl,
      ELASTIC_APM_METRICS_INTERVAL: '0s',
      ELASTIC_APM_CENTRAL_CONFIG: 'false',
      ELASTIC_APM_CLOUD_PROVIDER: 'none',
    }),
    modes: {
      '1%': { ELASTIC_APM_TRANSACTION_SAMPLE_RATE: '0.01' },
      excluded: { ELASTIC_APM_TRANSACTION_IGNORE_URLS: EXCLUDED_PATH },
      disabled: { ELASTIC_APM_ACTIVE: 'false' },
      roomy: {},
    },
  },
];

export const AGENTS = [BARE, FLOOR, OURS, ...RIVALS];

export function versionOf(agent) {
  if (agent === BARE || agent.isFloor) return undefined;
  const manifest = agent.folder === undefined ? ROOT : rival(agent.folder, agent.packageName);
  const file = join(manifest, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined;
}

/** Node's arguments and the environment of a measured process. `modes`: always, 1%, excluded, disabled, roomy. */
export function launch(agent, { system = 'cjs', modes = [], sinkUrl }) {
  const isExcluded = modes.includes('excluded');
  const args = (isExcluded ? agent.preload.excluded : undefined) ?? agent.preload[system];
  const extra = Object.assign({}, ...modes.map((mode) => agent.modes[mode]));
  return {
    args,
    // Nothing else: a NODE_OPTIONS or an OTEL_ variable of this shell would be measured too.
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...agent.env(sinkUrl), ...extra },
  };
}
