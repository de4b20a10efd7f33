/**
 * What a query is called, `INSERT shipping_details SELECT orders`, and how such descriptions are remembered: once for each
 * text, in bounded memory.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { analyse, MAX_TEXT_LENGTH, type QueryDescription } from '../../src/instrumentation/sql/analyse.js';
import { createDescribeQuery } from '../../src/instrumentation/sql/describe.js';
import type { Dialect } from '../../src/instrumentation/sql/scanner.js';

type Examples = Readonly<Record<string, readonly (readonly [text: string, summary: string | undefined])[]>>;

const POSTGRESQL: Examples = {
  'several tables': [
    ['SELECT * FROM songs, artists WHERE songs.artist_id = artists.id', 'SELECT songs artists'],
    ['SELECT * FROM songs AS s, artists a, shop.albums', 'SELECT songs artists shop.albums'],
    ['SELECT * FROM a AS x(b, c), d ORDER BY e, f', 'SELECT a d'],
    ['TRUNCATE TABLE a, b', 'TRUNCATE a b'],
  ],
  JOIN: [
    ['SELECT * FROM songs s JOIN artists a ON s.artist = a.id', 'SELECT songs artists'],
    ['SELECT * FROM a LEFT OUTER JOIN b USING (id) CROSS JOIN c NATURAL JOIN d', 'SELECT a b c d'],
    ['SELECT * FROM a LEFT JOIN (b INNER JOIN c ON true) ON true', 'SELECT a b c'],
    ['UPDATE a SET b = c FROM d, e JOIN f ON true', 'UPDATE a d e f'],
    ['DELETE FROM a USING b, c WHERE a.id = b.id', 'DELETE a b c'],
  ],
  'SELECT in another': [
    [
      'SELECT order_date FROM (SELECT * FROM orders o JOIN customers c ON o.customer_id = c.customer_id)',
      'SELECT SELECT orders customers',
    ],
    ['SELECT (SELECT count(*) FROM orders) FROM customers', 'SELECT SELECT orders customers'],
    ['SELECT * FROM a, (SELECT 1) x, b', 'SELECT a SELECT b'],
    ['DELETE FROM a WHERE id IN (SELECT id FROM b)', 'DELETE a SELECT b'],
    ['SELECT a FROM t1 UNION ALL SELECT b FROM t2', 'SELECT t1 SELECT t2'],
  ],
  'INSERT ... SELECT': [
    [
      'INSERT INTO shipping_details (order_id, address) SELECT order_id, address FROM orders WHERE order_id = $1',
      'INSERT shipping_details SELECT orders',
    ],
    ['INSERT INTO a (b) VALUES (1), (2) ON CONFLICT (id) DO UPDATE SET x = excluded.x', 'INSERT a'],
    ['CREATE TEMP TABLE x AS SELECT * FROM y', 'CREATE TABLE x SELECT y'],
  ],
  'common table expressions': [
    ['WITH recent AS (SELECT * FROM orders) SELECT * FROM recent', 'SELECT orders SELECT recent'],
    [
      'WITH moved AS (DELETE FROM products WHERE old RETURNING *) INSERT INTO log SELECT * FROM moved',
      'DELETE products INSERT log SELECT moved',
    ],
    ['WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) SELECT sum(n) FROM t', 'SELECT t SELECT t'],
    ['WITH a AS MATERIALIZED (SELECT 1), b AS (SELECT 2 FROM c) SELECT * FROM a, b', 'SELECT SELECT c SELECT a b'],
  ],
  'as the application wrote it': [
    [`SELECT * FROM "song list", public."Artists"`, `SELECT "song list" public."Artists"`],
    ['SELECT * FROM "a""b", "from"', 'SELECT "a""b" "from"'],
    ['select * from Items i', 'select Items'],
    ['/* FROM x */ SELECT * -- FROM y\n FROM z', 'SELECT z'],
    [`SELECT 'from a', $$ FROM b $$ FROM c`, 'SELECT c'],
  ],
  'FROM without a table': [
    ['SELECT EXTRACT(year FROM created), trim(both from y), substring(z from 1 for 2) FROM items', 'SELECT items'],
    ['SELECT * FROM a WHERE b IS DISTINCT FROM c', 'SELECT a'],
    ['SELECT * FROM ROWS FROM (a(1), b(2)) x, c', 'SELECT a b c'],
    ['SELECT * FROM rows', 'SELECT rows'],
  ],
  'several statements': [['BEGIN; SELECT 1; UPDATE a SET b = 2; COMMIT', 'BEGIN SELECT UPDATE a COMMIT']],
  'nothing that would be a guess': [
    ['', undefined],
    [' ; ', undefined],
    ['SELEC * FROM a', undefined],
    [`'SELECT' FROM a`, undefined],
  ],
};

