/** Wrappers of official instrumentations: look like the original, leave no mark, and never come between a call and it. */
import { inspect } from 'node:util';
import t from 'tap';
import { createLog } from '../../src/diag/log.js';
import {
  AMQPLIB_PARAMETERS,
  KAFKAJS_PARAMETERS,
  keepKafkaRecords,
  SOCKET_IO_LINKS,
} from '../../src/instrumentation/messages.js';
import { type AnyFunction, Faults } from '../../src/instrumentation/patch.js';
import {
  type ContainmentOptions,
  createWrapping,
  isWrapped,
  massUnwrap,
  massWrap,
  unwrap,
  wrap,
} from '../../src/instrumentation/quiet-shimmer.js';

type Wrap = (owner: object, name: PropertyKey, make: (original: AnyFunction) => AnyFunction) => AnyFunction | undefined;

function setUp(options: ContainmentOptions = {}) {
  const lines: string[] = [];
  const faults = new Faults('lib', createLog('info', { write: (line) => lines.push(line) }));
  return { wrap: createWrapping(faults, options)._wrap as Wrap, faults, lines };
}

const shapeOf = (value: object) => [Object.getOwnPropertyDescriptors(value), inspect(value)];

t.test('a wrapped function shows nothing of it', async (t) => {
  class Library {
    static own = 1;
    call(name: string, _more: unknown): string {
      return name;
    }
    plain(): void {}
  }
  const owner = Object.assign(Library.prototype, {});
  const before = [Object.getOwnPropertyNames(owner), ...['call', 'plain'].map((key) => shapeOf(owner[key as 'call']))];
  massWrap(
    owner as never,
    ['call', 'plain'],
    (original) =>
      (...parameters) =>
        original.apply(owner, parameters),
  );
  t.ok(isWrapped(owner.call) && isWrapped(owner.plain));
  const after = [Object.getOwnPropertyNames(owner), ...['call', 'plain'].map((key) => shapeOf(owner[key as 'call']))];
  t.strictSame(after, before);
  massUnwrap(owner as never, ['call', 'plain']);
  t.notOk(isWrapped(owner.call));
});

t.test('a class stays one', async (t) => {
  class Base {}
  class Made extends Base {
    hello() {
      return 'hello';
    }
  }
  const owner: Record<string, unknown> = { Made };
  const { wrap } = setUp();
  wrap(owner, 'Made', (original) => {
    return function wrapped(this: unknown, ...parameters: unknown[]) {
      return Reflect.construct(original, parameters, new.target ?? original);
    } as AnyFunction;
  });
  const Wrapped = owner.Made as typeof Made;
  const made = new Wrapped();
  t.equal(made.hello(), 'hello');
  t.ok(made instanceof Made && made instanceof Wrapped && made instanceof Base);
});

t.test('what cannot be wrapped stays as it is, in silence', async (t) => {
  const frozen = Object.freeze({ run: () => 1 });
  t.equal(
    wrap(frozen as never, 'run', () => () => 2),
    undefined,
  );
  t.equal(frozen.run(), 1);
  t.equal(
    wrap(undefined, 'run', () => () => 2),
    undefined,
  );
  t.equal(
    wrap({ run: 5 }, 'run', () => () => 2),
    undefined,
  );
  const owner = { run: () => 1 };
  t.equal(
    wrap(owner, 'run', () => {
      throw new Error('making the wrapper');
    }),
    undefined,
  );
  unwrap(owner, 'run');
  t.equal(owner.run(), 1);
  wrap(owner, 'run', (original) => () => original() + 1);
  wrap(owner, 'run', (original) => () => original() + 10);
  t.equal(owner.run(), 11, 'wrapped again, not twice');
});

t.test('a wrapper that throws on its own account', async (t) => {
  const { wrap, faults, lines } = setUp();
  let calls = 0;
  const owner = {
    run(a: number, b: number) {
      calls += 1;
      return a + b;
    },
  };
  wrap(owner, 'run', () => () => {
    throw new Error('of the instrumentation');
  });
  for (let count = 1; count <= 12; count++) t.equal(owner.run(count, 1), count + 1);
  t.equal(calls, 12, 'the original is called once each time');
  t.equal(faults.count, 10, 'off after ten');
  t.match(lines, [/instrumentation lib failed: it threw before/, /instrumentation lib is off after 10 faults/]);
});

