/** The parts of the command line program that need no process: NODE_OPTIONS, commands, headers, layout. */
import t from 'tap';
import { codeOf, commandOf } from '../../src/cli/child.js';
import { columnWidths, renderText } from '../../src/cli/doctor/render.js';
import { coded, createReport, note, ok, type Section } from '../../src/cli/doctor/report.js';
import { parseHeaders } from '../../src/cli/doctor/sampling.js';
import { preloadsIn, splitOptions, withAgent } from '../../src/cli/preload.js';

const REGISTER = '/opt/my agent/register.js';

t.test('NODE_OPTIONS is split as Node.js splits it', async (t) => {
  t.strictSame(splitOptions(''), []);
  t.strictSame(splitOptions('  --require  a.js --max-old-space-size=64 '), [
    '--require',
    'a.js',
    '--max-old-space-size=64',
  ]);
  t.strictSame(splitOptions('--require "/a b/c.js" -r "d\\"e\\\\f"'), ['--require', '/a b/c.js', '-r', 'd"e\\f']);
  t.strictSame(splitOptions('--import=""'), ['--import=']);
});

t.test('preloads in the order of Node.js, the agent recognised', async (t) => {
  const flags = splitOptions('--import ./a.mjs -r dotenv/config --require=@org/trace-agent/register --loader ./l.mjs');
  t.strictSame(preloadsIn(flags, REGISTER), [
    { kind: 'require', target: 'dotenv/config', isAgent: false },
    { kind: 'require', target: '@org/trace-agent/register', isAgent: true },
    { kind: 'import', target: './a.mjs', isAgent: false },
    { kind: 'loader', target: './l.mjs', isAgent: false },
  ]);
  for (const target of [
    REGISTER,
    '/app/node_modules/@org/trace-agent/dist/register.js',
    '/opt/trace-agent/register',
    'file:///opt/my%20agent/register.js',
  ]) {
    t.match(preloadsIn(['--require', target], REGISTER), [{ isAgent: true }], target);
  }
  t.match(preloadsIn(['--require', 'other-trace-agent/register'], REGISTER), [{ isAgent: false }]);
});

t.test('the agent is put first, once, and the rest is kept', async (t) => {
  t.equal(withAgent('', '/a/register.js'), '--require /a/register.js');
  t.equal(withAgent('--max-old-space-size=64', REGISTER), `--require "${REGISTER}" --max-old-space-size=64`);
  const both = withAgent('-r x', REGISTER);
  t.equal(withAgent(both, REGISTER), both);
  t.strictSame(splitOptions(both), ['--require', REGISTER, '-r', 'x']);
});

t.test('scripts run under this Node.js, commands as they are', async (t) => {
  t.match(commandOf(['app.js', '1']), { file: process.execPath, args: ['app.js', '1'] });
  t.match(commandOf(['--expose-gc', 'app.mjs']), { file: process.execPath, args: ['--expose-gc', 'app.mjs'] });
  t.match(commandOf(['npm', 'start']), { file: 'npm', args: ['start'] });
  t.match(commandOf(['node', 'app.js']), { file: 'node', args: ['app.js'] });
  t.match(commandOf(['./start.sh']), { file: './start.sh', args: [] });
});

t.test('exit codes as a shell shows them', async (t) => {
  t.equal(codeOf({ kind: 'exit', code: 3 }), 3);
  t.equal(codeOf({ kind: 'signal', signal: 'SIGTERM' }), 143);
  t.equal(codeOf({ kind: 'not started', error: Object.assign(new Error(), { code: 'ENOENT' }) }), 127);
  t.equal(codeOf({ kind: 'not started', error: Object.assign(new Error(), { code: 'EACCES' }) }), 126);
});

t.test('headers are read in the forms in which people copy them', async (t) => {
  const headers = parseHeaders([
    'GET / HTTP/1.1',
    'Traceparent: 00-a',
    '> X-B3-TraceId: 1',
    '* Connected to x',
    '',
    'a:b:c',
  ]);
  t.strictSame(
    [...headers],
    [
      ['traceparent', '00-a'],
      ['x-b3-traceid', '1'],
      ['a', 'b:c'],
    ],
  );
});

const LONG = `/usr/src/${'very-'.repeat(30)}long/path`;
const SECTION: Section = {
  title: 'Section',
  findings: [
    ok('all is well'),
    note(LONG),
    coded('problem', 'TA3001', 'no connection'),
    { status: 'warning', text: 'w '.repeat(100).trim(), fix: 'do something about it' },
  ],
  tables: [
    {
      header: ['Setting', 'Value'],
      rows: [
        ['OTEL_A', LONG],
        ['OTEL_B', 'short'],
      ],
    },
  ],
};

t.test('the report: counts, and exit state', async (t) => {
  const report = createReport('1.2.3', [SECTION]);
  t.match(report, { agentVersion: '1.2.3', healthy: false, problems: 1, warnings: 1 });
  t.ok(createReport('1.2.3', [{ title: 'x', findings: [ok('y')] }]).healthy);
  t.match(report.sections[0]?.findings[2], { fix: /check that the collector runs/ }, 'the advice is the catalogue’s');
});

t.test('the text: readable without colour, within the width, nothing lost', async (t) => {
  const report = createReport('1.2.3', [SECTION]);
  for (const width of [20, 60, 80, 200]) {
    const text = renderText(report, { width, isColored: false });
    t.notOk(text.includes('\u001b'), 'no escape');
    const widest = Math.max(...text.split('\n').map((line) => line.length));
    t.ok(widest <= Math.min(140, Math.max(60, width)), `${widest} of ${width} columns`);
    t.equal(text.replace(/\s+/g, '').split(LONG).length, 3, 'the long path is there twice, whole');
    for (const word of ['ok', '--', 'PROBLEM', 'warning', '[TA3001]', 'OTEL_A', 'Not healthy: 1 problem, 1 warning']) {
      t.ok(text.includes(word), word);
    }
  }
  const colored = renderText(report, { width: 80, isColored: true });
  t.ok(colored.includes('\u001b[31m'));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for
  const plain = colored.replace(/\u001b\[\d+m/g, '');
  t.equal(plain, renderText(report, { width: 80, isColored: false }), 'colour changes nothing else');
});

t.test('columns shrink where there is most to take', async (t) => {
  const table = { header: ['a', 'b', 'c'], rows: [['x'.repeat(10), 'y'.repeat(60), 'z'.repeat(40)]] };
  t.strictSame(columnWidths(table, 200), [12, 62, 42]);
  const widths = columnWidths(table, 80);
  t.equal(
    widths.reduce((sum, width) => sum + width, 0),
    80,
  );
  t.equal(widths[0], 12, 'a narrow one keeps its width');
});
