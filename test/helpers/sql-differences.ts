/**
 * What is different between the spans of the official instrumentations of pg and mysql2 and ours, and why: the whole list.
 * Data only.
 */
import type { ServerName } from './servers.js';

export type Facts = Record<string, unknown>;

/** What is different in spans that both have: what each says; `error` is `error.type` of a failed one. */
export interface Difference {
  readonly what: string;
  readonly official: (facts: Facts, error: string | undefined) => unknown;
  readonly own: (facts: Facts, error: string | undefined) => unknown;
  readonly reason: string;
}

/** Other spans than those of the official instrumentation, each as `SELECT of parent ERROR 42P01`. */
export interface OtherSpans {
  readonly official: readonly string[];
  readonly own: readonly string[];
  /** How many the official instrumentation never ends. */
  readonly open: number;
  readonly reason: string;
}

export interface Workload {
  readonly server: ServerName;
  readonly args: readonly string[];
  readonly count: number;
  readonly differences: readonly Difference[];
  readonly others: Readonly<Record<string, OtherSpans>>;
  /** What ours leaves out of texts and messages unless it is told not to. */
  readonly masked: Readonly<Record<string, { readonly official: Facts; readonly own: Facts }>>;
  /** `error.type` of the failed spans of a case. */
  readonly errors: Readonly<Record<string, readonly string[]>>;
}

const NEVER_ENDED = 'the official span never ends: nothing tells it what becomes of such a query';

/** What ours has in the place of spans that never end. */
function neverEnded(own: readonly string[]): OtherSpans {
  return { official: [], own, open: own.length, reason: NEVER_ENDED };
}

/** Only ours has any. */
const onlyOurs = (own: readonly string[], reason: string): OtherSpans => ({ official: [], own, open: 0, reason });

const NOT_KNOWN = 'the official instrumentation does not know prepared statements';
const UNTOUCHED = 'what a call throws passes untouched, so that nothing is known of it';
const FOREIGN = 'a query that waited for a connection is a child of its own caller, not of who had it before';

/** Three that wait for one connection. */
function waiting(official: string, owner: string): OtherSpans {
  return {
    official: ['waiting 1', owner, owner].map((parent) => `${official} of ${parent}`),
    own: [1, 2, 3].map((id) => `SELECT of waiting ${id}`),
    open: 0,
    reason: FOREIGN,
  };
}

const verbOf = (facts: Facts): string => String(facts['db.query.text']).split(' ')[0] as string;
const nameOf = (facts: Facts): unknown => facts['db.query.summary'] ?? facts['db.namespace'];
const nothing = (): undefined => undefined;

function commonDifferences(isCode: (error: string) => boolean): Difference[] {
  return [
    {
      what: 'db.query.summary',
      official: nothing,
      own: ({ name, 'db.namespace': namespace }) => (name === namespace ? undefined : name),
      reason: 'recommended by the convention, which names the span by it',
    },
    {
      what: 'error.type',
      official: nothing,
      own: (_facts, error) => error,
      reason: 'required by the convention when a query failed',
    },
    {
      what: 'db.response.status_code',
      official: nothing,
      own: (_facts, error) => (error !== undefined && isCode(error) ? error : undefined),
      reason: 'required by the convention when the server refused a query',
    },
  ];
}