t.test('a wrapper that throws when the original has returned', async (t) => {
  const { wrap, faults, lines } = setUp();
  const calls: number[] = [];
  const owner = {
    run(depth: number): number {
      calls.push(depth);
      if (depth > 0) owner.run(depth - 1);
      if (depth > 5) throw new Error('of the library');
      return depth;
    },
  };
  wrap(
    owner,
    'run',
    (original) =>
      function run(this: unknown, depth: number) {
        // The call that counts is the last one.
        original.call(this, 0);
        original.call(this, depth);
        throw new Error('of the instrumentation');
      },
  );
  t.equal(owner.run(2), 2, 'what it returned is returned');
  t.strictSame(calls, [0, 2, 0, 1, 0, 0]);
  t.equal(faults.count, 3);
  t.throws(() => owner.run(6), { message: 'of the library' });
  t.match(lines, [/instrumentation lib failed: it threw after the original had returned/]);
});

t.test('what the original throws is nobody else’s', async (t) => {
  const { wrap, faults } = setUp();
  const error = new Error('of the library');
  let calls = 0;
  const owner = {
    run(depth: number): number {
      calls += 1;
      if (depth > 0) return owner.run(depth - 1);
      throw error;
    },
  };
  wrap(
    owner,
    'run',
    (original) =>
      function run(this: unknown, ...parameters) {
        return original.apply(this, parameters);
      },
  );
  t.throws(() => owner.run(2), error);
  t.equal(calls, 3);
  t.equal(faults.count, 0);
  const misused = {
    run() {
      throw error;
    },
  };
  wrap(misused, 'run', () => () => {
    throw new Error('of the instrumentation');
  });
  t.throws(() => misused.run(), error, 'when both throw, it is what a bare call throws');
  t.equal(faults.count, 0, 'the call was wrong');
});

t.test('messages are copied, and what the library will refuse is left to it', async (t) => {
  const options = Object.freeze({ headers: Object.freeze({ a: 1 }) });
  const prepared = publishParameters('x', 'key', 'content', options, 'confirm');
  t.strictSame(prepared, ['x', 'key', 'content', { headers: { a: 1 } }, 'confirm']);
  const copied = prepared?.[3] as { headers: object } | undefined;
  t.notOk(Object.isFrozen(copied?.headers));
  t.strictSame(publishParameters('x', 'key', 'content'), ['x', 'key', 'content', { headers: {} }]);
  t.equal(publishParameters('x', 'key', 'content', 5), undefined);
  const { run } = KAFKAJS_PARAMETERS;
  const [send, sendBatch] = kafkaPatches();
  const record = Object.freeze({ topic: 't', messages: Object.freeze([Object.freeze({ value: 'v' })]) });
  t.strictSame(send([record]), [{ topic: 't', messages: [{ value: 'v', headers: {} }] }]);
  for (const refused of [undefined, {}, { topic: 't', messages: [{}] }, { topic: 't', messages: [null] }]) {
    t.equal(send([refused]), undefined);
    t.equal(sendBatch([{ topicMessages: [refused] }]), undefined);
  }
  t.strictSame(sendBatch([{ topicMessages: [record] }]), [
    { topicMessages: [{ topic: 't', messages: [{ value: 'v', headers: {} }] }] },
  ]);
  t.equal(sendBatch([{}]), undefined);
  const eachMessage = () => undefined;
  t.strictSame(run?.([Object.freeze({ eachMessage })]), [{ eachMessage }]);
});

/** What the official patches of both get; undefined when they do not see the call. */
function kafkaPatches() {
  let seen: unknown[] | undefined;
  const see = () => (original: AnyFunction) =>
    function patched(this: unknown, ...parameters: unknown[]): unknown {
      seen = parameters;
      return original.apply(this, parameters);
    };
  const official = { _getSendPatch: see, _getSendBatchPatch: see };
  keepKafkaRecords(official);
  return [official._getSendPatch, official._getSendBatchPatch].map((make) => (parameters: unknown[]) => {
    seen = undefined;
    make()(() => undefined)(...parameters);
    return seen;
  }) as [AnyFunction, AnyFunction];
}

const publishParameters = (...parameters: unknown[]) => AMQPLIB_PARAMETERS.publish?.(parameters);

t.test('a wrapped listener can be found and removed by the one it stands for', async (t) => {
  const { EventEmitter } = await import('node:events');
  class Socket extends EventEmitter {}
  const { wrap } = setUp({ link: SOCKET_IO_LINKS });
  wrap(
    Socket.prototype,
    'on',
    (original) =>
      function on(this: unknown, event, listener) {
        return original.apply(this, [event, (...parameters: unknown[]) => listener(...parameters)]);
      },
  );
  const socket = new Socket();
  const listener = () => undefined;
  socket.on('event', listener);
  t.strictSame(socket.listeners('event'), [listener]);
  socket.off('event', listener);
  t.equal(socket.listenerCount('event'), 0);
});
