/**
 * The promise "as if the agent were not there", for the libraries that applications use: each scenario of
 * test/transparency runs bare and under the agent, and every difference that known-differences.ts does not list fails.
 *
 * TRANSPARENCY=express,pg runs only these. Needs `npm ci` in test/transparency.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { createCertificates } from '../helpers/certificates.js';
import { mongodbOrSkip } from '../helpers/mongodb.js';
import { nodeEnds } from '../helpers/node-versions.js';
import { type ServerName, serverOrSkip } from '../helpers/servers.js';
import { compareOutcomes, type Difference, runOnce, TRANSPARENCY } from '../helpers/transparency.js';
import { KNOWN_DIFFERENCES, type KnownDifference, WITHOUT_SPANS } from '../transparency/known-differences.js';

interface Scenario {
  readonly services?: Readonly<Record<string, string>>;
  readonly crashes: Readonly<Record<string, unknown>>;
}

/** On other Node.js lines than the one that runs the tests: own instrumentations, and what replaces exports. */
const ON_EVERY_NODE = ['http', 'https', 'http2', 'fetch', 'grpc', 'fastify', 'kafkajs', 'pino'];

const names = readdirSync(join(TRANSPARENCY, 'scenarios')).map((file) => file.replace(/\.cjs$/, ''));
const asked = process.env.TRANSPARENCY?.split(',').filter((name) => name !== '');

/** The environment that leads to a scenario's servers; undefined when one of them is missing on a laptop. */
async function startServices(t: Test, services: Scenario['services']): Promise<Record<string, string> | undefined> {
  const env: Record<string, string> = {};
  for (const [name, variable] of Object.entries(services ?? {})) {
    const server = name === 'mongodb' ? await mongodbOrSkip(t) : await serverOrSkip(t, name as ServerName);
    if (server === undefined) return undefined;
    env[variable] = server.url;
  }
  return env;
}

function knownFor(scenario: string, { at }: Difference): KnownDifference | undefined {
  return KNOWN_DIFFERENCES.find((known) => known.scenario === scenario && known.at.test(at));
}

async function testScenario(t: Test, scenario: string, node: string, isCurrent: boolean): Promise<void> {
  const { services, crashes } = require(join(TRANSPARENCY, 'scenarios', `${scenario}.cjs`)) as Scenario;
  const servers = await startServices(t, services);
  if (servers === undefined) return;
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const { files } = await createCertificates();
  const env = {
    ...servers,
    TEST_KEY: files.serverKey,
    TEST_CERTIFICATE: files.serverCert,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    OTEL_SERVICE_NAME: 'app',
    OTEL_LOG_LEVEL: 'warn',
  };
  const seen = new Set<KnownDifference>();
  for (const part of ['run', 'namespace', ...(isCurrent ? Object.keys(crashes) : [])]) {
    const run = { scenario, part, node, env };
    const bare = await runOnce(run, 'none');
    const traced = await runOnce(run, 'NODE_OPTIONS');
    t.equal(bare.signal, null, `${part}: the scenario ends by itself`);
    if (part === 'run') t.strictSame(bare.notes.at(-1), ['the end', true], 'the scenario comes to its end');
    const differences = compareOutcomes(bare, traced);
    const unknown = differences.filter((difference) => {
      const known = knownFor(scenario, difference);
      if (known !== undefined) seen.add(known);
      return known === undefined;
    });
    t.strictSame(unknown, [], `${part}: ${bare.notes.length} observations are those of a bare run`);
  }
  const hasSpans = !WITHOUT_SPANS.includes(scenario);
  t.equal(collector.spans().length > 0, hasSpans, 'the agent was there: spans arrived');
  if (!isCurrent) return;
  const gone = KNOWN_DIFFERENCES.filter((known) => known.scenario === scenario && !seen.has(known));
  t.strictSame(gone, [], 'every known difference is still there');
}

const isInstalled = existsSync(join(TRANSPARENCY, 'node_modules', 'express', 'package.json'));
if (!isInstalled) {
  const reason = 'the libraries are not installed: npm ci in test/transparency';
  if (process.env.CI) throw new Error(reason);
  t.pass('no libraries', { skip: reason });
}

for (const { node, version } of isInstalled ? nodeEnds() : []) {
  const isCurrent = node === process.execPath;
  const chosen = names.filter((name) => isCurrent || ON_EVERY_NODE.includes(name));
  for (const name of chosen.filter((item) => asked?.includes(item) ?? true)) {
    t.test(`${name} on Node ${version}`, (t) => testScenario(t, name, node, isCurrent));
  }
}
