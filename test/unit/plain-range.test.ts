/** Every answer about a plain range is semver's. */
import { satisfies } from 'semver';
import t from 'tap';
import { isInPlainRange } from '../../src/instrumentation/plain-range.js';

const NUMBERS = [0, 1, 2, 9, 10, 11, 100];
const RELEASES = NUMBERS.flatMap((major) =>
  NUMBERS.flatMap((minor) => NUMBERS.map((patch) => `${major}.${minor}.${patch}`)),
);
const PLAIN = ['>=1.2.3 <4', '>=0.10.2 <2', '>=2', '<10', '>=1.9 <10.0.1', '>=10.0.0 <9', '>=9.100.0 <11.2', '>=0.0.0'];
const NOT_PLAIN = [
  '*',
  '',
  '^1.2.3',
  '~1',
  '1.x',
  '1 - 3',
  '>1',
  '<=2',
  '>=1.2.3-beta <2',
  '>=1 || <3',
  '>= 1',
  '=1.0.0',
];

t.test('releases in plain ranges', async (t) => {
  for (const range of PLAIN) {
    const differing = RELEASES.filter(
      (version) => isInPlainRange(version, range) !== satisfies(version, range, { includePrerelease: true }),
    );
    t.strictSame(differing, [], range);
  }
});

t.test('what only semver can tell', async (t) => {
  for (const range of NOT_PLAIN) t.equal(isInPlainRange('1.2.3', range), undefined, `range ${range}`);
  for (const version of ['1.2.3-beta.1', '1.2.3+build', '1.2', '1', '', 'v1.2.3', '1.2.3.4', '1..3', 'workspace:*']) {
    t.equal(isInPlainRange(version, '>=1.0.0 <2'), undefined, `version ${version}`);
  }
});
