/**
 * Every way a process ends: same exit code, signal and standard output as without the agent, and no span lost.
 *
 *   GET (CLIENT) ─► GET (SERVER)      made by test/fixtures/ends/app.cjs before it ends
 */
import t from 'tap';
import { type Collector, startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { type Exit, type RunOptions, runApp } from '../helpers/run-app.js';

const APP = 'ends/app.cjs';

interface Ending {
  readonly way: string;
  readonly signals?: readonly NodeJS.Signals[];
}

const ENDINGS: readonly Ending[] = [
  { way: 'natural' },
  { way: 'exit-0' },
  { way: 'exit-3' },
  { way: 'exit-code' },
  { way: 'throw' },
  { way: 'throw-late' },
  { way: 'throw-undefined' },
  { way: 'exit-late' },
  { way: 'reject' },
  { way: 'wait', signals: ['SIGTERM'] },
  { way: 'wait', signals: ['SIGINT'] },
  { way: 'wait', signals: ['SIGHUP'] },
  { way: 'handler-drains', signals: ['SIGTERM'] },
  { way: 'handler-exits', signals: ['SIGTERM'] },
  { way: 'handler-late', signals: ['SIGTERM'] },
  { way: 'handler-ignores', signals: ['SIGTERM', 'SIGTERM'] },
];

interface Ended extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

async function end(ending: Ending, options: Omit<RunOptions, 'file'>): Promise<Ended> {
  const app = runApp({ ...options, file: APP, args: [ending.way] });
  await app.waitForLine(/^ready$/);
  for (const [index, signal] of (ending.signals ?? []).entries()) {
    app.kill(signal);
    if (ending.way === 'handler-ignores' && index === 0) await app.waitForLine(/^ignored 1$/);
  }
  const exit = await app.exited;
  return { ...exit, stdout: app.stdout(), stderr: app.stderr() };
}

function environment(collector: Collector, more: Record<string, string> = {}): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'ends', ...more };
}

for (const { node, version } of nodeBinaries()) {
  t.test(`Node ${version}: every end is that of a bare run and delivers both spans`, async (t) => {
    for (const ending of ENDINGS) {
      const title = [ending.way, ...(ending.signals ?? [])].join(' ');
      await t.test(title, async (t) => {
        const collector = await startCollector();
        t.teardown(() => collector.close());
        const bare = await end(ending, { node, preload: 'none' });
        const traced = await end(ending, { node, env: environment(collector, { OTEL_LOG_LEVEL: 'debug' }) });
        t.strictSame(
          { code: traced.code, signal: traced.signal, stdout: traced.stdout },
          { code: bare.code, signal: bare.signal, stdout: bare.stdout },
        );
        const comparable = (text: string) => text.replace(/^(\s+at |trace-agent).*\n/gm, '');
        t.equal(comparable(traced.stderr), comparable(bare.stderr), 'same stderr');
        t.strictSame(
          collector
            .spans()
            .map((span) => span.kind)
            .sort(),
          ['CLIENT', 'SERVER'],
        );
        const accounts = traced.stderr.match(/^trace-agent debug TA\d+: otlp spans: .*$/gm);
        t.match(accounts, [/: created 2 = exported 2 \+ dropped 0 \+ queued 0$/]);
        t.equal(accounts?.length, 1);
      });
    }
  });

  // Node.js 18.19 does not end at all then, with or without an agent.
  t.test(`Node ${version}: garbage that is collected in the last moment keeps nothing alive`, async (t) => {
    for (const [way, code] of [
      ['natural', 0],
      ['exit-code', 4],
    ] as const) {
      const collector = await startCollector();
      t.teardown(() => collector.close());
      const app = runApp({
        node,
        execArgv: ['--expose-gc'],
        file: 'ends/collected.cjs',
        args: [way],
        env: environment(collector),
      });
      await app.waitForLine(new RegExp(`^ends with ${code}, 0 alive$`));
      const patience = setTimeout(() => app.kill('SIGKILL'), 10_000);
      t.match(await app.exited, { code, signal: null });
      clearTimeout(patience);
      t.equal(collector.spans().length, 2);
    }
  });

  t.test(`Node ${version}: a second signal takes effect at once while the first one waits for the flush`, async (t) => {
    const collector = await startCollector({ respond: () => ({ hang: true }) });
    t.teardown(() => collector.close());
    const app = runApp({
      node,
      file: APP,
      args: ['wait'],
      env: environment(collector, { OTEL_NODE_SHUTDOWN_TIMEOUT: '30000' }),
    });
    await app.waitForLine(/^ready$/);
    const arrived = new Promise<void>((resolve) => {
      collector.respond(() => {
        resolve();
        return { hang: true };
      });
    });
    app.kill('SIGTERM');
    await arrived;
    app.kill('SIGTERM');
    const exit = await app.exited;
    t.equal(exit.signal, 'SIGTERM');
    t.ok(exit.millis < 15_000, `ended after ${exit.millis} ms, far below the 30 s budget`);
  });

  t.test(
    `Node ${version}: a collector that refuses, or accepts and never answers, delays no end beyond the budget`,
    async (t) => {
      const collector = await startCollector({ respond: () => ({ hang: true }) });
      const refusing = await startCollector();
      await refusing.connections('refuse');
      t.teardown(() => Promise.all([collector.close(), refusing.close()]));
      const budgetMillis = 500;
      for (const [kind, target] of [
        ['hanging', collector],
        ['refusing', refusing],
      ] as const) {
        for (const ending of [{ way: 'natural' }, { way: 'exit-3' }, { way: 'wait', signals: ['SIGTERM'] as const }]) {
          const bare = await end(ending, { node, preload: 'none' });
          const env = environment(target, { OTEL_NODE_SHUTDOWN_TIMEOUT: String(budgetMillis) });
          const traced = await end(ending, { node, env });
          t.strictSame([traced.code, traced.signal], [bare.code, bare.signal], `${kind}, ${ending.way}: same exit`);
          const drops = traced.stderr.match(/^trace-agent warn TA\d+: dropped .*$/gm) ?? [];
          t.match(drops, [/dropped 2 spans: 2 because the process ended/], `${kind}, ${ending.way}: said once`);
          t.equal(drops.length, 1);
          // The rest of the allowance is the agent's start on a loaded machine, not waiting.
          const addedMillis = traced.millis - bare.millis;
          t.ok(addedMillis < budgetMillis + 1500, `${kind}, ${ending.way}: ${Math.round(addedMillis)} ms added`);
        }
      }
    },
  );
}
