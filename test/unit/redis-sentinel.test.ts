/**
 * A server that clients find by a sentinel: the spans are those of its commands, with its own address, and there are none
 * for what a client asks sentinels, now and again.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type DatabaseReport, describeRedisSpan, runWorkload, steady } from '../helpers/databases.js';
import { caseOf } from '../helpers/lean.js';
import { findProgram, startServer } from '../helpers/server-process.js';
import { serverOrSkip } from '../helpers/servers.js';

const EXPECTED = {
  command: ['GET | GET a'],
  transaction: ['MULTI GET x2 | GET a'],
  'wrong type': ['SET | SET text ?', 'LPUSH | LPUSH text ? ! WRONGTYPE'],
};

const LEASE = { lease: ['GET | GET a', 'GET | GET a'] };

const LIBRARIES: readonly (readonly [name: string, expected: Readonly<Record<string, readonly string[]>>])[] = [
  ['redis50', { ...EXPECTED, ...LEASE }],
  ['redis', { ...EXPECTED, ...LEASE }],
  ['redis6', { ...EXPECTED, ...LEASE }],
  ['ioredis4', EXPECTED],
  ['ioredis', EXPECTED],
  ['ioredis6', EXPECTED],
];

t.test('sentinels', async (t) => {
  const server = await serverOrSkip(t, 'redis');
  const command = findProgram('redis-server');
  if (server === undefined || command === undefined) return;
  const { port, stop } = await startServer('redis-sentinel', ({ folder, port }) => {
    const file = join(folder, 'sentinel.conf');
    writeFileSync(file, `port ${port}\nsentinel monitor shop 127.0.0.1 ${server.port} 1\n`);
    // It writes down there what it learns, maybe from another account.
    chmodSync(file, 0o666);
    return { command, args: [file, '--sentinel'], ready: /\+monitor master shop/ };
  });
  t.teardown(stop);
  for (const [library, expected] of LIBRARIES) {
    await t.test(library, async (t) => {
      const run = (variant: 'own' | 'bare'): Promise<DatabaseReport> =>
        runWorkload(process.execPath, 'redis-sentinel', variant, library, `${port}`);
      const report = await run('own');
      t.equal(report.open, 0, 'no span stays open');
      t.strictSame(report.messages, [], 'nothing of ours failed');
      t.strictSame(report.connecting, [], 'finding the server is no command');
      t.strictSame(report.strays, [], 'nor is looking for it again');
      const bare = await run('bare');
      for (const [name, spans] of Object.entries(expected)) {
        const found = caseOf(report, name);
        const upper = found.spans
          .map(describeRedisSpan)
          .map((text) => text.replace(/\b(?:get|set|lpush)\b/g, (word) => word.toUpperCase()));
        t.strictSame(upper, spans, name);
        for (const span of found.spans) {
          t.equal(span.name, `${span.attributes['db.operation.name']} 127.0.0.1:${server.port}`, name);
          t.equal(span.parentSpanId, found.parent.spanId, name);
        }
        t.equal(steady(found.result), steady(caseOf(bare, name).result), `${name}: the same result`);
      }
    });
  }
});
