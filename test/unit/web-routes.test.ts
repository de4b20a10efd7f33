/**
 * The table of route shapes: each row of test/fixtures/web declares an application, makes one request to it over HTTP,
 * and says which route the one span has that there is.
 *
 *   GET /shop/:tenant/items/:item (SERVER)
 */
import t, { type Test } from 'tap';
import { ERROR, UNSET } from '../helpers/lean.js';
import { type NodeBinary, nodeEnds } from '../helpers/node-versions.js';
import { expectedName, type RoutesReport, type RowResult, runRoutes, withoutStacks } from '../helpers/routes.js';

interface Family {
  /** A file of test/fixtures/web. */
  readonly name: string;
  /** Lowest and newest releases, and those between in which something changed; the newest last. */
  readonly packages: readonly string[];
  /** Rows that are there at least. */
  readonly rows: number;
  /** The newest is not for older Node.js. */
  readonly minNode?: number;
}

const FAMILIES: readonly Family[] = [
  { name: 'express', packages: ['express48', 'express416', 'express4', 'express50', 'express'], rows: 85 },
  { name: 'router', packages: ['router10', 'router1', 'router20', 'router'], rows: 85 },
  {
    name: 'koa',
    packages: [
      'koa20+koa-router7+koa-mount3',
      'koa2+koa-router12+koa-mount3',
      'koa2+koa-router+koa-mount',
      'koa+@koa/router+koa-mount',
    ],
    rows: 50,
    minNode: 20,
  },
  { name: 'connect', packages: ['connect30', 'connect'], rows: 24 },
  { name: 'fastify', packages: ['fastify40', 'fastify4', 'fastify50', 'fastify'], rows: 17, minNode: 20 },
  { name: 'hapi', packages: ['hapi20', '@hapi/hapi'], rows: 19 },
  { name: 'mixed', packages: ['express+koa+connect'], rows: 10, minNode: 20 },
  { name: 'restify', packages: ['restify'], rows: 15 },
  { name: 'nest', packages: ['@nestjs/core+express', '@nestjs/core+fastify'], rows: 14, minNode: 20 },
];

function checkRow(t: Test, { row, saw, server, others }: RowResult): void {
  const what = `${row.name}: ${row.request}\n${row.declared}`;
  t.equal(saw.status, row.status, what);
  t.equal(server.length, 1, what);
  t.strictSame(others, [], what);
  const [span] = server;
  t.equal(span?.name, expectedName(row), what);
  t.equal(span?.attributes['http.route'], row.route, what);
  t.equal(span?.status.code, row.status >= 500 ? ERROR : UNSET, what);
  const events = row.error === undefined ? [] : [{ name: 'exception', type: row.error }];
  t.strictSame(span?.events, events, what);
}

function checkReport(t: Test, report: RoutesReport, bare: RoutesReport): void {
  t.equal(report.open, 0, 'every span has ended');
  t.strictSame(report.messages, [], 'nothing went wrong');
  t.strictSame(withoutStacks(report.results), withoutStacks(bare.results), 'clients get what they get bare');
}

async function testPackages(t: Test, { node }: NodeBinary, family: Family, packages: string): Promise<void> {
  const [bare, own] = await Promise.all([
    runRoutes(node, 'bare', family.name, packages),
    runRoutes(node, 'own', family.name, packages),
  ]);
  t.ok(own.results.length >= family.rows, `${own.results.length} rows`);
  checkReport(t, own, bare);
  for (const result of own.results) checkRow(t, result);
  if (packages !== family.packages.at(-1)) return;
  const unsampled = await runRoutes(node, 'unsampled', family.name, packages);
  checkReport(t, unsampled, bare);
  for (const { row, server, others } of unsampled.results) t.strictSame([...server, ...others], [], row.name);
}

for (const binary of nodeEnds()) {
  for (const family of FAMILIES) {
    if (family.minNode !== undefined && binary.major < family.minNode) continue;
    for (const packages of family.packages) {
      t.test(`${packages} on Node ${binary.version}`, (t) => testPackages(t, binary, family, packages));
    }
  }
}

t.test('the route finds its way to the official http instrumentation as well', async (t) => {
  for (const { name, packages } of FAMILIES) {
    const newest = packages.at(-1) ?? '';
    const { results, messages } = await runRoutes(process.execPath, 'own under official http', name, newest);
    t.strictSame(messages, []);
    for (const { row, server } of results) {
      // It knows neither the request that metadata belongs to, nor errors.
      if (row.name === 'a parameter callback answers' || row.name === 'an injected request inside of another') continue;
      t.equal(server[0]?.name, expectedName(row), `${newest}, ${row.name}`);
    }
  }
});
