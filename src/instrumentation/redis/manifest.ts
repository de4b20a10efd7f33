/** What the redis instrumentation covers. Data only. */
export const REDIS = {
  scope: '@org/trace-agent/redis',
  /** What applications load; all that is traced is in the packages of its client. */
  module: 'redis',
  versions: ['>=4.0.0 <7'],
  /** The client inside of redis 4.0, and of later ones. */
  packages: ['@node-redis/client', '@redis/client'],
  /** Of redis 4. */
  versions4: ['>=1.0.0 <2'],
  /** Of redis 5 and 6. */
  versions5: ['>=5.0.0 <7'],
  spans: [
    { kind: 'CLIENT', name: '{command} {server}', per: 'command, redirects and the second form of a script included' },
    { kind: 'CLIENT', name: 'MULTI or PIPELINE {server}', per: 'transaction or pipeline' },
  ],
} as const;
