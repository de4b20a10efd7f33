/** What the piscina instrumentation covers. Data only. */
export const PISCINA = {
  module: 'piscina',
  versions: ['>=4.6.0 <6'],
  /** None of its own: spans of a task have the context of who has run it. */
  spans: [],
} as const;
