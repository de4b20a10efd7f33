/** What the fastify instrumentation covers. Data only. */
export const FASTIFY = {
  module: 'fastify',
  versions: ['>=4.0.0 <6'],
  /** None of its own: names the SERVER span of the http instrumentation by its route. */
  spans: [],
} as const;
