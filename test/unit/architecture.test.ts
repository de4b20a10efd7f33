/**
 * The dependency rules of ARCHITECTURE.md, enforced: walks the imports of every source file (static, type-only and
 * lazily required ones) with the TypeScript parser.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import t from 'tap';
import ts from 'typescript';

const ROOT = join(__dirname, '../../..');

interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
  readonly isLazy: boolean;
}

interface Source {
  /** Path from the repository root with `/`. */
  readonly path: string;
  /** Without comments. */
  readonly code: string;
  readonly imports: readonly Import[];
}

function isTypeOnlyImport(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const named = clause.namedBindings;
  if (clause.name !== undefined || named === undefined || !ts.isNamedImports(named)) return false;
  return named.elements.every((element) => element.isTypeOnly);
}

function importOf(node: ts.Node): Import | undefined {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
    const specifier = (node.moduleSpecifier as ts.StringLiteral).text;
    return { specifier, isTypeOnly: isTypeOnlyImport(node), isLazy: false };
  }
  if (!ts.isCallExpression(node) || node.expression.getText() !== 'require') return undefined;
  const [argument] = node.arguments;
  if (argument === undefined || !ts.isStringLiteral(argument)) return undefined;
  return { specifier: argument.text, isTypeOnly: false, isLazy: true };
}

function parse(file: string): Source {
  const text = readFileSync(file, 'utf8');
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const imports: Import[] = [];
  const visit = (node: ts.Node): void => {
    const found = importOf(node);
    if (found !== undefined) imports.push(found);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  return { path: relative(ROOT, file).split(sep).join('/'), code, imports };
}

const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => parse(join(ROOT, 'src', file)))
  .concat(parse(join(ROOT, 'register.ts')));

/** Repository path of what a relative import means; undefined for packages. */
function resolveLocal(source: Source, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(source.path), specifier).replace(/\.js$/, '.ts');
}

/** First folder below src, or the file itself for the few files that lie directly in it. */
function partOf(path: string): string {
  const [, first = '', ...rest] = path.split('/');
  return rest.length === 0 ? first || path : first;
}

/** Parts that each part may import from; `types` = for types only. */
const RULES: Record<string, { readonly values?: readonly string[]; readonly types?: readonly string[] }> = {
  diag: {},
  config: { values: ['credentials.ts'], types: ['diag'] },
  hooks: { types: ['diag'] },
  instrumentation: {
    values: ['ended-span.ts', 'grpc-codes.ts', 'hooks', 'tracer-base.ts', 'version.ts'],
    types: ['config', 'diag', 'hooks'],
  },
  sdk: { values: ['ended-span.ts', 'tracer-base.ts', 'version.ts'], types: ['config', 'diag'] },
  pipeline: { types: ['config', 'diag', 'lifecycle', 'worker'] },
  worker: { values: ['credentials.ts', 'grpc-codes.ts', 'pipeline'], types: ['observation', 'pipeline'] },
  observation: { values: ['sdk'], types: ['config', 'diag', 'instrumentation', 'lifecycle', 'pipeline'] },
  watch: { values: ['hooks'], types: ['diag', 'instrumentation'] },
  processes: { values: ['instrumentation'], types: ['diag'] },
  neighbours: { values: ['hooks', 'instrumentation'], types: ['diag', 'hooks'] },
  bundlers: { values: ['hooks', 'instrumentation'] },
  lifecycle: {},
  cli: {
    values: ['config', 'diag', 'guard.ts', 'hooks', 'pipeline', 'sdk', 'version.ts', 'watch', 'worker'],
    types: ['config', 'diag', 'observation', 'pipeline', 'sdk', 'worker'],
  },
  viewer: { values: ['grpc-codes.ts'] },
  'guard.ts': {},
  'compiled.ts': {},
  'credentials.ts': {},
  'version.ts': {},
  'thread.ts': {},
  'ended-span.ts': {},
  'grpc-codes.ts': {},
  'tracer-base.ts': {},
  'index.ts': { values: ['version.ts'] },
};

/** The composition root: may import anything but the viewer and the command line program. */
const ROOTS = new Set(['agent.ts', 'start-tracing.ts', 'tracing.ts', 'register.ts']);

t.test('every part imports only what its rule allows', async (t) => {
  t.ok(sources.length > 30, `read ${sources.length} files`);
  for (const source of sources) {
    const part = partOf(source.path);
    for (const { specifier, isTypeOnly } of source.imports) {
      const target = resolveLocal(source, specifier);
      if (target === undefined) continue;
      const targetPart = partOf(target);
      if (targetPart === part) continue;
      if (ROOTS.has(part)) {
        t.notOk(['viewer', 'cli'].includes(targetPart), `${source.path} must not load ${specifier}`);
        continue;
      }
      const rule = RULES[part];
      const allowed = [...(rule?.values ?? []), ...(isTypeOnly ? (rule?.types ?? []) : [])];
      t.ok(allowed.includes(targetPart), `${source.path} imports ${isTypeOnly ? 'types of ' : ''}${specifier}`);
    }
  }
});

t.test('only src/sdk and the composition root load the SDK; instrumentation sees the API alone', async (t) => {
  for (const source of sources) {
    const part = partOf(source.path);
    for (const { specifier, isTypeOnly } of source.imports) {
      if (isTypeOnly) continue;
      if (/^@opentelemetry\/(sdk-|resources|core|context-)/.test(specifier)) {
        const isPlace = part === 'sdk' || part === 'tracing.ts' || source.path === 'src/worker/sdk-metrics.ts';
        t.ok(isPlace, `${source.path} loads ${specifier}`);
      }
    }
  }
});

t.test(
  'the exporting thread: only the worker and the in-process fallback load it, and nothing else loads the network',
  async (t) => {
    const network = /^(node:)?(http|https|http2|net|tls|dns|undici|@grpc\/grpc-js)$/;
    for (const source of sources) {
      const part = partOf(source.path);
      if (part === 'worker' || part === 'viewer' || part === 'cli') continue;
      for (const { specifier, isTypeOnly, isLazy } of source.imports) {
        // The instrumentation of http and https runs when the application has just loaded https, which loads http.
        if (isTypeOnly || (isLazy && source.path.startsWith('src/instrumentation/http/'))) continue;
        t.notMatch(specifier, network, `${source.path} loads ${specifier}`);
        const target = resolveLocal(source, specifier);
        if (target?.startsWith('src/worker/')) t.ok(isLazy, `${source.path} loads ${specifier} at once`);
      }
    }
  },
);

t.test('only src/config reads process.env and nobody writes it', async (t) => {
  for (const { path, code } of sources) {
    if (partOf(path) !== 'config') t.notMatch(code, /process\.env\b/, path);
    t.notMatch(code, /process\.env(\.\w+|\[[^\]]+\])\s*(=[^=]|\?\?=|\|\|=)/, `${path} writes process.env`);
  }
});

t.test('process events are touched by the lifecycle alone, stdout by nobody', async (t) => {
  for (const { path, code } of sources) {
    const part = partOf(path);
    if (part === 'viewer' || part === 'cli') continue;
    if (part !== 'lifecycle') t.notMatch(code, /process\.(on|once|addListener|prependListener)\(/, path);
    t.notMatch(code, /process\.stdout|console\.(log|info|debug|dir)\(/, path);
  }
});
