'use strict';
// NestJS on express and on fastify: decorators, pipes, guards, interceptors, filters, life-cycle hooks.
require('reflect-metadata');
const common = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { sendAll } = require('../lib/requests.cjs');

function decorate(decorators, target) {
  for (const decorator of [...decorators].reverse()) decorator(target);
}

function method(type, name, ...decorators) {
  const { prototype } = type;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  for (const decorator of decorators) decorator(prototype, name, descriptor);
}

function build(order) {
  class Service {
    find(id) {
      return { id };
    }
    onModuleInit() {
      order.push('init');
    }
    onApplicationShutdown() {
      order.push('shutdown');
    }
  }
  decorate([common.Injectable()], Service);
  class Guard {
    canActivate(context) {
      order.push(['guard', context.getClass().name, context.getHandler().name, context.getHandler().length]);
      return context.switchToHttp().getRequest().query.denied === undefined;
    }
  }
  decorate([common.Injectable()], Guard);
  class Interceptor {
    intercept(context, next) {
      order.push(['before', context.getHandler().name]);
      return next.handle();
    }
  }
  decorate([common.Injectable()], Interceptor);
  class Controller {
    constructor(service) {
      this.service = service;
    }
    find(id) {
      return this.service.find(id);
    }
    async reject() {
      throw new common.NotFoundException('not here');
    }
    crash() {
      throw new Error('unexpected');
    }
    create(body) {
      return body;
    }
  }
  Reflect.defineMetadata('design:paramtypes', [Service], Controller);
  common.Param('id', common.ParseIntPipe)(Controller.prototype, 'find', 0);
  common.Body()(Controller.prototype, 'create', 0);
  method(Controller, 'find', common.Get('find/:id'), common.Header('x-mine', '1'));
  method(Controller, 'reject', common.Get('reject'));
  method(Controller, 'crash', common.Get('crash'));
  method(Controller, 'create', common.Post(), common.HttpCode(202));
  decorate([common.Controller('things'), common.UseGuards(Guard), common.UseInterceptors(Interceptor)], Controller);
  class Module {}
  decorate([common.Module({ controllers: [Controller], providers: [Service] })], Module);
  return { Module, Controller };
}

exports.modules = ['@nestjs/core', '@nestjs/common'];
exports.depth = 3;
exports.run = async (t) => {
  const adapters = {
    express: () => undefined,
    fastify: () => new (require('@nestjs/platform-fastify').FastifyAdapter)(),
  };
  for (const [name, adapter] of Object.entries(adapters)) {
    const order = [];
    const { Module, Controller } = build(order);
    const app = await NestFactory.create(Module, ...[adapter()].filter(Boolean), { logger: false });
    app.enableCors();
    await app.listen(0, '127.0.0.1');
    const port = t.mask(app.getHttpServer().address().port, '<port>');
    t.note(
      `${name}: handlers`,
      Object.getOwnPropertyNames(Controller.prototype).map((key) => [
        key,
        Controller.prototype[key].name,
        Controller.prototype[key].length,
        Reflect.getMetadataKeys(Controller.prototype[key]),
      ]),
    );
    await sendAll(t, port, [
      '/things/find/7',
      '/things/find/x',
      '/things/reject',
      '/things/crash',
      '/things/find/7?denied',
      '/nothing',
      { method: 'POST', path: '/things', body: '{"a":1}', headers: { 'content-type': 'application/json' } },
      { method: 'OPTIONS', path: '/things' },
    ]);
    await app.close();
    t.note(`${name}: order`, order);
  }
  await t.attempt('a module that cannot be resolved', async () => {
    class Needy {}
    Reflect.defineMetadata('design:paramtypes', [String], Needy);
    decorate([common.Injectable()], Needy);
    class Module {}
    decorate([common.Module({ providers: [Needy] })], Module);
    await NestFactory.create(Module, { logger: false, abortOnError: false }).catch(({ name, message, context }) => {
      t.note('what could not be resolved', [name, message, context.index, context.key]);
    });
  });
};

exports.crashes = {};
