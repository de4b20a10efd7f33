'use strict';
// express: three middlewares, a route with a parameter.
const { createExpress } = require('../express-app.cjs');
const { listen } = require('../listen.cjs');

exports.start = () => listen(createExpress((_request, response) => void response.send('hello')));
