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
const OFFICIAL_KOA = 'the official instrumentation; own one to come';
const RETHROWN =
  'official: the error is caught and thrown again, so Node.js prints the line of the second throw; class, message, ' +
  'stack and exit code stay';
const PLAIN_FUNCTION = 'official: the wrapper of a method is a plain function, which has a `prototype`';

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
  { scenario: 'koa', at: /surface .*\.prototype\.use\.prototype/, reason: PLAIN_FUNCTION },
  {
    scenario: 'koa',
    at: /^(application 0|routes)\b/,
    reason: `${OFFICIAL_KOA}: middleware is replaced by functions without a name`,
  },
  ...['pg', 'ioredis'].map((scenario) => ({
    scenario,
    at: /surface \.prototype\.\w+\.prototype/,
    reason: PLAIN_FUNCTION,
  })),
  {
    scenario: 'mysql2',
    at: /^(code|signal|stderr)$/,
    reason:
      'official: a query without a callback gets a listener for errors, so that an error nobody handles ends nothing; ' +
      'own one to come',
  },
  { scenario: 'redis', at: /^stderr$/, reason: RETHROWN },
  {
    scenario: 'redis',
    at: /surface.* \.RedisClient\.prototype\.connect$/,
    reason: 'official: the wrapper of an async function is a plain one',
  },
  {
    scenario: 'hapi',
    at: /surface.* (\.default)?\.server\b/,
    reason: 'official: `server` and `Server` are one function in hapi and get a wrapper each',
  },
  {
    scenario: 'hapi',
    at: /^table \d+ [34]$/,
    reason: 'official: handlers are replaced by functions without a name; `server.table()` shows them',
  },
  {
    scenario: 'hapi',
    at: /^messages/,
    reason: 'official: its wrapper of `register` throws for what is no plugin; contained, counted and said',
  },
  {
    scenario: 'graphql',
    at: /^messages/,
    reason: 'official: it writes into the context value; a frozen one makes it throw; contained, counted and said',
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
export const WITHOUT_SPANS: readonly string[] = ['ioredis'];
