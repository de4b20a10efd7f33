/** What the mysql2 instrumentation covers. Data only. */
export const MYSQL2 = {
  scope: '@org/trace-agent/mysql2',
  module: 'mysql2',
  versions: ['>=1.4.2 <4'],
  spans: [{ kind: 'CLIENT', name: '{db.query.summary}', per: 'query or execute; none for connections and pools' }],
} as const;
