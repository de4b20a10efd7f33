/**
 * The README's table of supported libraries, made from the table of instrumentations and what each package declares.
 * `node scripts/library-table.mjs` (after a build) rewrites the README between its markers; a test compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const BEGIN = '<!-- libraries: begin -->';
const END = '<!-- libraries: end -->';

/** Ranges that one module is patched in, in the order declared. */
function rangesOf(targets, module) {
  const ranges = new Set(targets.filter((target) => target.module === module).flatMap((target) => target.versions));
  ranges.delete('*');
  return [...ranges].join(' or ').replaceAll('||', 'or').replaceAll('|', '\\|');
}

function describeModules(entry, targets) {
  if (entry.isGlobal) return '`fetch`, `undici` >=5';
  if (entry.patchesApplicationFiles) return 'the handler of an AWS Lambda';
  if (entry.isBuiltin) return entry.modules.map((module) => `\`${module}\``).join(', ');
  return entry.modules.map((module) => `\`${module}\` ${rangesOf(targets, module)}`).join(', ');
}

/** The table's Markdown. Loads every instrumentation. */
export function renderLibraryTable() {
  const require = createRequire(join(root, 'package.json'));
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
      return `| \`${entry.name}\` | ${describeModules(entry, targets)} | ${state} |`;
    });
  return ['| Instrumentation | Modules and versions | By default |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The README with a current table. */
export function insertLibraryTable(readme) {
  const [head, rest] = readme.split(BEGIN);
  const tail = rest.split(END)[1];
  return `${head}${BEGIN}\n${renderLibraryTable()}\n${END}${tail}`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = join(root, 'README.md');
  writeFileSync(file, insertLibraryTable(readFileSync(file, 'utf8')));
}
