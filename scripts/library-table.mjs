/**
 * The README's two tables of libraries: which are instrumented, from the table of instrumentations and what each package
 * declares; and which ones CI runs, from the data of the tests that run them (test/libraries).
 * `node scripts/library-table.mjs` (after a build) rewrites the README between its markers; a test compares.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Range, SemVer } from 'semver';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(join(root, 'package.json'));

/** What `x || y` covers, as intervals in order; those that touch are one. Undefined for what is no interval. */
function intervalsOf(range) {
  const intervals = [];
  for (const comparators of new Range(range).set) {
    const from = comparators.find(({ operator }) => operator === '>=')?.semver;
    const end = comparators.find(({ operator }) => operator === '<')?.semver.version.replace(/-0$/, '');
    const to = end && new SemVer(end);
    if (comparators.length > 2 || [from, to].filter(Boolean).length !== comparators.length) return undefined;
    intervals.push({ from: from ?? new SemVer('0.0.0'), to });
  }
  const merged = [];
  for (const interval of intervals.sort((a, b) => a.from.compare(b.from))) {
    const last = merged.at(-1);
    if (last === undefined || (last.to !== undefined && last.to.compare(interval.from) < 0)) merged.push(interval);
    else if (last.to !== undefined && (interval.to === undefined || interval.to.compare(last.to) > 0)) {
      last.to = interval.to;
    }
  }
  return merged;
}

function renderInterval({ from, to }) {
  const end = to && `<${to.version.replace(/(\.0)+$/, '')}`;
  return [from.compare('0.0.0') === 0 ? '' : `>=${from.version}`, end].filter(Boolean).join(' ');
}

/** Ranges that one module is patched in, by any of the targets. */
function rangesOf(targets, module) {
  const ranges = new Set(targets.filter((target) => target.module === module).flatMap((target) => target.versions));
  ranges.delete('*');
  const all = [...ranges].join(' || ');
  const intervals = all === '' ? [] : intervalsOf(all)?.map(renderInterval);
  return (intervals ?? [...ranges]).join(' or ').replaceAll('||', 'or').replaceAll('|', '\\|');
}

function describeModules(entry, targets) {
  if (entry.isGlobal) return '`fetch`, `undici` >=5';
  if (entry.patchesApplicationFiles) return 'the handler of an AWS Lambda';
  if (entry.isBuiltin) return entry.modules.map((module) => `\`${module}\``).join(', ');
  return entry.modules.map((module) => `\`${module}\` ${rangesOf(targets, module)}`).join(', ');
}

function renderTable(header, rows) {
  const lineOf = (cells) => `| ${cells.join(' | ')} |`;
  return [lineOf(header), lineOf(header.map(() => '---')), ...rows.map(lineOf)].join('\n');
}

/** Loads every instrumentation. */
function renderInstrumentations() {
  const { TABLE } = require('./build/src/instrumentation/table.js');
  const { loadConfig } = require('./build/src/config/config.js');
  const { trace } = require('@opentelemetry/api');
  const context = { tracerProvider: trace.getTracerProvider(), config: loadConfig({}).config, log: { warn() {} } };
  const rows = [...TABLE]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((entry) => {
      // Creating a global one subscribes for good; what it covers is known without.
      const targets = entry.isGlobal ? [] : entry.load(context).targets;
      const state = entry.isOffByDefault ? 'off' : entry.makesMiddlewareSpansOnly ? 'with middleware spans' : 'on';
      return [`\`${entry.name}\``, describeModules(entry, targets), state];
    });
  return renderTable(['Instrumentation', 'Modules and versions', 'By default'], rows);
}

/** All that the files of test/libraries export, by library. */
export function libraryCases() {
  const sources = readdirSync(join(root, 'test/libraries')).filter((file) => file !== 'library-case.ts');
  return sources
    .map((file) => require(join(root, 'build/test/libraries', file.replace(/ts$/, 'js'))))
    .flatMap((exports) => Object.values(exports).filter(Array.isArray))
    .flat()
    .sort((a, b) => a.library.localeCompare(b.library, 'en'));
}

