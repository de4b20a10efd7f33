// Loads express, pg, ioredis and grpc-js, listens and exits, as ES module.
import './report.cjs';
import grpc from '@grpc/grpc-js';
import express from 'express';
import Redis from 'ioredis';
import pg from 'pg';

if ([pg.Pool, Redis, grpc.Server].some((part) => typeof part !== 'function')) throw new Error('a library is not whole');
const app = express();
app.get('/', (_request, response) => void response.send('hello'));
app.listen(0, '127.0.0.1', () => process.exit(0));
