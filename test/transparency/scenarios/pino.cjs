'use strict';
// pino: what it writes inside and outside of a request, children, serializers, redaction, transports.
const http = require('node:http');
const pino = require('pino');

const fixed = { base: undefined, timestamp: false };

exports.modules = ['pino'];
/** Trace ids in records of a request are what the pino instrumentation is for; see the list of known differences. */
exports.run = async (t) => {
  const lines = [];
  const sink = { write: (line) => lines.push(line) };
  const logger = pino(
    {
      ...fixed,
      level: 'trace',
      redact: ['secret'],
      serializers: { mine: (value) => `<${value}>` },
      mixin: () => ({ mixed: true }),
    },
    sink,
  );
  t.note('logger', [
    logger.constructor.name,
    Object.keys(logger),
    logger.info.length,
    logger.level,
    logger.isLevelEnabled('trace'),
    logger.bindings(),
  ]);
  logger.info('text');
  logger.info({ a: 1, secret: 'x', mine: 2 }, 'object %s', 'formatted');
  logger.error(new TypeError('message'));
  logger.child({ component: 'c' }, { level: 'warn' }).warn('child');
  logger.fatal({ err: Object.assign(new Error('err'), { code: 'E' }) });
  logger.silent('nothing');
  const circular = {};
  circular.self = circular;
  logger.info(circular);
  const server = http.createServer((_request, response) => {
    logger.info('in a request');
    logger.child({ child: 1 }).info('child in a request');
    response.end();
  });
  const port = await t.listen(server);
  await new Promise((resolve) =>
    http.get({ host: '127.0.0.1', port, agent: false }, (response) => response.resume().on('end', resolve)),
  );
  await new Promise((resolve) => server.close(resolve));
  const stack = /"stack":"[^"]*"/g;
  t.note(
    'lines',
    lines.map((line) => line.replace(stack, '"stack":"..."')),
  );
  await t.attempt('bad level', () => pino({ level: 'nonsense' }));
  await t.attempt('bad transport', () => pino({ transport: { target: 'not-there' } }));
  const multi = [];
  const many = pino(
    fixed,
    pino.multistream([
      { stream: { write: (line) => multi.push(['info', line]) } },
      { level: 'error', stream: { write: (line) => multi.push(['error', line]) } },
    ]),
  );
  many.info('one');
  many.error('two');
  t.note('multistream', multi);
  t.note('symbols', [Object.keys(pino.symbols), pino.levels, pino.version === pino.pino.version]);
  pino(fixed, pino.destination({ dest: 1, sync: true })).info('to stdout');
  const transported = pino({ ...fixed, transport: { target: 'pino/file', options: { destination: 1 } } });
  transported.info('through a transport');
  await new Promise((resolve) => transported.flush(resolve));
};

exports.crashes = {
  'fatal and exit': () => {
    pino(fixed).fatal('the end');
    process.exit(2);
  },
};
