/**
 * Builds dist/, the published package: bundles of our sources and the official packages, tree-shaken from their ESM
 * builds. Rules:
 *   - every `require()` call in our sources is a lazy load and becomes a file of its own;
 *   - `@opentelemetry/api` is in the agent's own file, where every other part finds it: one file less to load at start;
 *     the public functions have a copy of their own: they are used in processes without the agent, too;
 *   - the base package of the official instrumentations is one shared file in which require-in-the-middle and
 *     import-in-the-middle are inert: our hook is the only one;
 *   - the base package's shimmer is replaced by ours, whose wrappers look like what they wrap;
 *   - import-in-the-middle's loader keeps its own layout (it refers to its register.js by URL);
 *   - the table of variables is written down as plain data: it is put together here, not at every start.
 */
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
/** Source maps: for whoever reads a stack trace, not part of the package. */
const maps = join(root, 'maps');
const require = createRequire(join(root, 'package.json'));

const API = '@opentelemetry/api';
const BASE = '@opentelemetry/instrumentation';
const OFFICIAL = /^@opentelemetry\/instrumentation-(.+)$/;
const AGENT = 'agent';
const PUBLIC = 'index';
const SHARED = new Map([[BASE, 'instrumentations/base']]);
/** CommonJS packages that nearly every official instrumentation uses whole: one file each instead of forty copies. */
const SHARED_BY_OFFICIAL = new Map([
  ['@opentelemetry/semantic-conventions', 'instrumentations/semantic-conventions'],
  ['@opentelemetry/core', 'instrumentations/core'],
]);
const LOADER = 'import-in-the-middle';
/** In the place of the base package's own, which leaves marks on what it wraps. */
const QUIET_SHIMMER = join(root, 'src/instrumentation/official.ts');

/** Entries still to build: output name (without extension) -> input. */
const queue = new Map();
const done = new Set();
const inputs = new Set();

function enqueue(output, input) {
  if (!done.has(output) && !queue.has(output)) queue.set(output, input);
  return output;
}

