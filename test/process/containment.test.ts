/**
 * Containment: whatever an own instrumentation calls throws, one kind of hook after the other, while a scenario of the
 * transparency harness runs. The application observes what it observes bare; the fault is said once, and after ten of
 * them the instrumentation is off and says that once.
 *
 * A new own instrumentation is one more row.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { trace } from '@opentelemetry/api';
import t, { type Test } from 'tap';
import { loadConfig } from '../../src/config/config.js';
import type { Log } from '../../src/diag/log.js';
import { TABLE } from '../../src/instrumentation/table.js';
import { createCertificates } from '../helpers/certificates.js';
import {
  breaking,
  type ContainmentRow,
  faultLines,
  HOOKS,
  type Part,
  testContainment,
} from '../helpers/containment.js';
import { mongodbOrSkip } from '../helpers/mongodb.js';
import { nodeEnds } from '../helpers/node-versions.js';
import { ROOT } from '../helpers/paths.js';
import { type ServerName, serverOrSkip } from '../helpers/servers.js';
import { compareOutcomes, type Outcome, runOnce, TRANSPARENCY } from '../helpers/transparency.js';
import * as data from '../libraries/data.js';
import type { LibraryCase } from '../libraries/library-case.js';
import { MESSAGING } from '../libraries/messaging.js';
import { KNOWN_DIFFERENCES } from '../transparency/known-differences.js';

interface Row {
  /** Its name in the table of instrumentations. */
  readonly instrumentation: string;
  /** Scenario of test/transparency that makes more than ten calls of it. */
  readonly scenario: string;
  /** Hooks that it has no use for. */
  readonly without: readonly Part[];
  /** Those that are tried; default all. What makes no spans meets only few of them. */
  readonly only?: readonly Part[];
  /** The scenario does not make enough calls for ten faults. */
  readonly isShort?: boolean;
}

/** What a framework's instrumentation meets of http's span; the other hooks are http's own business. */
const FRAMEWORK = { without: [...HOOKS], only: ['start', 'attributes', 'state', 'end', 'context'] } as const;

const ROWS: readonly Row[] = [
  { instrumentation: 'http', scenario: 'http', without: [] },
  { instrumentation: 'http', scenario: 'http2', without: ['response', 'error'], isShort: true },
  { instrumentation: 'undici', scenario: 'undici', without: ['extract'] },
  { instrumentation: 'undici', scenario: 'fetch', without: ['extract'] },
  { instrumentation: 'grpc', scenario: 'grpc', without: [] },
  // Adds to the span of http and makes none.
  { instrumentation: 'fastify', scenario: 'fastify', ...FRAMEWORK },
  { instrumentation: 'express', scenario: 'express', ...FRAMEWORK },
  { instrumentation: 'koa', scenario: 'koa', ...FRAMEWORK },
  { instrumentation: 'hapi', scenario: 'hapi', ...FRAMEWORK },
  { instrumentation: 'nestjs-core', scenario: 'nestjs', ...FRAMEWORK },
  { instrumentation: 'hono', scenario: 'hono', without: [...HOOKS], only: ['start', 'state', 'context'] },
  { instrumentation: 'trpc', scenario: 'trpc', without: [...HOOKS], only: ['start', 'state', 'context'] },
  { instrumentation: 'engine.io', scenario: 'socket.io', without: [...HOOKS], only: ['state', 'context'] },
  { instrumentation: 'piscina', scenario: 'piscina', without: [...HOOKS], only: ['state'] },
  { instrumentation: 'pg', scenario: 'pg', without: ['inject', 'extract'] },
  { instrumentation: 'mysql2', scenario: 'mysql2', without: ['inject', 'extract'] },
  { instrumentation: 'redis', scenario: 'redis', without: ['inject', 'extract'] },
  { instrumentation: 'ioredis', scenario: 'ioredis', without: ['inject', 'extract'] },
  { instrumentation: 'mongodb', scenario: 'mongodb', without: ['inject', 'extract', 'error'] },
];

interface Scenario {
  readonly services?: Readonly<Record<string, string>>;
  readonly crashes: Readonly<Record<string, unknown>>;
}

/** Programs that print what they see. */
const PROGRAMS: readonly ContainmentRow[] = [
  { instrumentation: 'connect', meets: ['context'], program: { file: 'containment/connect.cjs' } },
  { instrumentation: 'restify', meets: ['context'], program: { file: 'containment/restify.cjs' } },
  // That of express looks after the same files.
  {
    instrumentation: 'router',
    meets: ['context'],
    program: { file: 'containment/router.cjs', env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'express' } },
  },
];

/** Rows that are run beside the servers of their libraries. */
const BESIDE_SERVERS = [...Object.values(data).filter(Array.isArray), MESSAGING]
  .flatMap((cases) => cases as readonly LibraryCase[])
  .filter(({ meets }) => meets !== undefined)
  .flatMap(({ instrumentation }) => instrumentation);

