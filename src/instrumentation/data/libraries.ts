/** Libraries that keep data, besides the hot ones that have folders of their own: one file of the package for all. */
import type { CreateInstrumentation } from '../types.js';
import { drivers } from './drivers.js';
import { create as elasticsearch } from './elasticsearch.js';
import { create as opensearch } from './opensearch.js';
import { create as postgres } from './postgres.js';
import { createBetterSqlite3, createNodeSqlite } from './sqlite.js';

export { drivers };

interface Library {
  readonly create: CreateInstrumentation;
}

export const libraries = {
  betterSqlite3: { create: createBetterSqlite3 },
  elasticsearch: { create: elasticsearch },
  nodeSqlite: { create: createNodeSqlite },
  opensearch: { create: opensearch },
  postgres: { create: postgres },
} satisfies Record<string, Library>;
