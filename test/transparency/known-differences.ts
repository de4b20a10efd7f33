/**
 * Every difference between a bare run and one under the agent that the transparency harness may find, with its reason.
 * What is not here fails; so does what is here and has gone.
 */
export interface KnownDifference {
  readonly scenario: string;
  /** Matched against the difference's `at`: `stderr`, or a label with the path inside its value. */
  readonly at: RegExp;
  readonly reason: string;
}

const OWN_EMIT =
  'http is patched on the prototypes of its own classes, so that no instance gets a listener or a property; each has an ' +
  '`emit` of its own then';
const RETHROWN =
  'official: the error is caught and thrown again, so Node.js prints the line of the second throw; class, message, ' +
  'stack and exit code stay';
const PLAIN_FUNCTION = 'the wrapper of a method is a plain function, which has a `prototype` that nobody uses';
const REPLACED_CLASS =
  'a function in the place of the class makes its instances, in another context or tied to the call; `new`, `extends`, ' +
  '`instanceof`, statics and the refusal of a call without `new` are those of the class';

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  ...['http', 'https', 'http2'].map((scenario) => ({
    scenario,
    at: /surface.* \.\w+\.prototype\.emit\b/,
    reason: OWN_EMIT,
  })),
  {
    scenario: 'fastify',
    at: /^routes 2$/,
    reason: 'two hooks of ours are two more entries in the tree of plugins that printPlugins() shows',
  },
  { scenario: 'koa', at: /surface .*\.prototype\.createContext\.prototype/, reason: PLAIN_FUNCTION },
  { scenario: 'koa', at: /surface .*\.prototype\.emit\b/, reason: OWN_EMIT },
  ...['pg', 'ioredis'].map((scenario) => ({
    scenario,
    at: /surface \.prototype\.\w+\.prototype/,
    reason: PLAIN_FUNCTION,
  })),
  {
    scenario: 'mysql2',
    at: /surface.* (\.default)?\.(Connection|Pool)(\.prototype(\.constructor)?)?$/,
    reason: REPLACED_CLASS,
  },
  { scenario: 'pg', at: /surface.* (\.default)?(\.Client)?\.Query(\.prototype)?$/, reason: REPLACED_CLASS },
  {
    scenario: 'redis',
    at: /surface.* (\.default)?\.Redis\w+\.prototype\.(connect|_execute\w*)$/,
    reason: 'the wrapper of an async function is a plain one, which returns the promise of the original',
  },
  { scenario: 'graphql', at: /^stderr$/, reason: RETHROWN },
  {
    scenario: 'socket.io',
    at: /surface.*\.Socket\.prototype\.on$/,
    reason: 'official: `on` is patched on sockets and so becomes their own',
  },
  { scenario: 'socket.io', at: /^stderr$/, reason: RETHROWN },
  {
    scenario: 'amqplib',
    at: /^confirmed 1$/,
    reason: 'official: the callback of a confirmed message gets a second parameter, undefined',
  },
  {
    scenario: 'pino',
    at: /surface.* (\.default)?\.prototype/,
    reason: 'official: an arrow function in the place of `pino`, which has no `prototype`',
  },
  { scenario: 'pino', at: /^lines [67]$/, reason: 'wanted: records of a request carry its trace id' },
  {
    scenario: 'winston',
    at: /surface.* \.Logger\.prototype\.write$/,
    reason: 'official: `write` is patched on loggers and so becomes their own',
  },
  {
    scenario: 'winston',
    at: /^formats \d+ 1$/,
    reason: 'official: a hidden symbol on each record says in which context it was written',
  },
  { scenario: 'winston', at: /^lines/, reason: 'wanted: records of a request carry its trace id' },
];

/** Scenarios without spans under the official instrumentation, which makes none outside a request. */
export const WITHOUT_SPANS: readonly string[] = [];
