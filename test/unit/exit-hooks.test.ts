import t from 'tap';
import { mayNeverEnd } from '../../src/lifecycle/exit-hooks.js';

t.test('the releases of Node.js that may never end', async (t) => {
  const ending = ['18.20.3', '18.20.8', '20.12.0', '20.20.2', '21.6.0', '22.0.0', '24.5.0'];
  const endless = ['18.19.0', '18.19.1', '18.20.2', '20.6.0', '20.11.1', '21.5.0'];
  t.strictSame([...ending, ...endless].filter(mayNeverEnd), endless);
});
