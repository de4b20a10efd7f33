/**
 * Ways of running Node.js other than `node app.js`: traced where there is an application, quiet where there is none, and
 * with the output of a bare run everywhere.
 */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { isAtLeast, type NodeBinary, nodeBinaries } from '../helpers/node-versions.js';
import { FIXTURES } from '../helpers/paths.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';

const HELLO = join(FIXTURES, 'preload/hello.cjs');
const EVALUATED = `require(${JSON.stringify(HELLO)})`;

interface Mode extends Partial<RunOptions> {
  readonly title: string;
  /** Spans that must arrive; undefined = the agent stands aside without a word. */
  readonly kinds?: readonly string[];
  /** Lines of the agent besides the start line. */
  readonly says?: RegExp;
}

const BOTH = ['CLIENT', 'SERVER'];
const permission = (node: NodeBinary) =>
  isAtLeast(node, 23, 5) || (node.major === 22 && node.minor >= 13) ? '--permission' : '--experimental-permission';

function modes(node: NodeBinary): Mode[] {
  const list: Mode[] = [
    { title: '-e', execArgv: ['-e', EVALUATED], file: undefined, kinds: BOTH },
    {
      title: '-e as an ES module',
      execArgv: ['--input-type=module', '-e', `await import(${JSON.stringify(HELLO)})`],
      kinds: BOTH,
    },
    { title: '-p', execArgv: ['-p', '6 * 7'], kinds: [] },
    { title: 'standard input', stdin: EVALUATED, kinds: BOTH },
    { title: 'REPL', execArgv: ['-i'], stdin: '6 * 7\n.exit\n' },
    { title: '--check', execArgv: ['--check'], file: HELLO },
    { title: '-c, ES module', execArgv: ['-c'], file: 'preload/hello.mjs' },
    { title: '--inspect', execArgv: ['--inspect=0'], file: HELLO, kinds: BOTH },
    { title: '--version', execArgv: ['--version'] },
  ];
  if (node.major === 18) return list;
  const flag = permission(node);
  // From 25 on the network is restricted as well.
  const execArgv = ['--no-warnings', flag, '--allow-fs-read=*', ...(node.major >= 25 ? ['--allow-net'] : [])];
  return [
    ...list,
    {
      title: `${flag}, no worker`,
      execArgv,
      file: HELLO,
      kinds: BOTH,
      says: /no worker thread can be had/,
    },
    {
      title: `${flag}, with workers`,
      execArgv: [...execArgv, '--allow-worker'],
      file: HELLO,
      kinds: BOTH,
    },
  ];
}

/** Without what is the agent's, and what differs from run to run. */
function comparable(stderr: string): string {
  return stderr
    .replace(/^trace-agent.*\n/gm, '')
    .replace(/ws:\S+|127\.0\.0\.1:\d+/g, '<address>')
    .replace(/\(node:\d+\)/g, '(node)');
}

for (const binary of nodeBinaries()) {
  const { node, version } = binary;

  t.test(`Node ${version}`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'modes' };
    const run = async (options: Partial<RunOptions>) => {
      const app = runApp({ file: undefined, node, ...options });
      const exit = await app.exited;
      return { ...exit, stdout: app.stdout(), stderr: app.stderr() };
    };

    for (const { title, kinds, says, ...options } of modes(binary)) {
      await t.test(title, async (t) => {
        collector.clear();
        const bare = await run({ ...options, preload: 'none' });
        const traced = await run({ ...options, preload: 'NODE_OPTIONS', env });
        t.strictSame(
          [traced.code, traced.signal, traced.stdout, comparable(traced.stderr)],
          [bare.code, bare.signal, bare.stdout, comparable(bare.stderr)],
          'exit and output are those of a bare run',
        );
        const lines = traced.stderr.match(/^trace-agent.*$/gm) ?? [];
        const others = lines.filter((line) => !/ traces service /.test(line));
        t.equal(lines.length - others.length, kinds === undefined ? 0 : 1, lines.join('\n'));
        if (says === undefined) t.strictSame(others, []);
        else t.match(others, [says]);
        const seen = collector.spans().map((span) => span.kind);
        t.strictSame(seen.sort(), kinds ?? []);
      });
    }

    await t.test('--permission without leave to read the agent: one line, the application runs', async (t) => {
      // Before, the application would not be read either.
      if (!isAtLeast(binary, 24, 0)) return;
      const empty = join(FIXTURES, 'preload/empty.cjs');
      const execArgv = ['--permission', `--allow-fs-read=${empty}`];
      const traced = await run({ preload: 'NODE_OPTIONS', execArgv, file: empty, env });
      t.equal(traced.code, 0);
      t.match(
        traced.stderr,
        /^trace-agent error TA1005: did not start, the application runs without traces: .*--allow-fs-read.*\n$/,
      );
    });

    await t.test('--test traces the code under test', async (t) => {
      collector.clear();
      const file = join(FIXTURES, 'modes/traced.test.cjs');
      const result = await run({ preload: 'NODE_OPTIONS', execArgv: ['--test'], file, env });
      t.equal(result.code, 0, result.stdout);
      t.match(result.stdout, /pass 1\n/);
      t.strictSame(
        collector
          .spans()
          .map((span) => span.kind)
          .sort(),
        BOTH,
      );
    });

    await t.test('--watch traces each run of the application', async (t) => {
      collector.clear();
      const file = join(t.testdir(), 'app.cjs');
      copyFileSync(HELLO, file);
      const app = runApp({ node, preload: 'NODE_OPTIONS', execArgv: ['--watch'], file, env });
      await app.waitForLine(/^hello$/);
      await collector.waitForSpans(2);
      writeFileSync(file, readFileSync(file, 'utf8').replace("'hello'", "'hello again'"));
      await app.waitForLine(/^hello again$/);
      await collector.waitForSpans(4);
      app.kill('SIGTERM');
      await app.exited;
      t.pass('it ended');
    });

    await t.test('a snapshot is built as without the agent; what starts from it is traced', async (t) => {
      const blob = join(t.testdir(), 'snapshot.blob');
      const build = ['--snapshot-blob', blob, '--build-snapshot'];
      const file = join(FIXTURES, 'modes/snapshot.cjs');
      const bare = await run({ preload: 'none', execArgv: build, file });
      const traced = await run({ preload: 'NODE_OPTIONS', execArgv: build, file, env });
      t.strictSame([traced.code, comparable(traced.stderr)], [bare.code, comparable(bare.stderr)]);
      t.ok(existsSync(blob));
      const started = await run({ preload: 'NODE_OPTIONS', execArgv: ['--snapshot-blob', blob], file: 'main.js', env });
      t.match(started, { code: 0, stdout: 'made at build time\n' }, { stderr: started.stderr });
    });
  });
}
