/**
 * NestJS runs on express or fastify, which name its routes. It keeps what goes wrong in handlers, guards and pipes to
 * itself, though: the one place where it answers for them tells us.
 */
import { type RequestLike, recordedMetadataOf } from '../context.js';
import { type AnyFunction, type Faults, patchMethod } from '../patch.js';

interface ArgumentsHost {
  getType?(): string;
  /** Of HTTP: the framework's request, which with fastify wraps Node's. */
  getArgByIndex?(index: number): (RequestLike & { readonly raw?: RequestLike }) | undefined;
}

function noteFailure(host: ArgumentsHost, problem: unknown): void {
  if (host?.getType?.() !== 'http') return;
  const request = host.getArgByIndex?.(0);
  const metadata = request === undefined ? undefined : recordedMetadataOf(request.raw ?? request);
  if (metadata !== undefined) metadata.error = problem;
}

/** `ExceptionsHandler` is Nest's class. Throws before it changes anything. */
export function patchNest({ prototype }: { readonly prototype: object }, faults: Faults): void {
  patchMethod(prototype, 'next', (original: AnyFunction) => {
    return function next(this: unknown, problem: unknown, host: ArgumentsHost): unknown {
      try {
        if (!faults.isDisabled) noteFailure(host, problem);
      } catch (error) {
        faults.record(error);
      }
      // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
      return original.apply(this, arguments as unknown as unknown[]);
    };
  });
}
