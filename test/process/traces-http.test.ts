/**
 * Real HTTP applications: whole traces, equal on every Node.js, for every preload and module system.
 */
import t from 'tap';
import { createCertificates } from '../helpers/certificates.js';
import { isAtLeast, type NodeBinary, nodeBinaries } from '../helpers/node-versions.js';
import { type Scenario, testScenario } from '../helpers/scenario.js';

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

const HTTP: Scenario = {
  name: 'http',
  forms: ['cjs', 'mjs', 'dynamic.cjs', 'bare-name.mjs'],
  hasAllPreloads: true,
  traces: `
    app CLIENT GET                # hello, on a connection that the next five share
      app SERVER GET

    app CLIENT POST               # items
      app SERVER POST

    app CLIENT GET ERROR          # 404: an error to the client, not to the server
      app SERVER GET

    app CLIENT GET ERROR          # 500
      app SERVER GET ERROR

    app CLIENT GET                # chain: after a timer and a promise
      app SERVER GET
        app CLIENT GET
          app SERVER GET

    app CLIENT GET                # parallel
      app SERVER GET
        app CLIENT GET
          app SERVER GET
        app CLIENT GET
          app SERVER GET

    app CLIENT GET                # by URL
      app SERVER GET

    app CLIENT GET ERROR          # refused
  `,
};

testScenario(t, HTTP);
// Exported over HTTP/2, and on the application's own thread: the exporter uses the modules that the application has
// patched, and none of what it does shows.
testScenario(t, { ...HTTP, ...ONE_PRELOAD, protocol: 'grpc' });
testScenario(t, { ...HTTP, ...WITHOUT_WORKERS });
testScenario(t, { ...HTTP, ...WITHOUT_WORKERS, protocol: 'grpc' });

t.test('https', async (t) => {
  const { files } = await createCertificates();
  testScenario(t, {
    name: 'https',
    // Node.js 24 adds a hint to the message.
    normalise: { replace: [[/; if the root CA is installed locally.*$/, '']] },
    env: { TEST_CA_FILE: files.ca, TEST_CERTIFICATE_FILE: files.serverCert, TEST_KEY_FILE: files.serverKey },
    traces: `
      app CLIENT PUT              # chain
        app SERVER PUT
          app CLIENT GET
            app SERVER GET

      app CLIENT GET ERROR        # a certificate that the client refuses
    `,
  });
});

testScenario(t, {
  name: 'fetch',
  traces: `
    app CLIENT GET                # hello
      app SERVER GET

    app CLIENT POST               # items
      app SERVER POST

    app CLIENT GET ERROR          # 404
      app SERVER GET

    app CLIENT GET ERROR          # 500
      app SERVER GET ERROR

    app CLIENT GET                # chain
      app SERVER GET
        app CLIENT GET
          app SERVER GET

    app CLIENT GET ERROR          # refused
  `,
});
