/**
 * The catalogue of messages: complete, used, documented; lines of both formats; how often a line may come; what is masked.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { CATALOGUE, type CatalogueEntry } from '../../src/diag/catalogue.js';
import { createLog, type LogOptions, type LogThreshold } from '../../src/diag/log.js';
import { mask } from '../../src/diag/mask.js';
import { ROOT } from '../helpers/paths.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const entries: [string, CatalogueEntry][] = Object.entries(CATALOGUE);

function sources(): string {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('catalogue.ts'))
    .map((file) => join(ROOT, 'src', file));
  return [...files, join(ROOT, 'register.ts')].map((file) => readFileSync(file, 'utf8')).join('\n');
}

t.test('every code in the code is in the catalogue, and every code of the catalogue is used', async (t) => {
  const used = new Set(sources().match(/\bTA\d{4}\b/g));
  t.strictSame([...used].sort(), entries.map(([code]) => code).sort());
});

t.test('every entry says what happened and what to do', async (t) => {
  for (const [code, { title, cause, fix }] of entries) {
    t.match(code, /^TA[1-4]\d{3}$/);
    for (const text of [title, cause, fix]) t.ok(text.trim().length > 5, `${code}: ${text}`);
    t.match(cause, /[.]$/, `${code}: the cause is sentences`);
  }
  t.strictSame(
    entries.map(([code]) => code),
    entries.map(([code]) => code).sort(),
    'in order',
  );
});

t.test('docs/messages.md is current (npm run docs) and has one heading for each code', async (t) => {
  const load = new Function('url', 'return import(url)') as (
    url: string,
  ) => Promise<{ renderMessageDocs(catalogue: object): string }>;
  const { renderMessageDocs } = await load(pathToFileURL(join(ROOT, 'scripts/generate-message-docs.mjs')).href);
  const page = readFileSync(join(ROOT, 'docs/messages.md'), 'utf8');
  t.equal(page, renderMessageDocs(CATALOGUE));
  const headings = [...page.matchAll(/^### (TA\d{4}): /gm)].map(([, code]) => code);
  t.strictSame(
    headings,
    entries.map(([code]) => code),
  );
});

function createTestLog(threshold: LogThreshold = 'all', options: LogOptions = {}) {
  const lines: string[] = [];
  const clock = { now: 0 };
  const log = createLog(threshold, { write: (line) => lines.push(line), now: () => clock.now, ...options });
  return { lines, clock, log };
}

t.test('a line is text, or one JSON object', async (t) => {
  const text = createTestLog();
  text.log.error('TA3001', 'cannot send\r\n spans\u001b[31m');
  t.strictSame(text.lines, [
    'trace-agent error TA3001: cannot send  spans [31m; nothing listens there; check that the collector runs and OTEL_EXPORTER_OTLP_ENDPOINT names it\n',
  ]);
  const json = createTestLog('all', { format: 'json' });
  json.log.error('TA3001', 'cannot\nsend');
  json.log.info('TA1001', 'started');
  t.match(
    json.lines.map((line) => JSON.parse(line)),
    [
      {
        time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
        logger: 'trace-agent',
        severity: 'error',
        code: 'TA3001',
        message: 'cannot send',
        fix: /^nothing listens/,
      },
      { severity: 'info', code: 'TA1001', message: 'started' },
    ],
  );
  for (const line of json.lines) t.match(line, /^[^\n]+\n$/);
});

t.test('the level filters', async (t) => {
  for (const [threshold, count] of [
    ['none', 0],
    ['error', 1],
    ['warn', 2],
    ['info', 3],
    ['debug', 4],
  ] as const) {
    const { lines, log } = createTestLog(threshold);
    const told = [
      log.error('TA3001', 'a'),
      log.warn('TA1101', 'b'),
      log.info('TA1001', 'c'),
      log.debug('TA3030', 'd'),
    ].filter(Boolean);
    t.equal(lines.length, count, threshold);
    t.equal(told.length, count, 'says whether it was written');
  }
});

t.test('a line that repeats comes at once, after 1, 4, 16, 64 minutes and every 4 hours', async (t) => {
  const { lines, clock, log } = createTestLog();
  const times: number[] = [];
  for (clock.now = 0; clock.now < DAY; clock.now += MINUTE / 6) {
    if (log.error('TA3001', `attempt at ${clock.now}`, 'collector')) times.push(clock.now / MINUTE);
  }
  t.strictSame(times.slice(0, 7), [0, 1, 5, 21, 85, 325, 565]);
  t.ok(times.length <= 10, `${times.length} lines in a day`);
  t.match(lines[2], /attempt at 300000 \(and 23 more like this before\)/);
  t.ok(log.error('TA3001', 'x', 'another collector'), 'another key is another matter');
  clock.now += DAY;
  t.ok(log.error('TA3001', 'after a quiet day', 'collector'));
  clock.now += MINUTE;
  t.ok(log.error('TA3001', 'starts afresh', 'collector'));
});

t.test('texts that always differ do not fill the memory', async (t) => {
  const { lines, log } = createTestLog();
  for (let count = 0; count < 2000; count++) log.warn('TA1101', `text ${count}`);
  t.equal(lines.length, 2000);
});

t.test('a writer without advice still writes: the catalogue is not needed for a notice', async (t) => {
  const { lines, log } = createTestLog();
  log.info('TA1001', 'started');
  t.strictSame(lines, ['trace-agent info TA1001: started\n']);
});

t.test('known secrets and what looks like one are masked', async (t) => {
  const { lines, log } = createTestLog('all', { secrets: () => ['s3cr3t-value'] });
  log.error('TA3022', 'the server said s3cr3t-value twice: s3cr3t-value');
  log.warn('TA1101', 'OTEL_X="https://user:pass@host/path" and authorization=Bearer%20abcdef123 or Basic dXNlcjpwYXNz');
  t.notMatch(lines.join(''), /s3cr3t|user:|pass@|abcdef123|dXNlcjpwYXNz/);
  t.match(lines.join(''), /\/\/\*\*\*@host\/path/);
  t.equal(
    mask('http://collector:4318/v1/traces, me@example.org', []),
    'http://collector:4318/v1/traces, me@example.org',
  );
});
