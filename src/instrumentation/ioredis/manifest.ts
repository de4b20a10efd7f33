/** What the ioredis instrumentation covers. Data only. */
export const IOREDIS = {
  scope: '@org/trace-agent/ioredis',
  module: 'ioredis',
  versions: ['>=4.0.0 <7'],
  spans: [
    { kind: 'CLIENT', name: '{command} {server}', per: 'command, redirects included' },
    { kind: 'CLIENT', name: 'MULTI or PIPELINE {server}', per: 'transaction or pipeline that the application makes' },
  ],
} as const;
