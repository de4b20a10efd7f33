/** What the mongodb instrumentation covers. Data only. */
export const MONGODB = {
  scope: '@org/trace-agent/mongodb',
  module: 'mongodb',
  /** A command tells of its end by a callback. */
  versionsWithCallbacks: ['>=4.0.0 <6.4.0'],
  /** A command returns a promise. */
  versionsWithPromises: ['>=6.4.0 <8'],
  versions: ['>=4.0.0 <8'],
  spans: [
    {
      kind: 'CLIENT',
      name: '{command} {collection}',
      per: 'command to a server: a retry and each further batch of a cursor make another',
    },
  ],
} as const;
