/**
 * What the comparisons of both Redis clients with their official instrumentations have in common: short ways to write spans
 * and differences, and how a run of one is laid beside a run of the other.
 */
import type { Test } from 'tap';
import type { DatabaseReport } from './databases.js';
import { Comparison, compareCase, type Difference, factsOf, withoutPorts } from './differences.js';
import { caseOf, type LeanCase } from './lean.js';

export const BATCH =
  'one span with its size for a transaction or a pipeline, as the convention asks, instead of one a command';
const CODE = 'the code that an error of the server starts with, as the convention wants it';
const TEXT = 'the convention: keys as they are, values as `?`; the official one has counts, and values of scripts';
const NAME = 'the convention: `{operation} {target}`, without the library';
const EVENT = 'an error of the server is an answer, and its code is on the span';

/** Each of `SET, GET!` is a span; what follows a `!` has failed. */
export function spansOf(commands: string, wordOf: (command: string) => string): string {
  const names = commands === '' ? [] : commands.split(', ');
  return names
    .map((name) => `CLIENT ${wordOf(name.replace('!', ''))}${name.endsWith('!') ? ' ERROR' : ''}`)
    .join(' | ');
}

export const named = (command: string): string => `${command} 127.0.0.1:port`;

/** Other spans in these cases. */
export const spans =
  (officialWord: (command: string) => string) =>
  (official: string, own: string, reason: string, ...cases: string[]): Difference => ({
    cases,
    what: 'spans',
    official: spansOf(official, officialWord),
    own: spansOf(own, named),
    reason,
  });

/** One fact in these cases. */
export const fact =
  (what: string, reason: string) =>
  (official: unknown, own: unknown, ...cases: string[]): Difference => ({ cases, what, official, own, reason });

export const procedure = fact('db.stored_procedure.name', 'part of the convention for calls of scripts and functions');

/** Wherever they occur. `officialWord` is the official name of a command. */
export function commonDifferences(
  officialWord: (command: string) => string,
  texts: readonly (readonly [official: string, own: string])[],
): Difference[] {
  const namesOfOfficial = (own: string): string => officialWord(own.replace(' 127.0.0.1:port', ''));
  return [
    {
      what: 'name',
      official: ({ name }: Record<string, unknown>) => namesOfOfficial(String(name)),
      own: ({ name }: Record<string, unknown>) => named(String(name).replace(/^redis-/, '')),
      reason: NAME,
    },
    { what: 'db.namespace', official: undefined, own: '0', reason: 'the database is known' },
    ...texts.map(([official, own]): Difference => ({ what: 'db.query.text', official, own, reason: TEXT })),
  ];
}

/** Errors that the server answers with, by their codes; `event` is the type of the official event. */
export function answeredWith(event: string, codes: Readonly<Record<string, readonly string[]>>): Difference[] {
  return Object.entries(codes).flatMap(([code, cases]): Difference[] => [
    { cases, what: 'error.type', official: undefined, own: code, reason: CODE },
    { cases, what: 'db.response.status_code', official: undefined, own: code, reason: CODE },
    { cases, what: 'events', official: [{ name: 'exception', type: event }], own: [], reason: EVENT },
  ]);
}

/** Digests of scripts, and their errors, as the server writes them. */
const QUOTES = 'messages of the server quote values and scripts';
export const message = fact('status', QUOTES);

/** By the name of a span, its place among those of a case, and the name of that. */
type IsLeftOut = (name: string, index: number, ofCase: string) => boolean;

/** With the port of the server as `port`. */
function sideOf(report: DatabaseReport, name: string, isLeftOut: IsLeftOut): LeanCase {
  const all = caseOf(report, name);
  // Of a case there may be a proxy of its own in front of the server.
  const ports = all.spans.map(({ attributes }) => attributes['server.port']);
  return withoutPorts({ ...all, spans: all.spans.filter((span, index) => !isLeftOut(span.name, index, name)) }, [
    ...ports,
    report.port,
  ]);
}

/** `isLeftOut`: official spans that are none of the application's commands, and not always as many. */
export function compareClients(
  t: Test,
  [official, own]: readonly [DatabaseReport, DatabaseReport],
  differences: readonly Difference[],
  isLeftOut: IsLeftOut,
): void {
  const names = Object.keys(own.cases);
  t.ok(names.length > 40);
  const comparison = new Comparison(differences);
  for (const name of names) {
    const sides = [sideOf(official, name, isLeftOut), sideOf(own, name, () => false)] as const;
    compareCase(t, comparison, name, sides, factsOf);
    t.equal(caseOf(own, name).parent.traceId.length, 32);
  }
  comparison.end(t);
}
