/**
 * Real HTTP applications: whole traces, equal on every Node.js, for every preload and module system.
 */
import t from 'tap';
import { createCertificates } from '../helpers/certificates.js';
import { caseOf, testEverywhere } from '../helpers/libraries.js';
import { isAtLeast, type NodeBinary, nodeBinaries } from '../helpers/node-versions.js';
import { type Scenario, testScenario } from '../helpers/scenario.js';
import { CALLS } from '../libraries/calls.js';

const ONE_PRELOAD = { forms: ['cjs', 'mjs'], hasAllPreloads: false };

/** The permission model, where it is no experiment any more, forbids threads. */
const WITHOUT_WORKERS = {
  forms: ['cjs'],
  hasAllPreloads: false,
  warning: /^trace-agent warn TA3026: no worker thread can be had .*\n/m,
  nodes: nodeBinaries().filter((node) => isAtLeast(node, 22, 15)),
  execArgv: (node: NodeBinary) => [
    '--permission',
    '--allow-fs-read=*',
    ...(isAtLeast(node, 25, 0) ? ['--allow-net'] : []),
  ],
};

const HTTP: Scenario = caseOf(CALLS, 'http').scenario;

testScenario(t, HTTP);
// Exported over HTTP/2, and on the application's own thread: the exporter uses the modules that the application has
// patched, and none of what it does shows.
testScenario(t, { ...HTTP, ...ONE_PRELOAD, protocol: 'grpc' });
testScenario(t, { ...HTTP, ...WITHOUT_WORKERS });
testScenario(t, { ...HTTP, ...WITHOUT_WORKERS, protocol: 'grpc' });

t.test('https', async (t) => {
  const { files } = await createCertificates();
  testEverywhere(t, caseOf(CALLS, 'https'), {
    TEST_CA_FILE: files.ca,
    TEST_CERTIFICATE_FILE: files.serverCert,
    TEST_KEY_FILE: files.serverKey,
  });
});

testEverywhere(t, caseOf(CALLS, 'fetch, undici'));
