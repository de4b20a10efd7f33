/** The registry between hook and instrumentations: lazy, once, and harmless when anything in it fails. */
import { trace } from '@opentelemetry/api';
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import { createLog } from '../../src/diag/log.js';
import type { PackageIdentity } from '../../src/hooks/module-identity.js';
import { patchMethod } from '../../src/instrumentation/patch.js';
import { createRegistry } from '../../src/instrumentation/registry.js';
import type { TableEntry } from '../../src/instrumentation/table.js';
import type { PatchTarget } from '../../src/instrumentation/types.js';

const MAIN = '/app/node_modules/lib/index.js';

function identity(version: string): PackageIdentity {
  return { name: 'lib', baseDir: '/app/node_modules/lib', version, mainFile: MAIN };
}

function setUp(targets: PatchTarget[], extra: Partial<TableEntry> = {}, checksShape = false) {
  const lines: string[] = [];
  let loads = 0;
  const entry: TableEntry = {
    name: 'lib',
    modules: ['lib'],
    load: () => {
      loads += 1;
      return { targets, checksShape };
    },
    ...extra,
  };
  const registry = createRegistry([entry], {
    tracerProvider: trace.getTracerProvider(),
    config: loadConfig({}).config,
    log: createLog('all', { write: (line) => lines.push(line) }),
  });
  return { registry, lines, loads: () => loads };
}

const replace = (exports: unknown) => ({ patched: exports });

t.test('the thunk runs at the first file of the package, once', async (t) => {
  const { registry, loads } = setUp([{ module: 'lib', versions: ['^1.0.0'], patch: replace }]);
  t.ok(registry.wantsPackage('lib'));
  t.notOk(registry.wantsPackage('other'));
  t.equal(loads(), 0);
  const inner = { inner: true };
  t.equal(registry.onPackageFile(identity('1.2.3'), '/app/node_modules/lib/inner.js', inner), inner);
  t.strictSame(registry.onPackageFile(identity('1.2.3'), MAIN, 'main'), { patched: 'main' });
  t.equal(loads(), 1);
  t.ok(registry.report.applied.has('lib'));
});

t.test('a patch that fails half way leaves nothing behind', async (t) => {
  const patch = (exports: unknown): unknown => {
    patchMethod(exports as object, 'first', () => () => 'patched');
    patchMethod(exports as object, 'missing', () => () => 'patched');
    return exports;
  };
  const { registry, lines } = setUp([{ module: 'lib', versions: ['^1.0.0'], patch }], {}, true);
  for (const version of ['1.0.0', '2.0.0']) {
    const exports = { first: () => 'original' };
    const before = Object.getOwnPropertyDescriptors(exports);
    t.equal(registry.onPackageFile(identity(version), MAIN, exports), exports);
    t.strictSame(Object.getOwnPropertyDescriptors(exports), before, version);
  }
  t.match(lines, [/missing is not a function/, /missing is not a function/]);
});

t.test('a file target is matched by its path inside the package', async (t) => {
  const { registry } = setUp([{ module: 'lib', file: 'deep/file.js', versions: ['*'], patch: replace }]);
  t.equal(registry.onPackageFile(identity('9.9.9'), MAIN, 'main'), 'main');
  t.strictSame(registry.onPackageFile(identity('9.9.9'), '/app/node_modules/lib/deep/file.js', 'deep'), {
    patched: 'deep',
  });
});

t.test('a facade over a package that was patched is no unsupported version', async (t) => {
  const targets = [
    { module: 'lib', versions: ['^1.0.0'], patch: replace },
    { module: 'inner', versions: ['*'], patch: replace },
  ];
  const { registry, lines } = setUp(targets, { modules: ['lib', 'inner'] });
  const inner = {
    name: 'inner',
    baseDir: '/app/node_modules/inner',
    version: '2.0.0',
    mainFile: '/app/node_modules/inner/x.js',
  };
  registry.onPackageFile(inner, inner.mainFile, {});
  registry.onPackageFile(identity('2.0.0'), MAIN, {});
  t.strictSame(lines, []);
  t.match(registry.report.libraries.list(), [
    { module: 'inner', state: 'patched' },
    { module: 'lib', state: 'loaded' },
  ]);
});