/** Output name of something that our sources load lazily. */
function chunkFor(specifier, importer) {
  const shared = SHARED.get(specifier) ?? SHARED_BY_OFFICIAL.get(specifier);
  if (shared !== undefined) return enqueue(shared, specifier);
  const official = OFFICIAL.exec(specifier);
  if (official !== null) return enqueue(`instrumentations/${official[1]}`, specifier);
  if (specifier.startsWith('.') || isAbsolute(specifier)) {
    const source = resolve(dirname(importer), specifier).replace(/\.js$/, '.ts');
    const name = relative(join(root, 'src'), source).replace(/\.ts$/, '');
    return enqueue(
      name.replace(/^instrumentation\/(.+)\/patch$/, 'instrumentations/own-$1').replace(/^instrumentation\//, ''),
      source,
    );
  }
  return enqueue(`vendor/${specifier.replace(/^@/, '').replaceAll('/', '-')}`, specifier);
}

/** How the stand-in for the API names the file that has it. */
const AGENT_FILE = 'trace-agent:agent';

/** Each name is read once: through a namespace object every use on the hot path would be the call of a getter. */
const asConstants = (api) =>
  [
    `const api = ${api};`,
    'const read = (name) => api[name];',
    ...Object.keys(require(API))
      .filter((name) => name !== 'default')
      .map((name) => `export const ${name} = /* @__PURE__ */ read('${name}');`),
  ].join('\n');

/** What every process parses: fewer bytes are less time. */
const STARTED_ALWAYS = new Set([AGENT, 'tracing', 'worker']);

const LAZY_CLOCK = {
  define: { performance: 'lazyPerformance' },
  inject: [join(root, 'src/sdk/lazy-performance.ts')],
};

/** The rows of all variables, which are made of several lists. */
const ROWS = join(root, 'src/config/variables/rows.ts');

function withoutDocumentation(rows) {
  const entries = Object.entries(rows).map(([name, { description, source, defaultNote, ...row }]) => [name, row]);
  return Object.fromEntries(entries);
}

/** JavaScript for what rows are made of. */
function asSource(value) {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'function' || value instanceof RegExp) throw new TypeError(`no data: ${value}`);
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(asSource).join()}]`;
  const known = Object.entries(value).filter(([, property]) => property !== undefined);
  return `{${known.map(([name, property]) => `${JSON.stringify(name)}:${asSource(property)}`).join()}}`;
}

async function renderRows() {
  const { outputFiles } = await build({ ...COMMON, entryPoints: [ROWS], format: 'cjs', write: false });
  const module = { exports: {} };
  new Function('module', 'exports', outputFiles[0].text)(module, module.exports);
  const { VARIABLES, laterRows } = module.exports;
  return [
    `export const VARIABLES = ${asSource(withoutDocumentation(VARIABLES))};`,
    `export const laterRows = () => (${asSource(withoutDocumentation(laterRows()))});`,
  ].join('\n');
}

const isOurs = (importer) => importer.startsWith(join(root, 'src')) || importer === join(root, 'register.ts');

function splitting(output) {
  const toFile = (chunk) => {
    const path = relative(dirname(join(dist, output)), join(dist, chunk));
    return path.startsWith('.') ? `${path}.js` : `./${path}.js`;
  };
  const isOfficial = output.startsWith('instrumentations/') && !output.startsWith('instrumentations/own-');
  const api = `require(${JSON.stringify(AGENT_FILE)}).${isOfficial ? 'officialApi()' : 'api'}`;
  return {
    name: 'splitting',
    setup(context) {
      context.onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
        if (kind === 'entry-point' || path.startsWith('node:')) return undefined;
        if (path === AGENT_FILE) return { path: toFile(AGENT), external: true };
        if (path === API && output !== AGENT && output !== PUBLIC) {
          return { path, namespace: kind === 'import-statement' ? 'api' : 'api-commonjs' };
        }
        if (kind === 'require-resolve') return { path: `./${LOADER}/hook.mjs`, external: true };
        if (path === LOADER && isOurs(importer)) return { path: `./${LOADER}/index.js`, external: true };
        if (kind === 'require-call' && isOurs(importer) && !require('node:module').isBuiltin(path)) {
          return { path: toFile(chunkFor(path, importer)), external: true };
        }
        const shared = SHARED.get(path) ?? (isOfficial ? SHARED_BY_OFFICIAL.get(path) : undefined);
        if (shared !== undefined && shared !== output) {
          return { path: toFile(chunkFor(path, importer)), external: true };
        }
        if (output === SHARED.get(BASE) && (path === 'require-in-the-middle' || path === LOADER)) {
          return { path, namespace: 'inert' };
        }
        // Wrapped functions look like the originals, and nothing is written to the application's stderr.
        if (importer.includes(`${BASE}/build/esm/`) && /(^|\/)shimmer$/.test(path))
          return { path: toFile(chunkFor(QUIET_SHIMMER, importer)), external: true };
        if (importer.includes(`${BASE}/build/esm/`) && /(^|\/)utils$/.test(path) && !importer.startsWith('quiet:')) {
          return { path: resolve(dirname(importer), `${path}.js`), namespace: 'quiet' };
        }
        return undefined;
      });
      context.onLoad({ filter: /rows\.ts$/ }, async ({ path }) =>
        path === ROWS ? { contents: await rows } : undefined,
      );
      context.onLoad({ filter: /.*/, namespace: 'api' }, () => ({
        contents: asConstants(api),
        loader: 'js',
        resolveDir: root,
      }));
      context.onLoad({ filter: /.*/, namespace: 'api-commonjs' }, () => ({
        contents: `module.exports = ${api};`,
        loader: 'js',
        resolveDir: root,
      }));
      context.onLoad({ filter: /.*/, namespace: 'quiet' }, ({ path }) => ({
        contents: `export * from ${JSON.stringify(path)}; export { isWrapped } from ${JSON.stringify('./shimmer')};`,
        loader: 'js',
        resolveDir: dirname(path),
      }));
      context.onLoad({ filter: /.*/, namespace: 'inert' }, () => ({
        contents: 'class Hook { unhook() {} }\nmodule.exports = Hook; module.exports.Hook = Hook;',
        loader: 'js',
      }));
    },
  };
}

const COMMON = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  mainFields: ['module', 'main'],
  conditions: ['module'],
  // Its ES module build wraps lines in the middle of words.
  alias: { cliui: join(root, 'node_modules/cliui/build/index.cjs') },
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  legalComments: 'none',
  // Node.js prints the whole source line of an uncaught exception.
  lineLimit: 120,
  metafile: true,
  logLevel: 'warning',
};

async function buildChunk(output, input) {
  const result = await build({
    ...COMMON,
    entryPoints: [{ in: input, out: output }],
    outdir: dist,
    format: 'cjs',
    sourcemap: 'external',
    target: output === 'register' ? 'es2015' : 'node18.19',
    // Names of functions and classes are seen by applications where they stand in for somebody else's: not there.
    minifyIdentifiers: STARTED_ALWAYS.has(output),
    ...(output === 'tracing' ? LAZY_CLOCK : {}),
    plugins: [splitting(output)],
  });
  for (const file of Object.keys(result.metafile.inputs)) inputs.add(file);
  const map = join(maps, `${output}.js.map`);
  await mkdir(dirname(map), { recursive: true });
  await rename(join(dist, `${output}.js.map`), map);
}

async function buildLoader() {
  const folder = dirname(require.resolve(`${LOADER}/package.json`));
  const target = join(dist, LOADER);
  await mkdir(join(target, 'lib'), { recursive: true });
  await cp(join(folder, 'lib/register.js'), join(target, 'lib/register.js'));
  const main = await build({
    ...COMMON,
    entryPoints: [join(folder, 'index.js')],
    outfile: join(target, 'index.js'),
    format: 'cjs',
    target: 'node18.19',
    external: ['./lib/register', './lib/register.js'],
  });
  const loader = await build({
    ...COMMON,
    entryPoints: [join(folder, 'hook.mjs')],
    outfile: join(target, 'hook.mjs'),
    format: 'esm',
    target: 'node18.19',
  });
  for (const { metafile } of [main, loader]) for (const file of Object.keys(metafile.inputs)) inputs.add(file);
}

/** The types of the public API: the entries' own, which refer to nothing else. */
function writeTypes() {
  const options = { declaration: true, emitDeclarationOnly: true, rootDir: join(root, 'src'), outDir: dist };
  const target = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.Node16, types: ['node'] };
  const entries = ['index', 'version', 'bundlers/esbuild', 'bundlers/webpack'];
  const program = ts.createProgram(
    entries.map((entry) => join(root, `src/${entry}.ts`)),
    { ...options, ...target },
  );
  for (const entry of entries) program.emit(program.getSourceFile(join(root, `src/${entry}.ts`)));
}

/** One file with the licence of every package whose code is in the bundles. */
async function writeNotice() {
  const folders = new Set();
  for (const file of inputs) {
    const match = /^(?:quiet:)?(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file);
    if (match !== null) folders.add(relative(root, resolve(root, match[1])));
  }
  const sections = [];
  for (const folder of [...folders].sort()) {
    const manifest = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
    let text = '';
    for (const name of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license', 'LICENCE']) {
      text ||= await readFile(join(root, folder, name), 'utf8').catch(() => '');
    }
    sections.push({ title: `${manifest.name} ${manifest.version} (${manifest.license})`, text: text.trim() });
  }
  const byText = Map.groupBy ? Map.groupBy(sections, (section) => section.text) : groupByText(sections);
  const parts = [...byText].map(([text, group]) => `${group.map((section) => section.title).join('\n')}\n\n${text}\n`);
  const rule = `\n${'-'.repeat(80)}\n\n`;
  const head = 'This package contains code of the packages listed below, each under its own licence.\n';
  await writeFile(join(dist, 'THIRD-PARTY-NOTICES.txt'), [head, ...parts].join(rule));
}

function groupByText(sections) {
  const groups = new Map();
  for (const section of sections) groups.set(section.text, [...(groups.get(section.text) ?? []), section]);
  return groups;
}

const rows = renderRows();
for (const folder of [dist, maps]) await rm(folder, { recursive: true, force: true });
enqueue('register', join(root, 'register.ts'));
enqueue(PUBLIC, join(root, 'src/index.ts'));
enqueue('worker', join(root, 'src/worker/main.ts'));
for (const name of ['esbuild', 'webpack', 'webpack-loader']) {
  enqueue(`bundlers/${name}`, join(root, `src/bundlers/${name}.ts`));
}
enqueue('trace-agent', join(root, 'src/cli/main.ts'));
while (queue.size > 0) {
  const [output, input] = queue.entries().next().value;
  queue.delete(output);
  done.add(output);
  await buildChunk(output, input);
}
await buildLoader();
writeTypes();
await writeNotice();
