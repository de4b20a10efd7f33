/**
 * Containment: whatever an own instrumentation calls throws, one kind of hook after the other, while a scenario of the
 * transparency harness runs. The application observes what it observes bare; the fault is said once, and after ten of
 * them the instrumentation is off and says that once.
 *
 * A new own instrumentation is one more row.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createCertificates } from '../helpers/certificates.js';
import { mongodbOrSkip } from '../helpers/mongodb.js';
import { nodeEnds } from '../helpers/node-versions.js';
import { AGENT_ENTRY, FIXTURES, ROOT } from '../helpers/paths.js';
import { type ServerName, serverOrSkip } from '../helpers/servers.js';
import { compareOutcomes, type Outcome, runOnce, TRANSPARENCY } from '../helpers/transparency.js';
import { KNOWN_DIFFERENCES } from '../transparency/known-differences.js';

/** `state` is what a span says of itself; `response` and `error` are what is recorded when a call is over. */
const HOOKS = ['start', 'attributes', 'state', 'inject', 'extract', 'response', 'error', 'end'] as const;
type Hook = (typeof HOOKS)[number];

interface Row {
  /** Folder in src/instrumentation. */
  readonly instrumentation: string;
  /** Scenario of test/transparency that makes more than ten calls of it. */
  readonly scenario: string;
  /** Hooks that it has no use for. */
  readonly without: readonly Hook[];
  /** Those that are tried; default all. What makes no spans meets only few of them. */
  readonly only?: readonly Hook[];
  /** The scenario does not make enough calls for ten faults. */
  readonly isShort?: boolean;
}

/** What a framework's instrumentation meets of http's span; the other hooks are http's own business. */
const FRAMEWORK = { without: [...HOOKS], only: ['start', 'attributes', 'state', 'end'] } as const;

const ROWS: readonly Row[] = [
  { instrumentation: 'http', scenario: 'http', without: [] },
  { instrumentation: 'http', scenario: 'http2', without: ['response', 'error'], isShort: true },
  { instrumentation: 'undici', scenario: 'undici', without: ['extract'] },
  { instrumentation: 'undici', scenario: 'fetch', without: ['extract'] },
  { instrumentation: 'grpc', scenario: 'grpc', without: [] },
  // Adds to the span of http and makes none.
  { instrumentation: 'fastify', scenario: 'fastify', ...FRAMEWORK },
  { instrumentation: 'web', scenario: 'express', ...FRAMEWORK },
  { instrumentation: 'web', scenario: 'koa', ...FRAMEWORK },
  { instrumentation: 'web', scenario: 'hapi', ...FRAMEWORK },
  { instrumentation: 'web', scenario: 'nestjs', ...FRAMEWORK },
  { instrumentation: 'web', scenario: 'hono', without: [...HOOKS], only: ['start', 'state'] },
  { instrumentation: 'web', scenario: 'trpc', without: [...HOOKS], only: ['start', 'state'] },
  { instrumentation: 'web', scenario: 'socket.io', without: [...HOOKS], only: ['state'] },
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

/** Faults that come together are said once; a scenario need not make ten of one kind. */
function linesOf({ messages }: Outcome, instrumentation: string): { failed: string[]; off: string[] } {
  const about = messages.filter((line) => line.includes(`instrumentation ${instrumentation} `));
  return {
    failed: about.filter((line) => line.startsWith('trace-agent warn TA2005: ') && line.includes(' failed: ')),
    off: about.filter(
      (line) => line.startsWith('trace-agent error TA2006: ') && line.includes(' is off after 10 faults'),
    ),
  };
}

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
  const run = (part: string, hooks: readonly Hook[]) => {
    const broken = {
      NODE_OPTIONS: `--require ${join(FIXTURES, 'containment', 'break.cjs')}`,
      BREAK: hooks.join(),
      AGENT: AGENT_ENTRY,
    };
    return runOnce({ scenario: row.scenario, part, node, env: { ...env, ...broken } }, 'NODE_OPTIONS');
  };
  const bare = await runOnce({ scenario: row.scenario, part: 'run', node, env }, 'none');
  t.strictSame(bare.notes.at(-1), ['the end', true]);
  let switchedOff = 0;
  for (const hook of row.only ?? HOOKS) {
    const broken = await run('run', [hook]);
    compare(t, row, hook, bare, broken);
    const { failed, off } = linesOf(broken, row.instrumentation);
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

t.test('every own instrumentation has a row', async (t) => {
  const folder = join(ROOT, 'src/instrumentation');
  const own = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'patch.ts')));
  t.strictSame([...new Set(ROWS.map((row) => row.instrumentation))].sort(), own.sort());
});

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
