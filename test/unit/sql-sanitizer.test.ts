/** No literal of a query survives masking, and nothing else is lost. Random queries carry canaries as literals. */
import t from 'tap';
import { analyse } from '../../src/instrumentation/sql/analyse.js';

const CANARY = 'cAnArY';
const NUMBER = '40417302';

/** mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const COMMON = [
  `'${CANARY}'`,
  `'it''s ${CANARY}'`,
  `'-- ${CANARY}'`,
  `'/* ${CANARY}'`,
  NUMBER,
  `-${NUMBER}.5`,
  `${NUMBER}e3`,
];
const LITERALS = {
  postgresql: [...COMMON, `E'\\'${CANARY}'`, `$$ ${CANARY} $$`, `$q$ ${CANARY} ' $q$`, `B'1010'`, `U&'${CANARY}'`],
  sqlite: [...COMMON, `X'${CANARY}'`, `'\\' || '${CANARY}'`],
  'oracle.db': [...COMMON, `q'[it's ${CANARY}]'`, `NQ'!'${CANARY}'!'`, `Q'{${CANARY}}'`, `N'${CANARY}'`],
  mysql: [...COMMON, `"${CANARY}"`, `'\\'${CANARY}'`, `"a""${CANARY}"`, `0x${NUMBER}`, `_utf8'${CANARY}'`],
} as const;

const SHAPES = [
  (a: string, b: string) => `SELECT name FROM items WHERE id = ${a} AND kind IN (${b}, ${a})`,
  (a: string, b: string) => `INSERT INTO items (a, b) VALUES (${a}, ${b}), (${b}, ${a})`,
  (a: string, b: string) => `UPDATE items SET a = ${a} -- ${CANARY}\n WHERE b=${b}`,
  (a: string, b: string) => `DELETE FROM items WHERE a=${a} /* ${CANARY} ${NUMBER} */ OR b>${b}`,
  (a: string, b: string) => `WITH x AS (SELECT ${a}) SELECT * FROM x WHERE y LIKE ${b}`,
];

function pick<T>(random: () => number, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T;
}

for (const dialect of ['postgresql', 'mysql', 'sqlite', 'oracle.db'] as const) {
  t.test(`${dialect}: no literal of 5,000 random queries survives`, async (t) => {
    const random = createRandom(7);
    const survivors: string[] = [];
    for (let round = 0; round < 5000; round += 1) {
      const literals = LITERALS[dialect];
      const query = pick(random, SHAPES)(pick(random, literals), pick(random, literals));
      const { sanitized } = analyse(query, dialect);
      if (sanitized.includes(CANARY) || sanitized.includes(NUMBER)) survivors.push(`${query} -> ${sanitized}`);
      else if (!/items|x/.test(sanitized)) survivors.push(`lost the table: ${query} -> ${sanitized}`);
    }
    t.strictSame(survivors, []);
  });

  t.test(`${dialect}: cut anywhere, a query shows no literal and masking does not throw`, async (t) => {
    const random = createRandom(11);
    const survivors: string[] = [];
    for (let round = 0; round < 2000; round += 1) {
      const query = pick(random, SHAPES)(pick(random, LITERALS[dialect]), pick(random, LITERALS[dialect]));
      const cut = query.slice(0, Math.floor(random() * query.length));
      const { sanitized } = analyse(cut, dialect);
      if (sanitized.includes(CANARY)) survivors.push(`${cut} -> ${sanitized}`);
    }
    t.strictSame(survivors, []);
  });
}

t.test('SQLite has names in double quotes, parameters with names, and no text in dollars', async (t) => {
  const { sanitized, summary } = analyse(`SELECT "a" FROM "b" WHERE c = $c AND d = 'x''$$' -- $$ 'y'`, 'sqlite');
  t.equal(sanitized, 'SELECT "a" FROM "b" WHERE c = $c AND d = ?');
  t.equal(summary, 'SELECT "b"');
});

t.test('Oracle has texts whose quotes are chosen, parameters with names, and columns that are called q', async (t) => {
  const text = `SELECT q FROM "Items" WHERE a = :a AND b = q'(it's)' AND c = nq'<x'>' AND q='y' AND d = :1`;
  const { sanitized, summary } = analyse(text, 'oracle.db');
  t.equal(sanitized, 'SELECT q FROM "Items" WHERE a = :a AND b = ? AND c = ? AND q=? AND d = :1');
  t.equal(summary, 'SELECT "Items"');
  t.equal(analyse(`SELECT q'(it's`, 'oracle.db').sanitized, 'SELECT ?', 'without an end it may hold anything');
  t.equal(analyse(`SELECT q'`, 'oracle.db').sanitized, 'SELECT ?');
});

t.test('a parameterised query is not changed', async (t) => {
  for (const query of [
    'SELECT name FROM items WHERE id = $1 AND "kind" = $2',
    'SELECT data->\'a\' FROM "Items"'.replace("'a'", '$1'),
    'INSERT INTO shop.items (id) VALUES ($1) RETURNING id',
  ]) {
    t.equal(analyse(query, 'postgresql').sanitized, query);
  }
  t.equal(analyse('SELECT `a` FROM `b` WHERE c = ?', 'mysql').sanitized, 'SELECT `a` FROM `b` WHERE c = ?');
});

t.test('a megabyte of quotes takes no time to speak of and leaks nothing', async (t) => {
  for (const text of [
    "'".repeat(1_000_000),
    `'${'a'.repeat(1_000_000)}`,
    '('.repeat(1_000_000),
    '$'.repeat(1_000_000),
  ]) {
    t.ok(analyse(text, 'postgresql').sanitized.length <= 8200);
  }
});
