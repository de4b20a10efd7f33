/** What the instrumentations of web frameworks cover. Data only. None makes spans: they name that of http by its route. */
export const EXPRESS = { module: 'express', versions: ['>=4.8.0 <6'] } as const;
/** Express 5 has no router of its own: this is it. */
export const ROUTER = { module: 'router', versions: ['>=1.0.0 <3'] } as const;
export const KOA = { module: 'koa', versions: ['>=2.0.0 <4'] } as const;
export const KOA_MOUNT = { module: 'koa-mount', versions: ['>=3.0.0 <5'] } as const;
export const CONNECT = { module: 'connect', versions: ['>=3.0.0 <4'] } as const;
export const HAPI = { module: '@hapi/hapi', versions: ['>=17.9.0 <22'] } as const;
/** Earlier releases do not start on the supported lines of Node.js. */
export const RESTIFY = { module: 'restify', versions: ['>=10.0.0 <13'] } as const;
/** From the first release that tells its exception handlers what kind of call has failed. */
export const NEST = { module: '@nestjs/core', versions: ['>=6.7.0 <12'] } as const;
/** Traces itself through the API, if there is a tracer provider. */
export const NEXT = { module: 'next', versions: ['>=14.0.0 <17'] } as const;
export const TRPC = { module: '@trpc/server', versions: ['>=10.0.0 <12'] } as const;
export const ENGINE_IO = { module: 'engine.io', versions: ['>=6.0.0 <7'] } as const;
export const HONO = { module: 'hono', versions: ['>=4.0.0 <5'] } as const;