const MYSQL: Examples = {
  'as the application wrote it': [
    ['SELECT * FROM `song list`, `shop`.`artists`', 'SELECT `song list` `shop`.`artists`'],
    ['SELECT * FROM "a text" , b', 'SELECT b'],
  ],
  JOIN: [
    ['SELECT * FROM a STRAIGHT_JOIN b', 'SELECT a b'],
    ['DELETE a FROM a INNER JOIN b WHERE true', 'DELETE a b'],
    ['UPDATE LOW_PRIORITY a, b SET a.x = b.x', 'UPDATE a b'],
  ],
  'words with two meanings': [
    ['SELECT REPLACE(a, ?, ?) FROM d', 'SELECT d'],
    ['REPLACE INTO a SELECT * FROM b', 'REPLACE a SELECT b'],
    ['INSERT IGNORE INTO a SET b = 1 ON DUPLICATE KEY UPDATE b = 2', 'INSERT a'],
  ],
};

const DIALECTS: readonly (readonly [Dialect, Examples])[] = [
  ['postgresql', POSTGRESQL],
  ['mysql', MYSQL],
];

for (const [dialect, groups] of DIALECTS) {
  for (const [group, examples] of Object.entries(groups)) {
    t.test(`${dialect}, ${group}`, async (t) => {
      for (const [text, summary] of examples) t.equal(analyse(text, dialect).summary, summary, text);
    });
  }
}

t.test('a summary has 255 characters at most, and ends with a whole name', async (t) => {
  const summaryOf = (...names: string[]) => analyse(`SELECT * FROM ${names.join(', ')}`, 'postgresql').summary;
  // `SELECT a ` takes nine.
  const [fits, isTooLong] = ['n'.repeat(246), 'n'.repeat(247)];
  t.equal(summaryOf('a', fits), `SELECT a ${fits}`);
  t.equal(summaryOf('a', fits)?.length, 255);
  t.equal(summaryOf('a', isTooLong), 'SELECT a');
  t.equal(summaryOf('a', isTooLong, 'b'), 'SELECT a', 'nothing behind what is missing');
  t.equal(summaryOf(`"${'n'.repeat(300)}"`), 'SELECT');
});

t.test('the summary of a text that is cut has no half of a name', async (t) => {
  const start = 'SELECT * FROM first, ';
  const blanks = ' '.repeat(MAX_TEXT_LENGTH - start.length - 'sec'.length);
  const whole = analyse(`${start}${blanks}sec`, 'postgresql');
  t.strictSame([whole.summary, whole.length], ['SELECT first sec', MAX_TEXT_LENGTH]);
  const cut = analyse(`${start}${blanks}second`, 'postgresql');
  t.strictSame([cut.summary, cut.length], ['SELECT first', MAX_TEXT_LENGTH - 'sec'.length]);
});

/** A text of that length. */
function textOf(id: number, length: number): string {
  const start = `SELECT ${id} FROM items_${id} -- `;
  return start + 'x'.repeat(length - start.length);
}

t.test('a text is described once', async (t) => {
  const describe = createDescribeQuery('postgresql');
  const first = describe('SELECT 1 FROM items');
  t.strictSame(first, analyse('SELECT 1 FROM items', 'postgresql'));
  t.equal(describe(['SELECT 1', 'FROM items'].join(' ')), first, 'the same text, another string');
  t.not(describe('SELECT 2 FROM items'), first);
  t.not(createDescribeQuery('mysql')('SELECT 1 FROM items'), first, 'by one dialect');
  const longest = textOf(1, MAX_TEXT_LENGTH);
  t.equal(describe(longest), describe(longest));
  t.not(describe(`${longest}x`), describe(`${longest}x`), 'a text that is cut is not kept');
});

t.test('what is asked for again stays, whatever else comes', async (t) => {
  const describe = createDescribeQuery('postgresql');
  const [used, left] = [describe('SELECT * FROM used'), describe('SELECT * FROM left_alone')];
  for (let id = 0; id < 2_000; id++) {
    describe(textOf(id, 1_000));
    if (id % 100 === 0) t.equal(describe('SELECT * FROM used'), used);
  }
  t.not(describe('SELECT * FROM left_alone'), left);
});

t.test('not more is kept than half a million characters of texts', async (t) => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const describe = createDescribeQuery('postgresql');
  const length = 1_000;
  const made: WeakRef<QueryDescription>[] = [];
  for (let id = 0; id < 5_000; id++) made.push(new WeakRef(describe(textOf(id, length))));
  await nextTurn();
  gc();
  const kept = made.filter((reference) => reference.deref() !== undefined).length;
  t.ok(kept >= 200 && kept * length <= 500_000, `${kept} of 5,000`);
  t.equal(describe(textOf(4_999, length)), made.at(-1)?.deref(), 'the last is one of them');
});
