/** Our context manager next to the official one: the same programs see the same contexts. */
import { EventEmitter } from 'node:events';
import { type Context, type ContextManager, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import t from 'tap';
import { StorageContextManager } from '../../src/sdk/context-manager.js';

const KEY = createContextKey('where');
const at = (where: string): Context => ROOT_CONTEXT.setValue(KEY, where);

interface Attaching extends ContextManager {
  attach(context: Context): { dispose(): void };
}

type Program = (manager: Attaching, see: (what: string, ...more: unknown[]) => void) => unknown;

const PROGRAMS: Record<string, Program> = {
  'with: this, parameters, result, error, nesting'(manager, see) {
    const self = { name: 'self' };
    function run(this: unknown, ...parameters: unknown[]): string {
      see('inner', this === self, ...parameters);
      return 'result';
    }
    see('result', manager.with(at('a'), run, self, 1, 'two', undefined));
    manager.with(at('a'), () => {
      see('a');
      manager.with(at('b'), () => see('b'));
      manager.with(ROOT_CONTEXT, () => see('root'));
      see('a again');
    });
    try {
      manager.with(at('c'), () => {
        throw new RangeError('of the application');
      });
    } catch (error) {
      see('caught', error instanceof RangeError);
    }
  },

  async 'with: what the call starts'(manager, see) {
    await manager.with(at('a'), async () => {
      await null;
      see('after await');
      await new Promise<void>((resolve) => setTimeout(() => resolve(see('in a timer')), 1));
      await new Promise<void>((resolve) => process.nextTick(() => resolve(see('in a tick'))));
      queueMicrotask(() => see('in a microtask'));
      await new Promise((resolve) => setImmediate(resolve));
    });
    see('outside');
  },

  'bind: functions'(manager, see) {
    class Counter {
      count = 1;
      add(this: Counter | undefined, step: number, _times?: number): number {
        see('in add', step);
        return (this?.count ?? 0) + step;
      }
    }
    const bound = manager.bind(at('a'), Counter.prototype.add);
    see('length', bound.length, Object.getOwnPropertyDescriptor(bound, 'length')?.enumerable);
    see('result', bound.call(new Counter(), 4), bound.call(undefined, 5));
    see('the same', manager.bind(at('a'), 7 as unknown), manager.bind(at('a'), null as unknown));
    const failing = manager.bind(at('b'), () => {
      throw new TypeError('of the application');
    });
    try {
      failing();
    } catch (error) {
      see('caught', error instanceof TypeError);
    }
  },

  'bind: emitters'(manager, see) {
    const emitter = new EventEmitter();
    see('the same', manager.bind(at('a'), emitter) === emitter, manager.bind(at('b'), emitter) === emitter);
    const kept = (value: unknown) => see('kept', value);
    const removed = () => see('never');
    emitter.on('x', kept);
    emitter.on('x', removed);
    emitter.once('x', (value: unknown) => see('once', value));
    emitter.prependListener('x', () => see('first'));
    emitter.removeListener('x', removed);
    manager.with(at('emitting'), () => emitter.emit('x', 1));
    emitter.emit('x', 2);
    emitter.off('x', kept);
    see('listeners', emitter.listenerCount('x'));
    emitter.removeAllListeners('x');
    see('listeners', emitter.listenerCount('x'));
    emitter.on('y', kept);
    emitter.removeAllListeners();
    see('events', emitter.eventNames().length);
  },

  async attach(manager, see) {
    await manager.with(at('outer'), async () => {
      const outer = manager.attach(at('a'));
      see('attached');
      const inner = manager.attach(at('b'));
      see('attached twice');
      setImmediate(() => see('started meanwhile'));
      inner.dispose();
      see('disposed');
      inner.dispose();
      see('disposed twice');
      outer.dispose();
      see('over');
      await new Promise((resolve) => setImmediate(resolve));
      see('later');
    });
  },

  disable(manager, see) {
    see('itself', manager.enable() === manager);
    manager.with(at('a'), () => {
      see('a');
      see('itself', manager.disable() === manager);
      see('none');
    });
    manager.with(at('b'), () => see('b'));
  },
};

async function follow(manager: Attaching, program: Program): Promise<unknown[]> {
  const seen: unknown[] = [];
  await program(manager, (what, ...more) => seen.push([what, manager.active().getValue(KEY), ...more]));
  return seen;
}

for (const [name, program] of Object.entries(PROGRAMS)) {
  t.test(name, async (t) => {
    const official = await follow(new AsyncLocalStorageContextManager(), program);
    t.ok(official.length > 2);
    t.strictSame(await follow(new StorageContextManager(), program), official);
  });
}

t.test('runIn is with, with the parameters in a list', async (t) => {
  const manager = new StorageContextManager();
  const self = {};
  function run(this: unknown, ...parameters: unknown[]): unknown[] {
    return [this === self, manager.active().getValue(KEY), ...parameters];
  }
  t.strictSame(manager.runIn(at('a'), run, self, [1, 2]), [true, 'a', 1, 2]);
  t.equal(manager.active(), ROOT_CONTEXT);
});
