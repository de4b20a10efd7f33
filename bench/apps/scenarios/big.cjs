'use strict';
// express with pg, ioredis and grpc-js loaded, as at the start of a middle-sized service; used for request 1.
require('pg');
require('ioredis');
require('@grpc/grpc-js');
const { createExpress } = require('../express-app.cjs');
const { listen } = require('../listen.cjs');

exports.start = () => listen(createExpress((_request, response) => void response.send('hello')));