t.test('the last accepted and the first rejected version', async (t) => {
  const { registry, lines } = setUp([{ module: 'lib', versions: ['>=1.5.0 <3'], patch: replace }]);
  t.equal(registry.onPackageFile(identity('1.4.9'), MAIN, 'main'), 'main');
  t.strictSame(registry.onPackageFile(identity('1.5.0'), MAIN, 'main'), { patched: 'main' });
  t.strictSame(registry.onPackageFile(identity('2.99.99'), MAIN, 'main'), { patched: 'main' });
  t.equal(registry.onPackageFile(identity('3.0.0'), MAIN, 'main'), 'main');
  registry.onPackageFile(identity('3.0.0'), MAIN, 'main');
  t.strictSame(lines, [
    'trace-agent warn TA2001: lib 1.4.9 is not traced: supported is >=1.5.0 <3\n',
    'trace-agent warn TA2001: lib 3.0.0 is not traced: supported is >=1.5.0 <3\n',
  ]);
});

t.test('a newer release is tried when the patch checks what it finds', async (t) => {
  const patch = (exports: unknown) => {
    if (exports !== 'as expected') throw new TypeError('no such method');
    return { patched: exports };
  };
  const { registry, lines } = setUp([{ module: 'lib', versions: ['>=1.5.0 <3', '^3.2.0'], patch }], {}, true);
  t.strictSame(registry.onPackageFile(identity('4.0.0'), MAIN, 'as expected'), { patched: 'as expected' });
  t.equal(registry.onPackageFile(identity('5.0.0-rc.1'), MAIN, 'otherwise'), 'otherwise');
  t.equal(registry.onPackageFile(identity('5.0.0-rc.1'), MAIN, 'otherwise'), 'otherwise');
  t.equal(registry.onPackageFile(identity('1.0.0'), MAIN, 'as expected'), 'as expected', 'older ones are not');
  t.equal(registry.onPackageFile(identity('3.1.0'), MAIN, 'as expected'), 'as expected', 'nor those in a gap');
  t.strictSame(lines, [
    'trace-agent info TA2020: lib 4.0.0 is newer than the supported >=1.5.0 <3 || ^3.2.0; it looks the same and is traced\n',
    'trace-agent warn TA2001: lib 5.0.0-rc.1 is newer than the supported >=1.5.0 <3 || ^3.2.0 and looks different: left as it is (TypeError: no such method)\n',
    'trace-agent warn TA2001: lib 1.0.0 is not traced: supported is >=1.5.0 <3 || ^3.2.0\n',
    'trace-agent warn TA2001: lib 3.1.0 is not traced: supported is >=1.5.0 <3 || ^3.2.0\n',
  ]);
});

t.test('a patch that throws leaves the exports, the next one still runs, one line says so', async (t) => {
  const fail = (): never => {
    throw new Error('unexpected shape');
  };
  const { registry, lines } = setUp([
    { module: 'lib', versions: [], patch: fail },
    { module: 'lib', versions: [], patch: replace },
  ]);
  t.strictSame(registry.onPackageFile(identity('1.0.0'), MAIN, 'main'), { patched: 'main' });
  t.strictSame(lines, ['trace-agent warn TA2003: instrumentation lib left lib unpatched: Error: unexpected shape\n']);
});

t.test('an instrumentation that cannot be loaded is tried once', async (t) => {
  let tries = 0;
  const { registry, lines } = setUp([], {
    load: () => {
      tries += 1;
      throw new Error('broken package');
    },
  });
  t.equal(registry.onPackageFile(identity('1.0.0'), MAIN, 'main'), 'main');
  t.equal(registry.onPackageFile(identity('1.0.0'), MAIN, 'main'), 'main');
  t.equal(tries, 1);
  t.strictSame(lines, ['trace-agent warn TA2002: instrumentation lib could not be loaded: Error: broken package\n']);
});

t.test('a patch that returns nothing means the same exports', async (t) => {
  const { registry } = setUp([{ module: 'lib', versions: [], patch: () => undefined }]);
  t.equal(registry.onPackageFile(identity('1.0.0'), MAIN, 'main'), 'main');
});
