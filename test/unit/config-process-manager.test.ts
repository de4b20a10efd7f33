import t from 'tap';
import { loadConfig } from '../../src/config/config.js';

const CONTAINER = '/app/node_modules/pm2/lib/ProcessContainer.js';

t.test('in PM2 cluster mode the settings of the application are in a variable of PM2', async (t) => {
  const pm2 = { pm_exec_path: '/app/server.js', OTEL_SERVICE_NAME: 'of the application', instances: 2, env: {} };
  const env = { OTEL_SERVICE_NAME: 'of the daemon', OTEL_BSP_SCHEDULE_DELAY: '77', pm2_env: JSON.stringify(pm2) };
  const { config, entryFile } = loadConfig(env, { cwd: '/', entry: CONTAINER });
  t.equal(entryFile, '/app/server.js');
  t.equal(config.serviceName, 'of the application');
  t.equal(config.batch.scheduledDelayMillis, 77, 'what only the daemon has stays');
});

t.test('in PM2 fork mode the environment is complete and the entry is in it', async (t) => {
  const entry = '/app/node_modules/pm2/lib/ProcessContainerFork.js';
  const loaded = loadConfig({ pm_exec_path: '/app/server.js', OTEL_SERVICE_NAME: 'shop' }, { cwd: '/', entry });
  t.match(loaded, { entryFile: '/app/server.js', config: { serviceName: 'shop' } });
});

t.test('what PM2 left in the environment means nothing elsewhere, and nonsense does no harm', async (t) => {
  const env = { pm_exec_path: '/app/server.js', pm2_env: '{"OTEL_SERVICE_NAME":"stale"}' };
  t.match(loadConfig(env, { cwd: '/', entry: '/app/job.js' }), {
    entryFile: '/app/job.js',
    config: { serviceName: undefined },
  });
  for (const pm2_env of ['', 'no json', 'null', '[]', '7']) {
    t.equal(loadConfig({ pm2_env }, { cwd: '/', entry: CONTAINER }).entryFile, CONTAINER, pm2_env);
  }
  t.equal(loadConfig({}, { cwd: '/' }).entryFile, undefined);
});
