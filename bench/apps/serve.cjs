'use strict';
// The measured process's conversation with the bench over IPC: says where it serves, answers questions about itself,
// ends when told to. The load, the databases and the collector are in other processes.
const probe = require('./probe.cjs');

/** The bench is gone: nobody will end this process. */
const orphaned = () => process.exit(1);

/** Ends as an application does: everything closed, the event loop runs empty, agents see a natural end. */
function end(app) {
  process.off('disconnect', orphaned);
  app.close();
  process.disconnect();
}

exports.serve = async (start) => {
  process.on('disconnect', orphaned);
  const app = await start(JSON.parse(process.argv[3] ?? '{}'));
  process.on('message', ({ question, ...options }) => {
    if (question === 'end') return end(app);
    Promise.resolve(probe[question](options)).then((answer) => process.send(answer));
  });
  process.send({ port: app.port });
};
