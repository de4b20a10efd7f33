/** Libraries are recognised in a bundle by literals that survive minification, and nothing else is. */
import { join } from 'node:path';
import { build } from 'esbuild';
import t from 'tap';
import { inspectBundle } from '../../src/watch/bundle.js';
import { ROOT } from '../helpers/paths.js';

/** The package as it is installed here, and its name. */
const PACKAGES: Readonly<Record<string, string>> = {
  express: 'express',
  'express4/': 'express',
  '@grpc/grpc-js': '@grpc/grpc-js',
  ioredis: 'ioredis',
  mongodb: 'mongodb',
  mysql2: 'mysql2',
  pg: 'pg',
  redis: '@redis/client',
};

async function bundle(name: string, outfile: string, minify: boolean): Promise<void> {
  const external = [
    'pg-native',
    'kerberos',
    'snappy',
    'mongodb-client-encryption',
    '@mongodb-js/zstd',
    'aws4',
    'socks',
  ];
  const stdin = { contents: `globalThis.library = require('${name}');`, resolveDir: ROOT };
  await build({ stdin, outfile, minify, bundle: true, platform: 'node', external, logLevel: 'silent' });
}

t.test('each library is found in its own minified bundle, and no other one', async (t) => {
  for (const [name, found] of Object.entries(PACKAGES)) {
    const file = join(t.testdir(), 'app.js');
    await bundle(name, file, true);
    const packages = (await inspectBundle(file))?.packages ?? [];
    // Some of them have paths of their developers' tools in their texts.
    const known = packages.filter((found) => Object.values(PACKAGES).includes(found));
    t.strictSame(known, [found], name);
  }
});

t.test('a bundle that keeps the names of its files shows what it was made of', async (t) => {
  const file = join(t.testdir(), 'app.js');
  await bundle('pg', file, false);
  const finding = await inspectBundle(file);
  t.ok(finding?.packages.includes('pg'));
  t.ok(finding?.packages.includes('pg-pool'));
});

t.test('an ordinary file is no bundle, whatever it mentions', async (t) => {
  const folder = t.testdir({
    'small.js': "// node_modules/pg/ is mentioned\nrequire('pg');",
    'large.js': `// ${'x'.repeat(100_000)}\nrequire('./server');`,
  });
  for (const name of ['small.js', 'large.js', 'missing.js']) {
    t.equal(await inspectBundle(join(folder, name)), undefined, name);
  }
});
