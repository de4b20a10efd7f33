/** Libraries that route requests without being a router of http: small, and one file of the package for all of them. */
import type { CreateInstrumentation } from '../types.js';
import { create as engineIo } from './engine-io.js';
import { create as hono } from './hono.js';
import { create as next } from './next.js';
import { create as trpc } from './trpc.js';

interface Library {
  readonly create: CreateInstrumentation;
}

export const libraries = {
  engineIo: { create: engineIo },
  hono: { create: hono },
  next: { create: next },
  trpc: { create: trpc },
} satisfies Record<string, Library>;
