/** A handler of messages that returns a promise: whoever handles its rejection, or does not, finds what it found bare. */
import t from 'tap';
import { runApp } from '../helpers/run-app.js';

t.test('a rejection is unhandled only where nobody handles it', async (t) => {
  const app = runApp({ preload: 'none', file: 'deliveries/handled.cjs' });
  t.match(await app.exited, { code: 0 }, { stderr: app.stderr() });
  t.strictSame(JSON.parse(app.stdout()), { ended: ['fine', 'kept', 'nobody'], unhandled: ['nobody'] });
  t.equal(app.stderr(), '');
});
