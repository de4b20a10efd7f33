/**
 * Real Redis through both client libraries: one CLIENT span a command, a pipeline or a transaction, values never
 * recorded.
 */
import t from 'tap';
import { caseOf, testEverywhere } from '../helpers/libraries.js';
import { serverOrSkip } from '../helpers/servers.js';
import { DATABASES } from '../libraries/databases.js';

for (const library of ['redis', 'ioredis']) {
  t.test(library, async (t) => {
    const server = await serverOrSkip(t, 'redis');
    if (server !== undefined) testEverywhere(t, caseOf(DATABASES, library), { TEST_DATABASE_URL: server.url });
  });
}
