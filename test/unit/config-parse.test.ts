/** Each parsing rule: the last accepted and the first rejected text. */
import t from 'tap';
import { parseKeyValues } from '../../src/config/key-values.js';
import {
  type Parsed,
  parseBoolean,
  parseDuration,
  parseInteger,
  parseList,
  parseRatio,
  parseTimeout,
  parseWord,
} from '../../src/config/parse.js';
import { quote, redactUrl } from '../../src/config/redact.js';
import { editDistance, nearest, sameWords } from '../../src/config/suggest.js';

const result = <T>(parsed: Parsed<T>): T | string => (parsed.ok ? parsed.value : parsed.reason);
const isRejected = <T>(parsed: Parsed<T>): boolean => !parsed.ok;

t.test('boolean: true and false in any case, no other word', async (t) => {
  for (const text of ['true', 'TRUE', 'tRuE']) t.equal(result(parseBoolean(text)), true, text);
  for (const text of ['false', 'FALSE']) t.equal(result(parseBoolean(text)), false, text);
  for (const text of ['1', '0', 'yes', 'no', 'on', 'off', 'truee', 't', 'true false', 'true,true']) {
    t.equal(result(parseBoolean(text)), 'is neither true nor false', text);
  }
});

t.test('integer: decimal digits from the minimum to 2^31-1', async (t) => {
  t.equal(result(parseInteger('0')), 0);
  t.equal(result(parseInteger('2147483647')), 2147483647);
  t.equal(result(parseInteger('007')), 7);
  t.equal(result(parseInteger('1', 1)), 1);
  for (const text of [
    '2147483648',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x10',
    'Infinity',
    'NaN',
    '1 000',
    '1_000',
    '٣',
    '12px',
  ]) {
    t.ok(isRejected(parseInteger(text)), text);
  }
  t.equal(result(parseInteger('0', 1)), 'is not a whole number from 1 to 2147483647');
  t.ok(isRejected(parseInteger('9'.repeat(400))), 'more digits than a number holds');
});

t.test('duration: milliseconds without a unit; 0 stays 0', async (t) => {
  t.equal(result(parseDuration('0')), 0);
  t.equal(result(parseDuration('5000')), 5000);
  t.match(result(parseDuration('5s')), 'whole number of milliseconds');
  t.ok(isRejected(parseDuration('-1')));
});

t.test('timeout: 0 is no limit', async (t) => {
  t.equal(result(parseTimeout('0')), Number.POSITIVE_INFINITY);
  t.equal(result(parseTimeout('1')), 1);
  t.ok(isRejected(parseTimeout('-1')));
});

t.test('ratio: a decimal number from 0 to 1', async (t) => {
  for (const [text, value] of [
    ['0', 0],
    ['1', 1],
    ['1.0', 1],
    ['.5', 0.5],
    ['0.25', 0.25],
    ['1e-3', 0.001],
    ['1.', 1],
  ] as const) {
    t.equal(result(parseRatio(text)), value, text);
  }
  for (const text of ['1.0000001', '-0.1', '-0', '10%', '0,1', '1/10', 'NaN', 'Infinity', '0x1', '', '.', 'e1']) {
    t.equal(result(parseRatio(text)), 'is not a number from 0 to 1', JSON.stringify(text));
  }
});

t.test('word: any case, other spellings, a suggestion for a near one', async (t) => {
  const allowed = ['gzip', 'none'];
  t.equal(result(parseWord('GZip', allowed)), 'gzip');
  t.equal(result(parseWord('Off', allowed, { off: 'none' })), 'none');
  t.equal(result(parseWord('gzipp', allowed)), 'is not known (did you mean gzip?)');
  t.equal(result(parseWord('deflate', allowed)), 'is not one of gzip, none');
  t.ok(isRejected(parseWord('constructor', allowed, { off: 'none' })), 'names of Object.prototype are no spellings');
});

t.test('list: trimmed, without empty elements and repetitions', async (t) => {
  t.same(parseList(' a, b ,a,,c , '), ['a', 'b', 'c']);
  t.same(parseList(' , ,'), []);
});

t.test('key=value list: percent-decoded, trimmed, first "=" separates', async (t) => {
  const rules = { check: () => undefined, valueOf: (text: string) => text };
  const { entries, bad } = parseKeyValues(' a = 1 ,b=%2C%3D%25,, c%20d = x=y ,e=, 100%=1,f=%zz,g,=h', rules);
  t.same(
    [...entries],
    [
      ['a', '1'],
      ['b', ',=%'],
      ['c d', 'x=y'],
      ['e', ''],
    ],
  );
  t.same(
    bad.map(({ position, key }) => [position, key]),
    [
      [6, undefined],
      [7, 'f'],
      [8, undefined],
      [9, undefined],
    ],
  );
});

t.test('edit distance stops at its limit', async (t) => {
  t.equal(editDistance('', 'ab', 2), 2);
  t.equal(editDistance('kitten', 'sitting', 5), 3);
  t.equal(editDistance('kitten', 'sitting', 2), 3);
  t.equal(editDistance('otpl', 'otlp', 2), 1, 'two neighbours swapped are one edit');
  t.equal(editDistance('abcd', 'dcba', 3), 3, 'two replaced, two swapped');
  t.equal(editDistance('abc', 'abcdef', 2), 3);
});

t.test('nearest: two edits, one for short words, the nearest of several', async (t) => {
  t.equal(nearest('tracecontxt', ['baggage', 'tracecontext']), 'tracecontext');
  t.equal(nearest('trcecontxt', ['tracecontext']), 'tracecontext');
  t.equal(nearest('trcecntxt', ['tracecontext']), undefined);
  t.equal(nearest('b4', ['b3', 'b3multi']), 'b3');
  t.equal(nearest('jms', ['dns']), undefined);
  t.equal(nearest('mysql3', ['mysql', 'mysql2']), 'mysql');
  t.equal(sameWords('OTEL_TRACES_EXPORTER_OTLP', ['OTEL_EXPORTER_OTLP_TRACES']), 'OTEL_EXPORTER_OTLP_TRACES');
});

t.test('quoted texts stay on one line and short', async (t) => {
  t.equal(quote('a\nb\u001b[31m"'), '"a\\nb\\u001b[31m\\""');
  t.equal(quote('\u009b\u202e\u2028'), '"\\u009b\\u202e\\u2028"');
  t.equal(quote('x'.repeat(120)).length, 122);
  t.equal(quote('x'.repeat(121)).length, 123);
});

t.test('URLs in messages hold no credentials and no query', async (t) => {
  for (const [url, shown] of [
    ['http://c:4318/v1', 'http://c:4318/v1'],
    ['https://user:secret@c:4318/v1', 'https://***@c:4318/v1'],
    ['https://user:se/c@ret@c', 'https://***@c'],
    ['user:secret@c:4318', '***@c:4318'],
    ['http:/user:secret@c', '***@c'],
    ['https://c/?key=secret', 'https://c/?***'],
    ['https://c/?key=sec@ret', 'https://***@ret'],
    [`${'?'.repeat(100_000)}@c`, '***@c'],
    ['https://c/#secret', 'https://c/?***'],
  ] as const) {
    t.equal(redactUrl(url), shown, url);
  }
});
