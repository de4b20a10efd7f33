import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { mayImport } from '../../src/hooks/commonjs-hook.js';
import { inspectEntry } from '../../src/hooks/entry.js';
import { identify, isPackageEntry, packageNameOf, relativeFile } from '../../src/hooks/module-identity.js';
import { hasUsableLoadHooks } from '../../src/hooks/support.js';

function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

t.test('synchronous hooks are used from the first release that accepts an empty CommonJS source', async (t) => {
  for (const version of ['22.22.3', '22.23.0', '24.11.1', '24.21.0', '25.1.0', '26.0.0', '27.0.0-nightly']) {
    t.ok(hasUsableLoadHooks(version), version);
  }
  for (const version of ['18.19.1', '20.20.2', '22.15.0', '22.22.2', '23.11.1', '24.11.0', '25.0.0']) {
    t.notOk(hasUsableLoadHooks(version), version);
  }
});

t.test('the package of a file is the innermost one', async (t) => {
  t.equal(packageNameOf('/app/node_modules/pg/lib/index.js'), 'pg');
  t.equal(packageNameOf('/app/node_modules/@grpc/grpc-js/build/src/index.js'), '@grpc/grpc-js');
  t.equal(packageNameOf('/app/node_modules/.pnpm/pg@8.0.0/node_modules/pg/lib/index.js'), 'pg');
  t.equal(packageNameOf('/app/node_modules/a/node_modules/b/x.js'), 'b');
  t.equal(packageNameOf('/app/src/pg/index.js'), undefined);
  t.equal(packageNameOf('/app/node_modules/stray.js'), undefined);
});

t.test('identity finds version, main file and the path inside the package', async (t) => {
  const folder = t.testdir();
  write(folder, {
    'node_modules/plain/package.json': '{"name":"plain","version":"1.2.3","main":"lib"}',
    'node_modules/plain/lib/index.js': '',
    'node_modules/mapped/package.json':
      '{"name":"mapped","version":"2.0.0","exports":{".":{"import":"./esm.mjs","require":"./cjs.js"}}}',
    'node_modules/mapped/cjs.js': '',
    'node_modules/mapped/esm.mjs': '',
  });
  const main = join(folder, 'node_modules/plain/lib/index.js');
  const plain = identify(main, 'plain');
  t.match(plain, { name: 'plain', version: '1.2.3', mainFile: main });
  t.equal(relativeFile(plain, main), 'lib/index.js');
  const mapped = identify(join(folder, 'node_modules/mapped/esm.mjs'), 'mapped');
  t.equal(mapped.mainFile, join(folder, 'node_modules/mapped/cjs.js'));
  t.ok(isPackageEntry(mapped, join(folder, 'node_modules/mapped/esm.mjs')));
  t.notOk(isPackageEntry(mapped, join(folder, 'node_modules/mapped/other.mjs')));
});

t.test('a dynamic import is seen, a type import and a longer name are not', async (t) => {
  for (const source of [
    "import('x')",
    '  import ( name )',
    "const a = await import('x')",
    "f(import('x'))",
    "() => {import('x')}",
    "/* it's */ import('x') // 'quoted",
    "const url = 'http://host/*'; import('x')",
    ['const text = `$', '{await import("x")}`'].join(''),
    "const pattern = /https?:\\/\\//; import('x')",
  ]) {
    t.ok(mayImport(source), source);
  }
  for (const source of [
    "require('x')",
    "/** @type {import('x').Y} */",
    "/** @type {Exclude<import('.'), false>} */ module.exports = 1",
    "/**\n * @param {{ options: import('../x').Y, isZ: boolean }} a\n * it's import('x')\n */",
    "// TODO: use import('.')",
    "log('no import(x) here')",
    "reimport('x')",
    'a.import(1)',
  ]) {
    t.notOk(mayImport(source), source);
  }
});

t.test('the entry tells its package and its module system', async (t) => {
  const folder = t.testdir();
  write(folder, {
    'cjs/package.json': '{"name":"shop-api","version":"3.1.0"}',
    'cjs/src/server.js': 'const http = require("http")',
    'cjs/src/modern.js': 'import http from "http";\n',
    'cjs/src/app.mjs': '',
    'esm/package.json': '{"name":"shop-esm","type":"module"}',
    'esm/server.js': '',
    'esm/old.cjs': '',
  });
  const inspect = (file: string) => inspectEntry(join(folder, file), []);
  t.match(inspect('cjs/src/server.js'), { isEsm: false, package: { name: 'shop-api', version: '3.1.0' } });
  t.equal(inspect('cjs/src/server').isEsm, false, 'without its extension');
  t.equal(inspect('cjs/src/modern.js').isEsm, true, 'by its syntax');
  t.equal(inspect('cjs/src/app.mjs').isEsm, true);
  t.match(inspect('esm/server.js'), { isEsm: true, package: { name: 'shop-esm' } });
  t.equal(inspect('esm/old.cjs').isEsm, false);
  t.match(inspect('missing.js'), { file: undefined, isEsm: false });
  t.match(inspectEntry(undefined, ['--input-type=module']), { file: undefined, package: undefined, isEsm: true });
});
