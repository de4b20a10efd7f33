/**
 * The same workload under the official instrumentation of mongodb and under ours: kind, name, parent and status of every
 * span, apart from the differences written down here, each with its reason.
 */
import t from 'tap';
import { outline, runWorkload } from '../helpers/databases.js';
import { caseOf, type LeanSpan } from '../helpers/lean.js';
import { mongodbOrSkip } from '../helpers/mongodb.js';

const FAILED = 'a write that the server refused has failed, although it answered with ok';
const HOUSEKEEPING = 'the end of sessions when a client closes is no command of the application';

const DIFFERENCES: Readonly<Record<string, string>> = {
  duplicate: FAILED,
  duplicates: FAILED,
  'duplicate in a bulk': FAILED,
  'connects by itself': HOUSEKEEPING,
  'small pool': HOUSEKEEPING,
  'by its name': HOUSEKEEPING,
};

const operationOf = ({ attributes, name }: LeanSpan): string => String(attributes['db.operation.name'] ?? name);

/** Cases in which the server decides what ends first. */
const RACING = new Set(['parallel']);

t.test('the official instrumentation and ours make the same traces', async (t) => {
  const server = await mongodbOrSkip(t);
  if (server === undefined) return;
  const official = await runWorkload(process.execPath, 'mongodb', 'official', 'mongodb', server.url);
  const own = await runWorkload(process.execPath, 'mongodb', 'own', 'mongodb', server.url);
  const names = Object.keys(own.cases);
  t.ok(names.length > 35);
  for (const name of Object.keys(DIFFERENCES)) t.ok(names.includes(name), name);
  for (const name of names) {
    const [ours, theirs] = [outline(own, name, operationOf), outline(official, name, operationOf)];
    const reason = DIFFERENCES[name];
    if (reason !== undefined) {
      t.notSame(ours, theirs, `${name}: ${reason}`);
      continue;
    }
    if (RACING.has(name)) {
      t.strictSame([...ours].sort(), [...theirs].sort(), name);
      continue;
    }
    t.strictSame(ours, theirs, name);
    for (const [index, span] of caseOf(official, name).spans.entries()) {
      // A pseudo collection where ours has the one that the command names, or else the database.
      if (!span.name.endsWith(' $cmd')) t.equal(caseOf(own, name).spans[index]?.name, span.name, name);
    }
  }
  t.strictSame(official.roots, [], 'outside of a trace the official instrumentation makes no span');
  t.equal(own.roots.length, 1);
});
