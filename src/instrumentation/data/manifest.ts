/** What the instrumentations of this folder cover. Data only. */
export const POSTGRES = { module: 'postgres', versions: ['>=3.0.0 <4'] } as const;
/** Earlier releases cannot be compiled for Node.js 20. */
export const BETTER_SQLITE3 = { module: 'better-sqlite3', versions: ['>=8.0.0 <13'] } as const;
/** Besides what the official instrumentation patches. */
export const CASSANDRA = { module: 'cassandra-driver', versions: ['>=4.4.0 <5'] } as const;
/** Must be written with its prefix: without, it is somebody's package. */
export const NODE_SQLITE = { module: 'node:sqlite' } as const;
/** Below `@elastic/elasticsearch`, which traces itself from 8.15 on; with earlier releases http makes the spans. */
export const ELASTICSEARCH = { module: '@elastic/transport', versions: ['>=8.7.0 <10'] } as const;
export const OPENSEARCH = { module: '@opensearch-project/opensearch', versions: ['>=1.0.0 <4'] } as const;
/** Later than what the official instrumentation declares: what it listens to is the same. */
export const ORACLE = { module: 'oracledb', versions: ['>=6.7.0 <27'] } as const;
