/** What the pg instrumentation covers. Data only. */
export const PG = {
  scope: '@org/trace-agent/pg',
  module: 'pg',
  versions: ['>=8.0.3 <9'],
  cursor: { module: 'pg-cursor', versions: ['>=2.0.0 <3'] },
  pool: { module: 'pg-pool', versions: ['>=2.0.0 <4'] },
  spans: [{ kind: 'CLIENT', name: '{db.query.summary}', per: 'query of a client; none for connections and pools' }],
} as const;