const METHOD = '(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)';
/** What http makes of the requests that the programs are driven by. */
const REQUEST = new RegExp(`^(?:CLIENT|SERVER) ${METHOD}$`);
const ROUTE = new RegExp(`^SERVER ${METHOD} /`);
const SHOWN_NAMES = 4;

/** Kinds and names of the spans in drawn traces, those of the library only: `CLIENT`: `SELECT items`, `BEGIN`. */
export function spansOf(traces) {
  const lines = traces.split('\n').map((line) => line.replace(/#.*$/, '').trim());
  const all = [...new Set(lines.map((line) => line.replace(/^\S+ /, '').replace(/ ERROR$/, '')))].filter(Boolean);
  const calls = all.filter((span) => !REQUEST.test(span));
  const own = calls.filter((span) => !ROUTE.test(span));
  const byKind = new Map();
  for (const span of [own, calls, all].find((spans) => spans.length > 0) ?? []) {
    const [kind] = span.split(' ', 1);
    byKind.set(kind, [...(byKind.get(kind) ?? []), span.slice(kind.length + 1)]);
  }
  return byKind;
}

function describeSpans({ scenario, gets }) {
  const kinds = [...spansOf(scenario.traces)].map(([kind, names]) => {
    const shown = names
      .slice(0, SHOWN_NAMES)
      .map((name) => `\`${name.replace(/ \S+:<port>$/, '').replaceAll('|', '\\|')}\``);
    return `${kind} ${[...new Set(shown)].join(', ')}${names.length > SHOWN_NAMES ? ', ...' : ''}`;
  });
  return gets ?? kinds.join('; ');
}

const listOf = (value) => (Array.isArray(value) ? value : [value]);

/** Oldest first; of several libraries, in their order. */
function versionsTried({ library, tried, others }) {
  const versions = (others?.folders ?? []).map((name) => require(`./node_modules/${name}/package.json`).version);
  const all = [...new Set([...tried, ...versions])];
  if (library.includes(', ')) return all.join(', ');
  return all.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).join(', ');
}

/** The ones that CI runs. */
function renderTried() {
  const rows = libraryCases().map((item) => {
    const forms = item.scenario.forms ?? ['cjs', 'mjs'];
    const has = (ending) => (forms.some((form) => form.endsWith(ending)) ? 'yes' : 'not tried');
    return [
      listOf(item.library.split(', '))
        .map((name) => `\`${name}\``)
        .join(', '),
      versionsTried(item),
      listOf(item.instrumentation)
        .map((name) => `\`${name}\``)
        .join(', '),
      describeSpans(item),
      item.double ? `${item.server} (test double)` : item.server,
      has('cjs'),
      has('mjs'),
    ];
  });
  const table = renderTable(
    ['Library', 'Versions tried', 'Traced by', 'Spans', 'Server', 'CommonJS', 'ES modules'],
    rows,
  );
  return `${table}\n\n${renderUntried()}`;
}

/** Why no case of test/libraries has them. */
const REASONS = {
  knex: 'its spans are those of the driver below it, which it is tried with above',
  mongoose: 'off by default, as mongodb makes the spans, which it is tried with above',
};

function renderUntried() {
  const { TABLE } = require('./build/src/instrumentation/table.js');
  const tried = new Set(libraryCases().flatMap(({ instrumentation }) => instrumentation));
  const untried = TABLE.map(({ name }) => name).filter((name) => !tried.has(name));
  const described = untried.sort().map((name) => `\`${name}\`${REASONS[name] ? ` (${REASONS[name]})` : ''}`);
  return `Without a row here: ${described.join(', ')}.`;
}

/** The text with what stands between the markers of that name replaced. */
function insert(text, name, content) {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [head, rest] = text.split(begin);
  return `${head}${begin}\n${content}\n${end}${rest.split(end)[1]}`;
}

/** The README with current tables. */
export function insertLibraryTable(readme) {
  return insert(insert(readme, 'libraries', renderInstrumentations()), 'tried', renderTried());
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = join(root, 'README.md');
  writeFileSync(file, insertLibraryTable(readFileSync(file, 'utf8')));
}
