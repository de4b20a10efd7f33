/** What the mysql2 instrumentation covers. Data only. */
export const MYSQL2 = {
  scope: '@org/trace-agent/mysql2',
  module: 'mysql2',
  versions: ['>=1.4.2 <4'],
  spans: [{ kind: 'CLIENT', name: '{db.query.summary}', per: 'query or execute; none for connections and pools' }],
} as const;

/** What it grew out of, and what many applications still have. */
export const MYSQL = {
  scope: '@org/trace-agent/mysql',
  module: 'mysql',
  versions: ['>=2.0.0 <3'],
  spans: [{ kind: 'CLIENT', name: '{db.query.summary}', per: 'query; none for connections and pools' }],
} as const;
