'use strict';
// The measured process. Arguments: scenario, JSON with the ports of the peer's stubs.
const { join } = require('node:path');
const { serve } = require('./serve.cjs');

serve(require(join(__dirname, 'scenarios', `${process.argv[2]}.cjs`)).start);
