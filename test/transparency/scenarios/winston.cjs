'use strict';
// winston: what it writes inside and outside of a request, formats, children, transports, exceptions.
const http = require('node:http');
const { Writable } = require('node:stream');
const winston = require('winston');

exports.modules = ['winston'];
exports.depth = 3;
exports.run = async (t) => {
  const lines = [];
  const stream = new Writable({
    write(part, _encoding, done) {
      lines.push(String(part));
      done();
    },
  });
  const seen = [];
  const spy = winston.format((info) => {
    seen.push([Object.keys(info), Reflect.ownKeys(info).length]);
    return info;
  });
  const logger = winston.createLogger({
    level: 'silly',
    defaultMeta: { service: 's' },
    format: winston.format.combine(spy(), winston.format.splat(), winston.format.json()),
    transports: [new winston.transports.Stream({ stream })],
  });
  t.note('logger', [
    logger.constructor.name,
    Object.keys(logger),
    logger.log.length,
    logger.info.name,
    logger.write.length,
    logger.eventNames(),
  ]);
  logger.info('text');
  logger.info('meta', { a: 1 });
  logger.log('warn', 'levelled %s', 'formatted', { b: 2 });
  logger.log({ level: 'error', message: 'object' });
  logger.error(new TypeError('error'));
  logger.child({ component: 'c' }).debug('child');
  logger.write({ level: 'info', message: 'written' });
  const frozen = Object.freeze({ level: 'info', message: 'frozen' });
  const other = winston.createLogger({ transports: [new winston.transports.Stream({ stream })] });
  await t.attempt('frozen', () => other.write(frozen));
  await t.attempt('unknown level', () => logger.nonsense('x'));
  logger.configure({
    level: 'error',
    format: winston.format.simple(),
    transports: [new winston.transports.Stream({ stream })],
  });
  logger.info('filtered');
  logger.error('configured');
  const server = http.createServer((_request, response) => {
    logger.error('in a request');
    logger.child({ child: 1 }).error('child in a request');
    response.end();
  });
  const port = await t.listen(server);
  await new Promise((resolve) =>
    http.get({ host: '127.0.0.1', port, agent: false }, (response) => response.resume().on('end', resolve)),
  );
  await new Promise((resolve) => server.close(resolve));
  logger.end();
  await new Promise(setImmediate);
  const stack = /"stack":"[^"]*"/g;
  t.note(
    'lines',
    lines.map((line) => line.replace(stack, '"stack":"..."')),
  );
  t.note('formats', seen);
  await t.attempt('bad transport', () => winston.createLogger({ transports: [{}] }));
  winston.createLogger({ transports: [new winston.transports.Console()] }).warn('to the console');
  winston.loggers.add('one', { transports: [new winston.transports.Console({ format: winston.format.simple() })] });
  winston.loggers.get('one').warn('from the container');
};

exports.crashes = {
  'a write after the end': () => {
    const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
    logger.end();
    logger.info('late');
  },
};