/** Its application is built first. */
const ELSEWHERE: Readonly<Record<string, string>> = { next: 'frameworks-next' };

function compare(t: Test, row: Row, what: string, bare: Outcome, broken: Outcome): void {
  const known = KNOWN_DIFFERENCES.filter(({ scenario }) => scenario === row.scenario);
  const differences = compareOutcomes(bare, { ...broken, messages: [] }).filter(
    ({ at }) => !known.some((item) => item.at.test(at)),
  );
  t.strictSame(differences, [], `${what}: ${bare.notes.length} observations, output and exit are those of a bare run`);
}

async function environmentOf(t: Test, { services }: Scenario): Promise<Record<string, string> | undefined> {
  const { files } = await createCertificates();
  const env: Record<string, string> = { TEST_KEY: files.serverKey, TEST_CERTIFICATE: files.serverCert };
  for (const [name, variable] of Object.entries(services ?? {})) {
    const server = name === 'mongodb' ? await mongodbOrSkip(t) : await serverOrSkip(t, name as ServerName);
    if (server === undefined) return undefined;
    env[variable] = server.url;
  }
  return { ...env, OTEL_SERVICE_NAME: 'app', OTEL_LOG_LEVEL: 'warn', OTEL_TRACES_EXPORTER: 'none' };
}

async function testRow(t: Test, row: Row, node: string): Promise<void> {
  const scenario = require(join(TRANSPARENCY, 'scenarios', `${row.scenario}.cjs`)) as Scenario;
  const env = await environmentOf(t, scenario);
  if (env === undefined) return;
  const run = (part: string, hooks: readonly Part[]) => {
    return runOnce({ scenario: row.scenario, part, node, env: { ...env, ...breaking(hooks) } }, 'NODE_OPTIONS');
  };
  const bare = await runOnce({ scenario: row.scenario, part: 'run', node, env }, 'none');
  t.strictSame(bare.notes.at(-1), ['the end', true]);
  let switchedOff = 0;
  for (const hook of row.only ?? HOOKS) {
    const broken = await run('run', [hook]);
    compare(t, row, hook, bare, broken);
    const { failed, off } = faultLines(broken.messages, row.instrumentation);
    t.equal(failed.length, row.without.includes(hook) ? 0 : 1, `${hook}: one line says what failed, ${failed}`);
    t.ok(off.length <= 1, `${hook}: at most one line says that it is off`);
    switchedOff += off.length;
  }
  if (row.without.length < HOOKS.length && row.isShort !== true)
    t.ok(switchedOff > 0, `off after repeated faults: ${switchedOff} times`);
  for (const part of Object.keys(scenario.crashes)) {
    const withoutAgent = await runOnce({ scenario: row.scenario, part, node, env }, 'none');
    compare(t, row, `${part}, all hooks`, withoutAgent, await run(part, HOOKS));
  }
}

/** Those of the table that are not official ones. */
function ownInstrumentations(): string[] {
  const log = { warn() {} } as unknown as Log;
  const context = { tracerProvider: trace.getTracerProvider(), config: loadConfig({}).config, log };
  // Only ours know whether a release looks the same.
  return TABLE.filter((entry) => entry.load(context).checksShape === true).map(({ name }) => name);
}

t.test('every own instrumentation has a row', async (t) => {
  const rows = [...ROWS, ...PROGRAMS].map(({ instrumentation }) => instrumentation);
  const tried = new Set<unknown>([...rows, ...BESIDE_SERVERS, ...Object.keys(ELSEWHERE)]);
  const own = ownInstrumentations();
  t.ok(own.length > 25, `${own.length} instrumentations`);
  t.strictSame(
    own.filter((name) => !tried.has(name)),
    [],
  );
  for (const test of Object.values(ELSEWHERE)) {
    t.match(readFileSync(join(ROOT, 'test/process', `${test}.test.ts`), 'utf8'), 'BREAK', test);
  }
});

for (const row of PROGRAMS) t.test(String(row.program.file), (t) => testContainment(t, row));

const isInstalled = existsSync(join(TRANSPARENCY, 'node_modules', 'express', 'package.json'));
if (!isInstalled) {
  const reason = 'the libraries are not installed: npm ci in test/transparency';
  if (process.env.CI) throw new Error(reason);
  t.pass('no libraries', { skip: reason });
}

for (const { node, version } of isInstalled ? nodeEnds() : []) {
  // On the other Node.js lines only what Node.js brings itself.
  const rows = node === process.execPath ? ROWS : ROWS.filter(({ scenario }) => ['http', 'fetch'].includes(scenario));
  for (const row of rows) {
    t.test(`${row.scenario} on Node ${version}`, (t) => testRow(t, row, node));
  }
}
