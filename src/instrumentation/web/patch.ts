/**
 * The instrumentations of web frameworks: each tells the http instrumentation which route has answered, and which error
 * a request has met. One file for all, because a request may pass through several of them on one trail.
 */
import { Faults, patchMethod } from '../patch.js';
import type { CreateInstrumentation, PatchTarget } from '../types.js';
import { wrapConnect } from './connect.js';
import { patchKoa, wrapMount } from './koa.js';
import { patchLayer, patchRouter } from './layers.js';
import { CONNECT, EXPRESS, HAPI, KOA, KOA_MOUNT, NEST, RESTIFY, ROUTER } from './manifest.js';
import { patchNest } from './nest.js';
import { patchHapi, patchRestify } from './settled.js';

export interface Framework {
  readonly create: CreateInstrumentation;
}

interface Place {
  readonly module: string;
  readonly versions: readonly string[];
  readonly file?: string;
}

interface Class {
  readonly prototype: object;
}

type Patch = (exports: unknown, faults: Faults) => unknown;

/** What is patched already: the instrumentations of express and of its router have files in common. */
const patched = new WeakSet<object>();

/** Patches `owner`, which is part of some exports, once. */
function inPlace<Owner extends object>(
  owner: Owner,
  patch: (owner: Owner, faults: Faults) => void,
  faults: Faults,
): void {
  if (patched.has(owner)) return;
  patch(owner, faults);
  patched.add(owner);
}

/** A patch that changes what `ownerOf` finds in the exports, and no export. */
function change<Owner extends object>(
  patch: (owner: Owner, faults: Faults) => void,
  ownerOf: (exports: unknown) => Owner = (exports) => exports as Owner,
): Patch {
  return (exports, faults) => {
    inPlace(ownerOf(exports), patch, faults);
    return exports;
  };
}

/** A patch that puts a wrapper in the place of a function that is all a package exports. */
function replace(wrap: (original: (...parameters: unknown[]) => unknown, faults: Faults) => unknown): Patch {
  return (exports, faults) => {
    const owner = { exports } as { exports: (...parameters: unknown[]) => unknown };
    patchMethod(owner, 'exports', (original) => wrap(original, faults) as typeof original);
    return owner.exports;
  };
}

function framework(name: string, patches: readonly (readonly [Place, Patch])[]): Framework {
  return {
    create({ log }) {
      const faults = new Faults(name, log);
      const targets = patches.map(
        ([place, patch]): PatchTarget => ({ ...place, patch: (exports) => patch(exports, faults) }),
      );
      return { targets };
    },
  };
}

const exceptionsHandlerOf = (exports: unknown): Class =>
  (exports as { readonly ExceptionsHandler: Class }).ExceptionsHandler;

const prototypeOf = (exports: unknown): object => (exports as Class).prototype;

const ROUTER_PATCHES: readonly (readonly [Place, Patch])[] = [
  [ROUTER, change(patchRouter, prototypeOf)],
  [{ ...ROUTER, file: 'lib/layer.js' }, change(patchLayer)],
];

/** What is patched is in other files; that the package is traced is known by this one. */
function checkExpress(exports: unknown): unknown {
  if (typeof (exports as { Router?: unknown }).Router !== 'function') throw new TypeError('it has no Router');
  return exports;
}

export const frameworks = {
  router: framework('router', ROUTER_PATCHES),
  express: framework('express', [
    [EXPRESS, checkExpress],
    // All routers of express 4 inherit from the function that makes them. Express 5 has neither file.
    [{ ...EXPRESS, file: 'lib/router/index.js' }, change(patchRouter)],
    [{ ...EXPRESS, file: 'lib/router/layer.js' }, change(patchLayer)],
    ...ROUTER_PATCHES,
  ]),
  koa: framework('koa', [
    [KOA, change(patchKoa)],
    [KOA_MOUNT, replace(wrapMount)],
  ]),
  connect: framework('connect', [[CONNECT, replace(wrapConnect)]]),
  hapi: framework('hapi', [[{ ...HAPI, file: 'lib/request.js' }, change(patchHapi)]]),
  restify: framework('restify', [[{ ...RESTIFY, file: 'lib/server.js' }, change(patchRestify)]]),
  nest: framework('nestjs-core', [
    [{ ...NEST, file: 'exceptions/exceptions-handler.js' }, change(patchNest, exceptionsHandlerOf)],
  ]),
} satisfies Record<string, Framework>;

export { besideOurs } from './beside.js';
