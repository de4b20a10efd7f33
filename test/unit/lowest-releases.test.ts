/**
 * The lowest supported release of every library that an own instrumentation is for runs in CI: what the manifests declare
 * against test/libraries/lowest.ts, lock files, and the sources of the tests.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { minVersion } from 'semver';
import t from 'tap';
import { isInPlainRange } from '../../src/instrumentation/plain-range.js';
import { FIXTURES, ROOT } from '../helpers/paths.js';
import * as data from '../libraries/data.js';
import { type LibraryCase, LOWEST_FIXTURE, locked } from '../libraries/library-case.js';
import { FRAMEWORKS, LOWEST, NOT_IN_CI } from '../libraries/lowest.js';
import { MESSAGING } from '../libraries/messaging.js';

const INSTRUMENTATION = join(ROOT, 'src/instrumentation');
const read = (...path: string[]): string => readFileSync(join(...path), 'utf8');

/** Every `{ module, versions }` in a manifest, however deep. */
function* declaredIn(value: unknown): Generator<[module: string, range: string]> {
  if (typeof value !== 'object' || value === null) return;
  const { module, versions } = value as { module?: unknown; versions?: readonly string[] };
  if (typeof module === 'string' && versions !== undefined) yield [module, versions.join(' || ')];
  for (const inner of Object.values(value)) yield* declaredIn(inner);
}

const folders = readdirSync(INSTRUMENTATION, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const withCode = folders
  .map(({ name }) => name)
  .filter((name) => ['patch.ts', 'libraries.ts'].some((file) => existsSync(join(INSTRUMENTATION, name, file))));
const declared = new Map(
  withCode.flatMap((name) => [
    ...declaredIn(require(join(ROOT, 'build/src/instrumentation', name, 'manifest.js')) as unknown),
  ]),
);

/** Programs of the fixture that some test runs. */
const programs = new Set([
  ...Object.keys(FRAMEWORKS),
  ...[...Object.values(data).filter(Array.isArray), MESSAGING]
    .flatMap((cases) => cases as readonly LibraryCase[])
    .flatMap(({ scenario, lowest }) => (lowest === undefined ? [] : [lowest.name ?? scenario.name])),
]);

t.test('every library that is patched has a lowest release that CI runs, or a reason', async (t) => {
  t.ok(declared.size > 25, `${declared.size} libraries`);
  const known = [...Object.keys(LOWEST), ...Object.keys(NOT_IN_CI)];
  // Of Node.js itself, and told by a channel: no module of it is patched.
  const others = ['undici'];
  t.strictSame(known.filter((module) => !others.includes(module)).sort(), [...declared.keys()].sort());
});

t.test('every range is plain: semver is not loaded for it', async (t) => {
  for (const [module, ranges] of declared) {
    for (const range of ranges.split(' || ')) t.not(isInPlainRange('1.2.3', range), undefined, `${module} ${range}`);
  }
});

t.test('it is the first of the range', async (t) => {
  for (const [module, { folder, fixture }] of Object.entries(LOWEST)) {
    const [version] = locked([folder], fixture);
    t.equal(version, minVersion(declared.get(module) ?? '')?.version, `${module} ${declared.get(module)}`);
  }
});

t.test('a test runs it', async (t) => {
  for (const [module, { folder, fixture, source, by }] of Object.entries(LOWEST)) {
    if (fixture !== LOWEST_FIXTURE) {
      const named = new RegExp(`['+]${folder}['+]`);
      t.match(read(ROOT, 'test', source), named, `${module}: ${source} names ${folder}`);
      continue;
    }
    t.match(read(FIXTURES, fixture, source), `require('${by}')`, `${module}: ${source}`);
    t.ok(programs.has(source.replace(/\.cjs$/, '')), `${module}: a test runs ${source}`);
  }
});
