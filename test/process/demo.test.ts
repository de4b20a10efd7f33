/**
 * `npm run demo` as a child process: what it prints when all is well, and that it says why and leaves nothing running
 * when it is not.
 *
 *     shop-gateway POST /orders
 *     └─ shop-orders ─┬─ shop-catalog ── PostgreSQL
 *                     ├─ shop-payments
 *                     ├─ PostgreSQL
 *                     └─ shop-worker ─┬─ PostgreSQL
 *                                     └─ shop-notifications
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ROOT } from '../helpers/paths.js';
import { type RunningApp, type RunOptions, runApp } from '../helpers/run-app.js';

const SHOP = join(ROOT, 'examples', 'shop');
const SERVICES = ['gateway', 'orders', 'catalog', 'payments', 'worker', 'notifications'];

function startDemo(options: Partial<RunOptions> = {}): RunningApp {
  return runApp({ file: join(SHOP, 'run.mjs'), preload: 'none', ...options });
}

/** True while any process of the demo is alive: it and its children share one process group. */
function isAnythingLeft({ pid }: RunningApp): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The part of the output below one heading. */
function section(output: string, heading: string): string {
  const [, rest = ''] = output.split(`\n${heading} ─`);
  return rest.split(/\n[A-Z][a-z ]+ ─{20}/)[0] ?? '';
}

t.test('no service has a line of tracing code', async (t) => {
  for (const service of SERVICES) {
    const files = readdirSync(join(SHOP, service)).map((name) => join(SHOP, service, name));
    t.ok(files.length >= 2, service);
    for (const file of files.filter((name) => statSync(name).isFile())) {
      t.notMatch(readFileSync(file, 'utf8'), /otel|opentelemetry|trace|tracing|span/i, file);
    }
  }
  t.notMatch(readFileSync(join(SHOP, 'package.json'), 'utf8'), /opentelemetry/);
});

t.test('the demo draws one order through all services, and one failure with its cause', async (t) => {
  const demo = startDemo();
  const exit = await demo.exited;
  t.match(exit, { code: 0, signal: null }, demo.stderr());
  t.equal(demo.stderr(), '');
  t.notOk(isAnythingLeft(demo), 'nothing is left running');
  const output = demo.stdout();

  const order = section(output, 'One order');
  t.match(order, /trace [0-9a-f]{32} · \d+ spans · 6 services · /);
  for (const service of SERVICES) {
    t.match(order, new RegExp(`^shop-${service} .*\\bserver +[\\d.]+ [mµ]?s .*[█-▏]`, 'm'), `a bar for ${service}`);
  }
  t.notMatch(order, '✗');
  t.match(order, 'POST /orders → 201');
  t.match(order, 'INSERT INTO shop_demo.orders');

  const failure = section(output, 'One failure');
  t.match(failure, /trace [0-9a-f]{32} · \d+ spans · 3 services · .* · \d+ errors/);
  t.match(failure, /^shop-gateway .*server .*✗/m);
  t.match(failure, 'POST /orders → 500');
  // By the name of the SQLSTATE: the message of the server has the value in it.
  t.match(failure, /^shop-catalog .*client .*✗.*\n.*invalid_text_representation/m);

  const map = section(output, 'Who calls whom');
  t.match(map, 'Service map: 6 services, 1 database');
  t.match(map, /^shop-worker\n(.*\n)?.*─ HTTP .*shop-notifications/m);
  t.match(map, /^shop-worker\n(.*\n)?.*─ PostgreSQL .*postgres/m);
  t.match(section(output, 'In short'), /^6 services, 6 traces, \d+ spans, nothing missing/m);
});

t.test('without an agent the demo fails and says which spans are missing', async (t) => {
  const agent = join(t.testdir({ 'no-agent.js': '// Traces nothing.\n' }), 'no-agent.js');
  const demo = startDemo({ args: ['--agent', agent, '--wait', '1'] });
  t.match(await demo.exited, { code: 1, signal: null });
  t.match(
    demo.stderr(),
    'traces are incomplete after 1 s\n  GET /products (browse the products):\n    no span arrived',
  );
  t.notOk(isAnythingLeft(demo), 'nothing is left running');
});

t.test('a process that fails is named with the end of its output', async (t) => {
  const demo = startDemo({ env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' } });
  t.match(await demo.exited, { code: 1, signal: null });
  t.match(
    demo.stderr(),
    /the database could not be prepared \(exit code 1\); .*\n(.*\n)*.*migration \| .*ECONNREFUSED/,
  );
  t.notOk(isAnythingLeft(demo), 'nothing is left running');
});

t.test('interrupted in the middle, the demo stops everything', async (t) => {
  const agent = join(t.testdir({ 'no-agent.js': '// Traces nothing.\n' }), 'no-agent.js');
  const demo = startDemo({ args: ['--agent', agent] });
  await demo.waitForLine(/6 services on an embedded PostgreSQL/);
  demo.kill('SIGTERM');
  t.match(await demo.exited, { code: 1, signal: null });
  t.match(demo.stderr(), 'stopped by SIGTERM');
  t.notOk(isAnythingLeft(demo), 'nothing is left running');
});
