/**
 * The rule for other tracers in the process: the application's own wins, the agent stands down and says so once. See
 * docs/neighbours.md. Application's thread.
 */
import type { Log } from '../diag/log.js';
import type { ModuleListener } from '../hooks/install.js';
import { standby } from '../instrumentation/standby.js';
import { apiVersion, isTaken, standDown, type TracerRoll } from './stand-down.js';
import type { NeighbourEvents } from './types.js';
import { findRunning, NeighbourWatch } from './watch.js';

/** Another tracer that runs before the agent starts, as a line's subject. */
export function findEarlierTracer(): string | undefined {
  if (isTaken()) return `an OpenTelemetry SDK (API ${apiVersion()})`;
  return findRunning();
}

export function describeEarlier(what: string): string {
  return `${what} was started before the agent, which stands aside and makes no spans`;
}

/** Adds to the module listener what tells of other tracers. Without a log nothing is said. */
export function watchNeighbours(listener: ModuleListener, roll: TracerRoll, log: Log | undefined): ModuleListener {
  const events: NeighbourEvents = {
    onTracer(what) {
      if (standby.isDown) return false;
      standDown(roll);
      log?.warn('TA2012', `${what} was started: the agent stands down and makes no spans`);
      return true;
    },
    onForeignApi(version) {
      log?.warn(
        'TA2013',
        `@opentelemetry/api ${version} of the application cannot be joined to the agent's (${apiVersion()}): its own spans are not recorded`,
      );
    },
  };
  const watch = new NeighbourWatch(events, apiVersion());
  return {
    builtins: listener.builtins,
    esmPackages: listener.esmPackages,
    applicationFolder: listener.applicationFolder,
    wantsPackage: (name) => listener.wantsPackage(name) || watch.wantsPackage(name),
    wantsEsmPackage: (name) => listener.wantsEsmPackage(name),
    replacedDefault: (name) => listener.replacedDefault(name),
    onPackageFile(identity, filename, exports) {
      if (watch.wantsPackage(identity.name)) watch.onPackageFile(identity, filename, exports);
      return listener.onPackageFile(identity, filename, exports);
    },
    onBundledFile(name, version, file, exports) {
      if (file === undefined && watch.wantsPackage(name)) watch.onMain(name, version, exports);
      return listener.onBundledFile(name, version, file, exports);
    },
    onApplicationFile: (filename, exports) => listener.onApplicationFile(filename, exports),
    onEsmPackage: (identity, namespace) => listener.onEsmPackage(identity, namespace),
    onOtherEsmPackage: (identity) => listener.onOtherEsmPackage(identity),
    onBuiltin: (name, exports) => listener.onBuiltin(name, exports),
  };
}
