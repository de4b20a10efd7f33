'use strict';
// A process that does nothing.
require('./report.cjs');
