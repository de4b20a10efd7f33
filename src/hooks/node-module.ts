/**
 * What `node:module` gives. Up to Node.js 20 a process that has only CommonJS files never loads it: there it is taken from
 * where it is anyway, which saves 0.2 ms of a start. (`register` alone is added by loading it.) In a bundle and in the module
 * systems of test runners a module has another constructor.
 */
import type ModuleClass from 'node:module';

const [major = 0] = process.versions.node.split('.', 1).map(Number);

const own = module.constructor as Partial<typeof ModuleClass>;

export const Module =
  major < 22 && own.createRequire !== undefined
    ? (own as typeof ModuleClass)
    : (require('node:module') as typeof ModuleClass);
