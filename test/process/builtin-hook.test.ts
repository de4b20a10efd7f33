/**
 * The hook of `require` tells of the built-ins that require-in-the-middle tells of, in the same order, and is gone after
 * the last one; a `require()` of an ES module is no exception where Node.js can do that.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isAtLeast, type NodeBinary, nodeLines } from '../helpers/node-versions.js';
import { FIXTURES } from '../helpers/paths.js';
import { runApp } from '../helpers/run-app.js';

interface Case {
  readonly files: Readonly<Record<string, string>>;
  readonly told: readonly string[];
  readonly result: unknown;
  readonly needs?: (node: NodeBinary) => boolean;
}

const hasGetter = (node: NodeBinary): boolean => isAtLeast(node, 22, 3) || (node.major === 20 && node.minor >= 16);

const CASES: Readonly<Record<string, Case>> = {
  'with and without the prefix, cached ones, and those that nobody wants': {
    files: { 'main.cjs': `for (const id of ['fs', 'node:http', 'http', 'node:dns', 'dns', 'net']) require(id);` },
    told: ['http', 'dns'],
    result: {},
  },
  'in a file that is required, before it goes on': {
    files: {
      'main.cjs': `module.exports = [require('./inner.cjs'), typeof require('https').get];`,
      'inner.cjs': `module.exports = typeof require('http').get;`,
    },
    told: ['http', 'https'],
    result: ['function', 'function'],
  },
  'all of them: nothing stays': {
    files: { 'main.cjs': `for (const id of ['http2', 'https', 'http', 'dns']) require(id);` },
    told: ['http2', 'https', 'http', 'dns'],
    result: {},
  },
  'by createRequire': {
    files: { 'main.cjs': `require('node:module').createRequire(__filename)('http');` },
    told: ['http'],
    result: {},
  },
  'by getBuiltinModule': {
    files: { 'main.cjs': `module.exports = typeof process.getBuiltinModule('node:http').get;` },
    told: ['http'],
    result: 'function',
    needs: hasGetter,
  },
  'what is not there, with the error of Node.js': {
    files: {
      'main.cjs': `
        const codes = [];
        for (const id of ['not-there', './neither', '', 5]) try { require(id); } catch (error) { codes.push(error.code); }
        module.exports = codes;`,
    },
    told: [],
    result: ['MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_INVALID_ARG_VALUE', 'ERR_INVALID_ARG_TYPE'],
  },
};

async function testCase(t: Test, { node }: NodeBinary, { files, told, result }: Case): Promise<void> {
  const folder = t.testdir();
  mkdirSync(folder, { recursive: true });
  for (const [name, source] of Object.entries(files)) writeFileSync(join(folder, name), source);
  const app = runApp({
    node,
    file: join(FIXTURES, 'builtin-hook/both.cjs'),
    args: [join(folder, 'main.cjs')],
    preload: 'none',
  });
  await app.exited;
  const seen = JSON.parse(app.stdout() || `"${app.stderr()}"`) as Record<string, unknown> & {
    ours: [string, string][];
  };
  t.strictSame(
    seen.ours.map(([name]) => name),
    told,
    'what is told',
  );
  t.strictSame(seen.ours, seen.theirs, 'as require-in-the-middle tells it');
  t.strictSame(seen.result, result, 'what the application gets');
  t.equal(seen.isSameShape, true, 'the functions look like those of Node.js');
  t.equal(seen.isRemoved, told.length === 4, 'taken out after the last one');
}

for (const node of nodeLines()) {
  t.test(`Node ${node.version}`, async (t) => {
    for (const [name, item] of Object.entries(CASES)) {
      if (item.needs?.(node) !== false) t.test(name, (t) => testCase(t, node, item));
    }
  });
}
