'use strict';
// Loads express, pg, ioredis and grpc-js, listens and exits.
require('./report.cjs');
const express = require('express');
const { Pool } = require('pg');
const Redis = require('ioredis');
const grpc = require('@grpc/grpc-js');

if ([Pool, Redis, grpc.Server].some((part) => typeof part !== 'function')) throw new Error('a library is not whole');
const app = express();
app.get('/', (_request, response) => void response.send('hello'));
app.listen(0, '127.0.0.1', () => process.exit(0));