export const PG: Workload = {
  server: 'postgres',
  args: ['js'],
  count: 66,
  differences: [
    ...commonDifferences((error) => /^\d[0-9A-Z]{4}$/.test(error)),
    {
      what: 'name',
      official: (facts) => {
        const database = facts['db.namespace'] === undefined ? '' : ` ${facts['db.namespace']}`;
        return `pg.query:${facts['db.postgresql.plan'] ?? verbOf(facts)}${database}`;
      },
      own: nameOf,
      reason: 'the convention names a span by the summary of its query',
    },
    {
      what: 'db.postgresql.plan',
      official: ({ name }) => (String(name).startsWith('pg.query:by-id') ? 'by-id' : undefined),
      own: nothing,
      reason: 'no attribute of the convention',
    },
    {
      what: 'events',
      official: (_facts, error) => (error === undefined ? [] : [{ name: 'exception' }]),
      own: (_facts, error) => (error === undefined ? [] : [{ name: 'exception', type: error }]),
      reason: 'the official exception has no type',
    },
  ],
  others: {
    'named again': {
      official: ['pg.query of parent'],
      own: ['SELECT items of parent'],
      open: 0,
      reason: 'the text of a prepared statement is known from its first time',
    },
    nothing: {
      official: ['pg.query of parent ERROR Client was passed a null or undefined query'],
      own: [],
      open: 0,
      reason: 'no attempt was made: there is no query',
    },
    'callback is no function': {
      official: ['pg.query:SELECT postgres of parent ERROR callback is not a function'],
      own: ['SELECT of parent ERROR _OTHER'],
      open: 0,
      reason: UNTOUCHED,
    },
    'throwing submit': {
      official: ['pg.query:SELECT postgres of parent ERROR of submit'],
      own: ['SELECT of parent ERROR _OTHER'],
      open: 0,
      reason: UNTOUCHED,
    },
    'no text': {
      official: ['pg.query of parent ERROR A query must have either text or a name. Supplying neither is unsupported.'],
      own: ['postgres of parent ERROR Error'],
      open: 0,
      reason: 'without a summary the convention names a span by the database',
    },
    query: neverEnded(['SELECT of parent']),
    'query that fails': neverEnded(['SELECT no_such_table of parent ERROR 42P01']),
    'query again': neverEnded(['SELECT of parent', 'SELECT of parent']),
    'cursor with callbacks': neverEnded(['SELECT generate_series of parent']),
    'cursor read by somebody else': neverEnded(['SELECT generate_series of parent']),
    cursor: neverEnded(['SELECT generate_series of parent']),
    'events of a cursor': neverEnded(['SELECT generate_series of parent']),
    'cursor that fails': neverEnded(['SELECT no_such_table of parent ERROR 42P01']),
    stream: neverEnded(['SELECT generate_series of parent']),
    'stream by events': neverEnded(['SELECT generate_series of parent']),
    'stream that fails': neverEnded(['SELECT no_such_table of parent ERROR 42P01']),
    'stream that is left': neverEnded(['SELECT generate_series of parent']),
    'copy in': neverEnded(['COPY items of parent']),
    'copy in that fails': neverEnded(['COPY items of parent ERROR 22P02']),
    'copy out': neverEnded(['COPY items of parent']),
    'copy out that fails': neverEnded(['COPY no_such_table of parent ERROR 42P01']),
    waiting: waiting('pg.query:SELECT postgres', 'waiting 1'),
    'waiting for a promise': waiting('pg.query:SELECT postgres', 'waiting 1'),
  },
  masked: {
    text: {
      official: { 'db.query.text': "SELECT 'canary' AS name, 42 AS id" },
      own: { 'db.query.text': 'SELECT ? AS name, ? AS id' },
    },
    'bad value': {
      official: { status: { code: 2, message: 'invalid input syntax for type integer: "canary"' } },
      own: { status: { code: 2, message: 'invalid_text_representation' }, events: [] },
    },
  },
  errors: {
    'transaction that is rolled back': ['42P01', '25P02'],
    'undefined table': ['42P01'],
    'undefined table, callback': ['42P01'],
    'unique violation': ['23505'],
    'bad value': ['22P02'],
    'values are no list': ['Error'],
    'row that cannot be parsed': ['RangeError'],
    'pool that fails': ['42P01'],
    'client that has ended': ['Error'],
    'connection that breaks': ['57P01'],
    'connection that breaks under a queue': ['Error', 'Error'],
    timeout: ['Error'],
    refused: ['Error'],
    pipeline: ['42P01'],
  },
};

/** What the driver calls an error whose type is its number. */
const MYSQL_NAMES: Readonly<Record<string, string>> = {
  1062: 'ER_DUP_ENTRY',
  1064: 'ER_PARSE_ERROR',
  1146: 'ER_NO_SUCH_TABLE',
  // One that mysql2 does not know.
  1927: 'Error',
};

export const MYSQL2: Workload = {
  server: 'mariadb',
  args: [],
  count: 57,
  differences: [
    ...commonDifferences((error) => /^\d{4}$/.test(error)),
    {
      what: 'name',
      official: verbOf,
      own: nameOf,
      reason: 'the convention names a span by the summary of its query',
    },
    {
      what: 'events',
      official: () => [],
      own: (_facts, error) => (error === undefined ? [] : [{ name: 'exception', type: MYSQL_NAMES[error] ?? error }]),
      reason: 'the official instrumentation records no exception',
    },
  ],
  others: {
    statement: onlyOurs(['SELECT of parent', 'SELECT of parent'], NOT_KNOWN),
    'promise, statement': onlyOurs(['SELECT of parent'], NOT_KNOWN),
    nothing: onlyOurs(['test of parent ERROR _OTHER'], 'a call that mysql2 throws at is one that failed'),
    'undefined value': neverEnded(['SELECT of parent ERROR _OTHER']),
    'events of execute': neverEnded(['SELECT items of parent']),
    'events of a connection that breaks': neverEnded([
      'SELECT of parent ERROR _OTHER',
      'SELECT of parent ERROR _OTHER',
    ]),
    'connection that was destroyed': neverEnded(['SELECT of parent ERROR _OTHER']),
    waiting: waiting('SELECT', 'nobody'),
    'waiting for a promise': waiting('SELECT', 'nobody'),
  },
  masked: {
    text: {
      official: { 'db.query.text': "SELECT 'canary' AS name, 42 AS id" },
      own: { 'db.query.text': 'SELECT ? AS name, ? AS id' },
    },
    duplicate: {
      official: { status: { code: 2, message: "Duplicate entry '1' for key 'PRIMARY'" } },
      own: { status: { code: 2, message: 'ER_DUP_ENTRY' }, events: [] },
    },
  },
  errors: {
    'transaction that is rolled back': ['1146'],
    'undefined table': ['1146'],
    duplicate: ['1062'],
    syntax: ['1064'],
    'execute, undefined table': ['1146'],
    'events of a failure': ['1146'],
    'events of a failed execute': ['1146'],
    'promise, failure': ['1146'],
    'pool that fails': ['1146'],
    'connection that breaks under a queue': ['PROTOCOL_CONNECTION_LOST', 'PROTOCOL_CONNECTION_LOST'],
    'connection that is killed': ['1927'],
    timeout: ['PROTOCOL_SEQUENCE_TIMEOUT'],
    refused: ['ECONNREFUSED'],
  },
};
