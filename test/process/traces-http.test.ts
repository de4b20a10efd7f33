/**
 * Real HTTP applications: whole traces, equal on every Node.js, for every preload and module system.
 */
import t from 'tap';
import { createCertificates } from '../helpers/certificates.js';
import { testScenario } from '../helpers/scenario.js';

testScenario(t, {
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
});

t.test('https', async (t) => {
  const { files } = await createCertificates();
  testScenario(t, {
    name: 'https',
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
