/**
 * The same workloads of pg and mysql2 under the official instrumentations and under ours, told to record texts and
 * messages as they are: kind, parent, name, status, attributes and events of every span, apart from the differences written
 * down here, each with its reason. A difference that is not here fails; so does one that has gone.
 */
import t, { type Test } from 'tap';
import { caseOf, ERROR, type LeanSpan } from '../helpers/lean.js';
import { serverOrSkip } from '../helpers/servers.js';
import { clientSpans, folderOf, parentOf, runSql, type SqlCase, type SqlReport } from '../helpers/sql.js';
import { type Facts, MYSQL2, PG, type Workload } from '../helpers/sql-differences.js';

function outline(found: SqlCase): string[] {
  return clientSpans(found).map((span) => {
    const { 'error.type': type } = span.attributes;
    const failure = span.status.code === ERROR ? ` ERROR ${type ?? span.status.message}` : '';
    return `${span.name} of ${parentOf(span, found)}${failure}`;
  });
}

function factsOf(span: LeanSpan, found: SqlCase): Facts {
  const { name, kind, status, events, attributes } = span;
  // Ids of connections differ from run to run.
  const text = String(attributes['db.query.text']).replace(/^KILL \d+$/, 'KILL 1');
  return { ...attributes, 'db.query.text': text, name, kind, status, events, parent: parentOf(span, found) };
}

/** In the order of their texts: what ends first is not always the same. */
function allFacts(found: SqlCase): Facts[] {
  const text = (facts: Facts): string => String(facts['db.query.text'] ?? facts.name);
  return clientSpans(found)
    .map((span) => factsOf(span, found))
    .sort((a, b) => text(a).localeCompare(text(b)));
}

function compareSpans(t: Test, workload: Workload, name: string, official: SqlCase, own: SqlCase, seen: Set<string>) {
  const errors = [...(workload.errors[name] ?? [])];
  const ours = allFacts(own);
  const all = allFacts(official);
  t.equal(ours.length, all.length, `${name}: as many spans`);
  t.equal(official.open, 0, `${name}: all have ended`);
  for (const [index, theirs] of all.entries()) {
    const mine = ours[index] ?? {};
    const error = (theirs.status as LeanSpan['status']).code === ERROR ? errors.shift() : undefined;
    for (const what of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
      const difference = workload.differences.find((item) => item.what === what);
      const expected = difference === undefined ? theirs[what] : difference.own(mine, error);
      t.strictSame(mine[what], expected, `${name}: ${what}`);
      if (difference === undefined) continue;
      t.strictSame(
        theirs[what],
        difference.official(theirs, error),
        `${name}: ${what}, official: ${difference.reason}`,
      );
      if (JSON.stringify(mine[what]) !== JSON.stringify(theirs[what])) seen.add(what);
    }
  }
  t.strictSame(errors, [], `${name}: every failure that is listed`);
}

function compare(t: Test, workload: Workload, official: SqlReport, own: SqlReport): void {
  const seen = new Set<string>();
  t.equal(Object.keys(own.cases).length, workload.count);
  t.strictSame(Object.keys(own.cases), Object.keys(official.cases));
  for (const name of [...Object.keys(workload.others), ...Object.keys(workload.errors)]) caseOf(own, name);
  for (const [name, ours] of Object.entries(own.cases)) {
    const theirs = caseOf(official, name) as SqlCase;
    const other = workload.others[name];
    if (other === undefined) compareSpans(t, workload, name, theirs, ours, seen);
    else {
      const found = { official: outline(theirs), own: outline(ours), open: theirs.open, reason: other.reason };
      t.strictSame(found, other, `${name}: ${other.reason}`);
      t.notSame(found.own, found.official, `${name}: is another`);
    }
  }
  for (const { what } of workload.differences) t.ok(seen.has(what), `${what} still differs`);
}

/** Ours as it is by default: the same but for texts and messages, which may quote values. */
function compareMasked(t: Test, { masked }: Workload, official: SqlReport, unmasked: SqlReport, own: SqlReport): void {
  for (const [name, { official: theirs, own: ours }] of Object.entries(masked)) {
    t.match(
      allFacts(caseOf(official, name) as SqlCase),
      [theirs],
      `${name}: what the official instrumentation records`,
    );
    t.match(allFacts(caseOf(own, name) as SqlCase), [ours], `${name}: what ours does`);
  }
  const rest = ({ 'db.query.text': _text, status, events: _events, ...facts }: Facts) => {
    return { ...facts, code: (status as LeanSpan['status']).code };
  };
  for (const [name, found] of Object.entries(own.cases)) {
    const plain = clientSpans(caseOf(unmasked, name)).map((span) =>
      rest(factsOf(span, unmasked.cases[name] as SqlCase)),
    );
    const spans = clientSpans(found).map((span) => rest(factsOf(span, found)));
    t.strictSame(spans, plain, `${name}: the same but for texts and messages`);
  }
}

for (const [name, workload] of Object.entries({ pg: PG, mysql2: MYSQL2 })) {
  t.test(`the official instrumentation of ${name} and ours make the same traces`, async (t) => {
    const server = await serverOrSkip(t, workload.server);
    if (server === undefined) return;
    const run = (variant: string) =>
      runSql(process.execPath, `${name}.cjs`, variant, folderOf(name), server.url, ...workload.args);
    const official = await run('official');
    const unmasked = await run('unmasked');
    compare(t, workload, official, unmasked);
    compareMasked(t, workload, official, unmasked, await run('own'));
  });
}
